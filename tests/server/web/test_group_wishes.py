"""A group's pages, where people of other companies ask, and where a group elsewhere does not answer."""

from datetime import timedelta

from sqlalchemy import update

from models import actors, deliveries, groups, introductions
from models.base import now
from models.posts import receiving
from models.tables import Actor, ActorType, Delivery, DeliveryState, Group, Membership, MemberState, Visibility
from tests.server.web.browser import Browser
from tests.world import NORTHWIND, SOUTHWIND, World


async def test_GRP_2_the_owner_decides_under_members_who_is_let_in(world: World, alan: Browser, ada: Browser) -> None:
    saved = await alan.submit("/groups/alpine/settings", "/groups/alpine/settings", asks="on", vouches="on")
    assert saved.status == 303
    sven = await world.southwind.sends("sven")
    await world.southwind.joins(world.alpine, as_=sven)

    page = await alan.get("/groups/alpine/members")
    assert "Waiting to be let in" in page.words
    assert f"The first from {SOUTHWIND}: its server would begin to read this group." in page.words
    assert "Waiting to be let in" not in (await ada.get("/groups/alpine/members")).words
    sent = await alan.fill(page.form(f"/groups/alpine/members/{sven.id}/answer"), answer="yes")
    assert "They are in the group now" in (await alan.follow(sent)).words
    async with world.database.reading() as session:
        found = await groups.membership(session, world.alpine.id, sven.id)
        assert found is not None
        assert found.state is MemberState.MEMBER

    about = await ada.get("/groups/alpine/about")
    assert "Their people ask first; the owner lets them in." in about.words
    assert "The group vouches for what members of other companies did not sign." in about.words


async def test_GRP_10a_after_thirty_days_one_may_ask_a_group_elsewhere_again(world: World, ada: Browser) -> None:
    steel = await mirrored(world)
    async with world.database.writing() as session:
        wish = await groups.join(session, await session.get_one(Group, steel), by=world.ada.staff)
    page = f"/groups/steel@{NORTHWIND}"
    assert "ask again, or give up" not in (await ada.get(page)).words
    async with world.database.writing() as session:
        (await session.get_one(Membership, wish.id)).since = now() - timedelta(days=31)
    old = await ada.get(page)
    assert "That was more than 30 days ago: ask again, or give up." in old.words
    assert old.has_form(f"{page}/departure")
    assert (await ada.fill(old.form(f"{page}/membership"))).status == 303
    assert "ask again, or give up" not in (await ada.get(page)).words


async def test_GRP_10_the_author_sees_whether_the_group_elsewhere_passed_a_post_on(world: World, ada: Browser) -> None:
    steel = await mirrored(world, world.ada.id)
    async with world.database.reading() as session:
        group = await session.get_one(Group, steel)
    post = await world.ada.writes("To steel", group=group)
    assert "Sent to the group, which has not passed it on yet." in (await ada.get(f"/posts/{post.id}")).words
    async with world.database.writing() as session:
        sent = deliveries.Outgoing(
            uri=f"{post.uri}/create",
            type="Create",
            actor=await session.get_one(Actor, post.author_id),
            body=b"",
            digest="",
            inboxes=[((await session.get_one(Actor, steel)).inbox, NORTHWIND)],
            rule="group_elsewhere",
            post_id=post.id,
        )
        await deliveries.enqueue(session, sent)
        await session.execute(update(Delivery).values(state=DeliveryState.FAILED))
    assert "The group did not pass it on: its members do not have it." in (await ada.get(f"/posts/{post.id}")).words
    async with world.database.writing() as session:
        await session.execute(update(Delivery).values(state=DeliveryState.DELIVERED))
    assert "Sent to the group, which has not passed it on yet." in (await ada.get(f"/posts/{post.id}")).words
    async with world.database.writing() as session:
        (await session.get_one(type(post), post.id)).created_at = now() - timedelta(hours=25)
    assert "The group did not pass it on: its members do not have it." in (await ada.get(f"/posts/{post.id}")).words
    async with world.database.writing() as session:
        assert await receiving.receive_echo(session, post.uri, group=group)
    assert "passed it on" not in (await ada.get(f"/posts/{post.id}")).words.replace("passed it on to", "")


async def test_B2B_4_a_file_of_somebody_whom_a_group_introduced_is_said_to_stay_where_it_is(
    world: World, ada: Browser
) -> None:
    """TRUST-6: and what the group alone says of whose words they are, is said as well."""
    steel = await mirrored(world, world.ada.id)
    async with world.database.writing() as session:
        told = introductions.Introduced(
            uri="http://far.example/u/mira",
            host="far.example",
            username="mira",
            display_name="Mira",
            body=b"{}",
            is_proven=False,
        )
        mira = await introductions.introduce(session, steel, told)
        post = await receiving.receive(
            session,
            receiving.RemotePost(
                uri="http://far.example/o/1",
                url=None,
                author=mira,
                visibility=Visibility.GROUP,
                html="<p>Look</p>",
                group=await session.get_one(Group, steel),
                files=(receiving.RemoteFile(url="http://far.example/f.png", media_type="image/png"),),
            ),
        )
        assert post is not None
        post.is_vouched = True
    page = await ada.get(f"/posts/{post.id}")
    assert "This file stays with far.example." in page.words
    assert "The group says whose words these are" in page.words
    assert "f.png" not in page.html
    profile = await ada.get("/people/mira@far.example")
    assert profile.status == 200
    assert not any("follow" in form.action for form in profile.forms)


async def mirrored(world: World, *members: int) -> int:
    """A group at Northwind."""

    base = f"http://{NORTHWIND}/g/steel"
    async with world.database.writing() as session:
        told = actors.RemoteActor(
            uri=base,
            type=ActorType.GROUP,
            host=NORTHWIND,
            username="steel",
            url=base,
            inbox=f"{base}/inbox",
            is_locked=True,
        )
        actor: Actor = await actors.keep(session, told)
        await groups.keep_mirror(session, actor)
        session.add_all([Membership(group_id=actor.id, actor_id=one) for one in members])
        return actor.id
