"""What people say and do outside groups: posts, thanks, following, joining, profiles; and the gate's second look."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from federation import collections
from federation.vocabulary import PUBLIC
from models import actors, featured, groups, journal, partners, policy, reactions, relations
from models.base import now
from models.posts import receiving, writing
from models.tables import (
    EVERYBODY,
    Access,
    Actor,
    Delivery,
    DeliveryState,
    Dialect,
    Follow,
    Group,
    Level,
    MemberRole,
    Membership,
    Outcome,
    Post,
    Reach,
    Visibility,
)
from models.viewers import ANONYMOUS
from tests.federation.office import (
    a_post_from,
    actor_of,
    approved,
    delivered,
    departures,
    group_elsewhere,
    lines,
    outsider,
)
from tests.federation.receiver import quick_keys
from tests.world import EASTWIND, MALLORY, NORTHWIND, SOUTHWIND, take_in


@pytest.fixture(autouse=True)
def _stock(monkeypatch):
    quick_keys(monkeypatch)


# Posts outside groups


async def followed(world, person, host, username="fan", *, shared=True):
    follower = await outsider(world.database, host, username, shared=shared)
    async with world.database.writing() as session:
        session.add(Follow(follower_id=follower.id, followee_id=person.id, uri=f"{follower.uri}/f", accepted_at=now()))
    return follower


async def publish(world, post, visibility):
    async with world.database.writing() as session:
        found = await session.get_one(Post, post.id)
        found.visibility, found.reach, found.published_revision = visibility, Reach.PUBLIC, 1
        journal.record(session, journal.PostReleased(post.id, 1))


@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.UNLISTED, Visibility.FOLLOWERS], ids=str)
async def test_ADR_5_followers_of_one_server_share_a_delivery(world, office, visibility):
    """The followers are those stored here (ADR-6)."""
    for name in ("one", "two", "three"):
        await followed(world, world.ada, NORTHWIND, name)
    await followed(world, world.ada, SOUTHWIND, "alone", shared=False)

    await publish(world, await world.ada.writes("Out"), visibility)

    sent = await office.sends()
    assert sorted(one.inbox for one in sent) == [
        f"http://{NORTHWIND}/inbox",
        f"http://{SOUTHWIND}/u/alone/inbox",
    ]
    assert {one.form for one in sent} == {"Create"}
    expected = {NORTHWIND, SOUTHWIND} if visibility is Visibility.FOLLOWERS else {EVERYBODY}
    assert await office.knows(world.ada.id) == expected


async def test_ADR_5_a_direct_message_goes_to_personal_inboxes(world, office):
    post = await world.ada.writes(f"You @nora@{NORTHWIND}", visibility=Visibility.DIRECT)

    (sent,) = await office.sends()

    assert sent.inbox == world.nora.inbox
    assert sent.document["to"] == [world.nora.uri]
    assert (await lines(world))[-1].rule == "direct"
    assert await departures(world, post) == {(NORTHWIND, 1)}


async def test_a_direct_message_among_colleagues_sends_nothing(world, office):
    await world.ada.tells(world.joan)

    assert await office.sends() == []


async def test_a_boost_is_announced_by_its_id_and_taken_back(world, office):
    await followed(world, world.joan, NORTHWIND)
    post = await world.ada.writes("Out")
    await publish(world, post, Visibility.PUBLIC)
    async with world.database.writing() as session:
        boost = Post(
            uri=world.database.instance.mint("x"),
            author_id=world.joan.id,
            visibility=Visibility.PUBLIC,
            reach=Reach.PUBLIC,
            boost_of_id=post.id,
            published_revision=1,
        )
        session.add(boost)
        await session.flush()
        journal.record(session, journal.PostReleased(boost.id, 1))

    (sent,) = await office.sends()
    assert sent.form == "Announce{id}"
    assert sent.document["object"] == post.uri
    assert sent.document["id"] == boost.uri
    await delivered(world)
    async with world.database.writing() as session:
        await writing.unboost(session, post.id, by=world.joan.staff)

    (undo,) = await office.sends()
    assert undo.form == "Undo{Announce}"
    assert undo.document["object"]["id"] == boost.uri


async def test_a_boost_in_a_public_group_leaves_where_what_people_make_public_does(world, office, monkeypatch):
    market = await world.ada.founds("market", reach=Reach.PUBLIC, access=Access.OPEN)
    ours = await world.ada.writes("Offers", group=market)
    await followed(world, world.joan, NORTHWIND)
    await office.sends()
    await delivered(world)
    await world.joan.boosts(ours)
    assert await office.sends() == []

    async with world.database.writing() as session:
        await writing.unboost(session, ours.id, by=world.joan.staff)
    monkeypatch.setattr(world.database, "instance", replace(world.database.instance, clients_public_leaves=True))
    boost = await world.joan.boosts(ours)
    (sent,) = await office.sends()
    assert (sent.form, sent.host, sent.document["object"]) == ("Announce{id}", NORTHWIND, ours.uri)
    assert PUBLIC in sent.document["to"]
    assert sent.document["id"] == boost.uri
    assert await departures(world, boost) == {(NORTHWIND, 1)}
    assert ("Announce", NORTHWIND) in {(line.what, host) for line in await lines(world) for host in line.hosts}


async def test_R_17_a_boost_inside_the_reach_sends_nothing(world, office):
    """What is internal is not passed on by boosting it (L13)."""
    post = await approved(world)
    await office.sends()
    await world.alan.boosts(post)

    assert await office.sends() == []


# Thanks


async def test_thanks_go_to_whose_post_it_is_and_can_be_taken_back(world, office):
    post = await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    await office.sends()
    await world.ada.likes(post)

    (sent,) = await office.sends()
    assert (sent.inbox, sent.form) == (world.nora.inbox, "Like")
    assert sent.document["object"] == post.uri
    assert await office.knows(world.ada.id) == {NORTHWIND}
    await delivered(world)
    async with world.database.writing() as session:
        await reactions.unlike(session, post.id, by=world.ada.staff)

    (undo,) = await office.sends()
    assert undo.form == "Undo{Like}"
    assert undo.document["object"]["id"] == sent.document["id"]


async def test_thanks_taken_back_before_they_left_are_never_heard_of(world, office):
    post = await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    await office.sends()
    await world.ada.likes(post)
    await office.sends()
    async with world.database.writing() as session:
        await reactions.unlike(session, post.id, by=world.ada.staff)

    assert await office.sends() == []


async def test_thanks_among_colleagues_stay_in_the_house(world, office):
    post = await approved(world)
    await office.sends()
    await world.alan.likes(post)

    assert await office.sends() == []
    assert await office.knows(world.alan.id) == set()


async def test_thanks_for_a_post_of_a_group_elsewhere_go_to_the_group_too(world, office):
    group = await group_elsewhere(world.database, NORTHWIND, "steel", world.ada.id)
    author = await outsider(world.database, SOUTHWIND, "sven")
    async with world.database.writing() as session:
        told = receiving.RemotePost(
            uri=f"http://{SOUTHWIND}/o/1",
            url=None,
            author=await session.get_one(Actor, author.id),
            visibility=Visibility.GROUP,
            html="Hi",
            group=await session.get_one(Group, group.id),
        )
        post = await receiving.receive(session, told)
    await world.ada.likes(post)

    assert sorted(await office.forms()) == [(NORTHWIND, "Like"), (SOUTHWIND, "Like")]


# Following and joining


async def test_a_wish_to_follow_goes_to_whom_it_is_about_and_can_be_withdrawn(world, office):
    async with world.database.writing() as session:
        nora = await session.get_one(Actor, world.nora.id)
        follow = await relations.follow(session, nora, by=world.ada.staff)

    (sent,) = await office.sends()
    assert (sent.inbox, sent.form) == (world.nora.inbox, "Follow")
    assert sent.document["id"] == follow.uri
    assert sent.document["object"] == world.nora.uri
    await delivered(world)
    async with world.database.writing() as session:
        await relations.unfollow(session, await session.get_one(Actor, world.nora.id), by=world.ada.staff)

    (undo,) = await office.sends()
    assert undo.form == "Undo{Follow}"
    assert undo.document["object"]["id"] == follow.uri


async def test_a_wish_withdrawn_before_it_left_is_never_heard_of(world, office):
    async with world.database.writing() as session:
        await relations.follow(session, await session.get_one(Actor, world.nora.id), by=world.ada.staff)
    await office.sends()
    async with world.database.writing() as session:
        await relations.unfollow(session, await session.get_one(Actor, world.nora.id), by=world.ada.staff)

    assert await office.sends() == []


async def asks_to_follow(world, person):
    async with world.database.writing() as session:
        await actors.disclose(session, person.id, [NORTHWIND])
        nora = await session.get_one(Actor, world.nora.id)
        return await relations.receive_follow(
            session, by=nora, followee=await session.get_one(Actor, person.id), uri=f"{nora.uri}/follows/1"
        )


async def test_GRP_3_an_accept_goes_to_the_personal_inbox_with_the_complete_follow(world, office):
    await asks_to_follow(world, world.ada)

    (sent,) = await office.sends()

    assert (sent.inbox, sent.form) == (world.nora.inbox, "Accept{Follow}")
    follow = sent.document["object"]
    assert follow["id"] == f"{world.nora.uri}/follows/1"
    assert (follow["actor"], follow["object"]) == (world.nora.uri, sent.document["actor"])


@pytest.mark.parametrize(("dialect", "waits"), [(Dialect.UNKNOWN, True), (Dialect.FORUM, False)], ids=str)
async def test_an_answer_waits_a_moment_for_servers_that_might_miss_it(world, office, dialect, waits):
    await office.speaks(NORTHWIND, dialect)
    before = now()
    await asks_to_follow(world, world.ada)
    await office.sends()

    async with world.database.reading() as session:
        first = await session.scalar(select(Delivery.next_attempt_at).order_by(Delivery.id.desc()))
    assert (first - before >= timedelta(seconds=1)) is waits


async def test_many_followers_are_answered_together_each_for_themselves(world, office):
    fans = [
        await outsider(world.database, host, f"fan{number}")
        for number, host in enumerate((NORTHWIND, SOUTHWIND, MALLORY, NORTHWIND))
    ]
    before = len(await lines(world))
    async with world.database.writing() as session:
        for fan in fans[:2]:
            await _follows(session, fan, world.ada)
        await relations.follow(session, await session.get_one(Actor, world.nora.id), by=world.grace.staff)
        for fan in fans[2:]:
            await _follows(session, fan, world.ada)

    sent = await office.sends()

    assert [(one.inbox, one.document.get("object")) for one in sent if one.form == "Follow"] == [
        (world.nora.inbox, world.nora.uri)
    ]
    assert [(one.inbox, one.form) for one in sent] == [
        (fans[0].inbox, "Accept{Follow}"),
        (fans[1].inbox, "Accept{Follow}"),
        (world.nora.inbox, "Follow"),
        (fans[3].inbox, "Accept{Follow}"),
    ]
    assert [one.document["object"]["id"] for one in sent if one.form == "Accept{Follow}"] == [
        f"{fan.uri}/f" for fan in fans if fan.host != MALLORY
    ]
    told = [(line.outcome, line.hosts, line.object_uri) for line in (await lines(world))[before:]]
    assert told == [
        (Outcome.SENT, [NORTHWIND], f"{fans[0].uri}/f"),
        (Outcome.SENT, [SOUTHWIND], f"{fans[1].uri}/f"),
        (Outcome.SENT, [NORTHWIND], world.nora.uri),
        (Outcome.STOPPED, [MALLORY], f"{fans[2].uri}/f"),
        (Outcome.SENT, [NORTHWIND], f"{fans[3].uri}/f"),
    ]
    assert await office.knows(world.ada.id) == {NORTHWIND, SOUTHWIND}


async def _follows(session, fan, person):
    found = Follow(follower_id=fan.id, followee_id=person.id, uri=f"{fan.uri}/f", accepted_at=now())
    session.add(found)
    await session.flush()
    journal.record(session, journal.FollowAsked(found.id))
    journal.record(session, journal.FollowAccepted(found.id))


async def test_a_refused_follower_is_told(world, office):
    async with world.database.writing() as session:
        (await session.get_one(Actor, world.ada.id)).is_locked = True
    await asks_to_follow(world, world.ada)
    assert await office.sends() == []
    async with world.database.writing() as session:
        await relations.answer_request(session, world.nora.id, by=world.ada.staff, accepted=False)

    (sent,) = await office.sends()
    assert (sent.inbox, sent.form) == (world.nora.inbox, "Reject{Follow}")


async def test_whoever_joins_from_elsewhere_is_welcomed_by_the_group(world, office):
    sven = await world.southwind.sends("sven")
    member = await world.southwind.joins(world.alpine, as_=sven)

    (sent,) = await office.sends()
    place = await actor_of(world, world.alpine)
    assert (sent.inbox, sent.form) == (sven.inbox, "Accept{Follow}")
    assert sent.document["actor"] == place.uri
    assert sent.document["object"] == {"id": member.uri, "type": "Follow", "actor": sven.uri, "object": place.uri}


async def test_colleagues_who_join_a_group_of_ours_send_nothing(world, office):
    await take_in(world.database, world.alan, world.alpine, world.joan)

    assert await office.sends() == []


async def test_a_wish_to_join_a_group_elsewhere_is_a_follow_of_it(world, office):
    group = await group_elsewhere(world.database, NORTHWIND, "steel")
    place = await actor_of(world, group)
    member = await world.ada.joins(group)

    (sent,) = await office.sends()
    assert (sent.inbox, sent.form, sent.document["id"]) == (place.inbox, "Follow", member.uri)
    await delivered(world)
    await world.ada.leaves(group)

    (undo,) = await office.sends()
    assert (undo.inbox, undo.form) == (place.inbox, "Undo{Follow}")
    assert undo.document["object"]["object"] == place.uri


async def test_GRP_17_whoever_is_removed_from_a_group_is_told(world, office):
    async with world.database.writing() as session:
        group = await session.get_one(Group, world.alpine.id)
        await groups.remove(session, group, world.nora.id, by=world.alan.staff)

    (sent,) = await office.sends()
    assert (sent.inbox, sent.form) == (world.nora.inbox, "Reject{Follow}")
    assert sent.document["object"]["object"] == sent.document["actor"]


# Profiles


async def test_a_changed_group_is_told_to_its_members(world, office):
    async with world.database.writing() as session:
        group = await session.get_one(Group, world.alpine.id)
        await groups.describe(
            session, group, by=world.alan.staff, name="Alpine two", purpose="New", access=Access.CLOSED
        )

    (sent,) = await office.sends()
    assert (sent.host, sent.form) == (NORTHWIND, "Update")
    update = sent.document
    assert update["object"]["name"] == "Alpine two"
    assert update["to"] == [f"{update['actor']}/followers"]
    assert "@context" not in update["object"]


async def test_a_changed_profile_is_told_only_where_the_person_is_known(world, office):
    await rename(world, "Ada L.")
    assert await office.sends() == []
    await approved(world)
    await office.sends()

    await rename(world, "Ada Lovelace")

    (sent,) = await office.sends()
    assert (sent.host, sent.form) == (NORTHWIND, "Update")
    assert sent.document["object"]["name"] == "Ada Lovelace"


async def rename(world, name):
    async with world.database.writing() as session:
        await actors.change_profile(session, by=world.ada.staff, display_name=name)


async def test_an_internal_group_tells_nobody_of_its_changes(world, office):
    group = await world.ada.founds("inner")
    async with world.database.writing() as session:
        found = await session.get_one(Group, group.id)
        await groups.describe(session, found, by=world.ada.staff, name="Secret", purpose="", access=Access.OPEN)

    assert await office.sends() == []


# The gate's second look


async def test_a_company_that_is_no_partner_gets_nothing_and_the_ledger_says_so(world, office):
    await followed(world, world.ada, MALLORY)
    await followed(world, world.ada, EASTWIND)

    await publish(world, await world.ada.writes("Out"), Visibility.FOLLOWERS)

    assert await office.sends() == []
    line = (await lines(world))[-1]
    assert (line.outcome, line.rule, line.hosts) == (Outcome.STOPPED, "not_a_partner", sorted([EASTWIND, MALLORY]))
    assert await office.knows(world.ada.id) == set()


async def test_a_suspended_partner_gets_no_post_of_its_group(world, office):
    async with world.database.writing() as session:
        await partners.suspend(session, NORTHWIND)
    await office.sends()

    await approved(world)

    assert await office.sends() == []


async def test_an_agreement_that_ended_ends_what_is_queued_for_its_group(world, office):
    await approved(world)
    await office.sends()
    async with world.database.writing() as session:
        partner = await session.scalar(partners.listed().where(partners.Partner.host == NORTHWIND))
        await partners.end_agreement(session, partner, await session.get_one(Group, world.alpine.id))

    assert (NORTHWIND, "Create", DeliveryState.CANCELLED) in await office.queue()
    assert await office.forms() == [(NORTHWIND, "Reject{Follow}")]


async def test_a_level_changes_nothing_about_who_gets_a_post(world, office):
    async with world.database.writing() as session:
        await partners.admit(session, NORTHWIND, levels={"alpine": Level.READ})
    await approved(world)

    assert await office.forms() == [(NORTHWIND, "Announce{Create}")]


async def test_a_batch_that_is_read_twice_sends_once(world, office):
    await approved(world)
    first = await office.sends()

    again = await office.sends()

    assert len(first) == 1
    assert again == []


async def test_a_gatekeepers_role_is_nobodys_business_outside(world, office):
    async with world.database.writing() as session:
        await groups.set_role(
            session,
            await session.get_one(Group, world.alpine.id),
            world.ada.id,
            MemberRole.GATEKEEPER,
            by=world.alan.staff,
        )
        assert await session.scalar(select(Membership.role).where(Membership.actor_id == world.ada.id)) is not None

    assert await office.sends() == []


# What stands on top of a profile


async def pins(world, post, *, is_pinned=True):
    async with world.database.writing() as session:
        await (featured.pin if is_pinned else featured.unpin)(session, post.id, by=world.ada.staff)


async def on_top(world, viewer):
    async with world.database.reading() as session:
        actor = await session.get_one(Actor, world.ada.id)
        found = await collections.of_actor(session, viewer, actor, "featured", url="x", query={})
    return found["orderedItems"]


async def test_COL_5_followers_are_told_what_stands_on_top_of_a_profile_when_everybody_may_read_it(world, office):
    await followed(world, world.ada, NORTHWIND)
    public = await world.ada.writes("Out")
    await publish(world, public, Visibility.PUBLIC)
    await office.sends()

    await pins(world, public)
    [add] = await office.sends()
    ada = await actor_of(world, Group(id=world.ada.id))
    assert (add.host, add.document["type"]) == (NORTHWIND, "Add")
    assert (add.document["object"], add.document["target"]) == (public.uri, ada.featured_uri)
    assert await on_top(world, ANONYMOUS) == [public.uri]

    await pins(world, public, is_pinned=False)
    [remove] = await office.sends()
    assert (remove.document["type"], remove.document["object"]) == ("Remove", public.uri)
    assert await on_top(world, ANONYMOUS) == []


async def test_L9_what_stays_in_the_house_is_named_in_no_list_outside(world, office):
    await followed(world, world.ada, NORTHWIND)
    inside = await world.ada.writes("Inside")
    held = await world.ada.writes("Figures", group=world.alpine)
    await office.sends()

    for post in (inside, held):
        await pins(world, post)

    assert await office.sends() == []
    async with world.database.reading() as session:
        northwind = await policy.remote_viewer(session, NORTHWIND)
    assert await on_top(world, northwind) == await on_top(world, ANONYMOUS) == []
    await world.grace.approves(held)
    assert await on_top(world, northwind) == [held.uri]
    assert await on_top(world, ANONYMOUS) == []
