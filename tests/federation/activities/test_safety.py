"""Flag and Block: reports from elsewhere, and keeping apart across servers."""

import pytest
from sqlalchemy import select

from federation import outbox
from models import blocks, notifications, policy, relations, reports
from models.tables import Activity, Actor, Block, Follow, Notification, NotificationType, Post, Reach, Report, Role
from tests.federation.activities.conftest import actor_of, follows, known
from tests.federation.neighbours import altered


async def sees(home, person, post_id: int) -> bool:
    async with home.database.reading() as session:
        return await session.scalar(policy.visible_posts(person.staff).where(Post.id == post_id)) is not None


async def told(home, person) -> list[NotificationType]:
    await notifications.CONSUMER.catch_up(home.database)
    rows = await home.rows(Notification)
    return [row.type for row in rows if row.account_id == person.staff.account_id]


# Flag


@pytest.mark.parametrize("form", ["list", "actor", "post", "text"])
async def test_a_report_reaches_the_admins_in_every_form(square, nora, form):
    home, ada = square.home, square.ada
    async with home.database.writing() as session:
        (await session.get_one(Actor, ada.id)).is_discoverable = True
    post = await home.alan.writes("Rude", group=square.public)
    about = square.ada_actor.uri
    object, content = {
        "list": ([about, post.uri], "See this"),
        "actor": (about, "See this"),
        "post": (post.uri, "See this"),
        "text": (f"{nora.peer.base_url}/nothing", f"Note: {about}\nSee this"),
    }[form]
    server = nora.peer.person("server", type="Application")
    assert await server.sends(home, server.does("Flag", object, content=content)) == "done: reported"
    (report,) = await home.rows(Report)
    assert report.host == nora.peer.host
    assert report.by_id is None
    assert report.about_id == (home.alan.id if form == "post" else ada.id)
    assert report.post_ids == ([post.id] if form in ("list", "post") else [])
    assert "See this" in report.text
    if form != "post":  # an admin who is reported is not told
        assert await told(home, home.alan) == [NotificationType.REPORT]
    assert NotificationType.REPORT not in await told(home, ada)


async def test_nobody_sees_a_report_but_those_in_charge(square, nora):
    home, ada = square.home, square.ada
    grace = await home.hires("grace")
    other_admin = await home.hires("edith", Role.ADMIN)
    post = await home.alan.writes("Rude", group=square.public)
    flag = nora.does("Flag", [post.uri], to=[square.public_actor.uri], content="Rude")
    assert await nora.sends(home, flag) == "done: reported"
    assert (await home.rows(Report))[0].group_id == square.public.id
    async with home.database.writing() as session:
        for person, count in ((home.alan, 0), (ada, 0), (grace, 0), (other_admin, 1)):
            assert await reports.count_open(session, person.staff) == count, person.staff.username
        (found,) = await session.scalars(reports.listed(other_admin.staff))
        assert found.by.uri == nora.id
        await reports.deal_with(session, found.id, by=other_admin.staff)
        assert await reports.count_open(session, other_admin.staff) == 0


async def test_R_71_a_report_finds_nothing_that_its_server_may_not_know_of(square, nora):
    home = square.home
    secret = await home.founds("secret", Reach.INTERNAL)
    hidden = await home.hires("henry")
    post = await home.alan.writes("Inside", group=secret)
    for object in (
        [(await home.actor(hidden.id)).uri],
        [post.uri],
        [secret_uri := (await home.actor(secret.id)).uri],
        [],
    ):
        assert await nora.sends(home, nora.does("Flag", object)) == "ignored: reports nobody here", secret_uri
    assert await home.rows(Report) == []


async def test_a_report_that_comes_twice_is_kept_once(square, nora):
    home = square.home
    flag = nora.does("Flag", square.ada_actor.uri)
    assert await nora.sends(home, flag) == "done: reported"
    assert (await nora.posts(home, flag)).status == 202
    await home.works()
    assert len(await home.rows(Report)) == 1


async def test_DISC_17_a_report_is_forwarded_in_the_name_of_the_server(square, nora):
    home = square.home
    await follows(home, home.alan, nora)
    assert await nora.sends(home, nora.does("Create", nora.note("1"))) == "done: stored"
    (post,) = [post for post in await home.posts() if not post.is_local]
    async with home.database.writing() as session:
        theirs = await actor_of(session, nora)
        await reports.report(session, theirs, by=square.ada.staff, post_ids=[post.id], text="Rude")
        await reports.report(session, theirs, by=square.ada.staff, post_ids=[post.id], text="Rude", forwards=True)
    await outbox.consumer(home.wire.keys).catch_up(home.database)
    flags = [row for row in await home.rows(Activity) if row.type == "Flag"]
    assert len(flags) == 1
    from federation.outbox.sending import document_of

    sent = document_of(flags[0])
    assert sent["actor"] == home.url("/ap/instance")
    assert sent["object"] == [nora.id, post.uri]
    assert "ada" not in flags[0].body.decode().replace(home.instance.host, "").lower()
    assert "sent Flag report" in await home.ledger()


async def test_nobody_reports_what_they_do_not_see_or_themselves(square, nora):
    home = square.home
    secret = await home.founds("secret", Reach.INTERNAL, access="closed")
    post = await home.alan.writes("Inside", group=secret)
    async with home.database.writing() as session:
        alan = await session.get_one(Actor, home.alan.id)
        with pytest.raises(reports.NotFound):
            await reports.report(session, alan, by=square.ada.staff, post_ids=[post.id])
        with pytest.raises(reports.ReportSelf):
            await reports.report(session, alan, by=home.alan.staff)


# Block


async def test_R_79_who_blocks_one_of_ours_is_kept_apart_from_them(square, nora):
    home, ada = square.home, square.ada
    await follows(home, ada, nora)
    assert await nora.sends(home, nora.does("Follow", square.ada_actor.uri)) == "done: asked to follow"
    assert await nora.sends(home, nora.does("Create", nora.note("1"))) == "done: stored"
    (post,) = [post for post in await home.posts() if not post.is_local]
    before = await told(home, ada)
    assert await sees(home, ada, post.id)

    block = nora.does("Block", square.ada_actor.uri)
    assert await nora.sends(home, block) == "done: kept apart"
    assert await home.rows(Follow) == []
    assert not await sees(home, ada, post.id)
    assert await sees(home, home.alan, post.id)
    assert await told(home, ada) == before
    async with home.database.writing() as session:
        with pytest.raises(relations.KeptApart):
            await relations.follow(session, await actor_of(session, nora), by=ada.staff)
        (stands,) = await relations.relationships(session, ada.staff, [(await actor_of(session, nora)).id])
    assert (stands.blocks, stands.blocked_by) == (False, True)

    assert await nora.sends(home, nora.does("Undo", altered(block, id=None))) == "done: kept apart no more"
    assert await sees(home, ada, post.id)


async def test_R_14_nobody_blocks_or_unblocks_for_another(square, nora, northwind):
    home = square.home
    block = nora.does("Block", square.ada_actor.uri)
    neighbour = northwind.person("neighbour", number=1)
    assert (await neighbour.posts(home, block)).status == 401
    assert await nora.sends(home, block) == "done: kept apart"
    assert (await neighbour.sends(home, neighbour.does("Undo", block))).startswith("refused: R-14")
    tuple_form = {"type": "Block", "actor": neighbour.id, "object": square.ada_actor.uri}
    assert await neighbour.sends(home, neighbour.does("Undo", tuple_form)) == "ignored: undoes nothing here"
    assert len(await home.rows(Block)) == 1


async def test_R_61_a_replayed_block_does_not_come_back(square, nora):
    home = square.home
    block = nora.does("Block", square.ada_actor.uri)
    assert await nora.sends(home, nora.does("Undo", block)) == "done: remembered"
    assert await nora.sends(home, block) == "ignored: was taken back before it came"
    assert await home.rows(Block) == []


@pytest.mark.parametrize("target", ["hidden", "group", "nobody"])
async def test_R_71_a_block_of_nobody_they_know_of_is_ignored(square, nora, target):
    home = square.home
    uri = {
        "hidden": (await home.actor((await home.hires("henry")).id)).uri,
        "group": square.public_actor.uri,
        "nobody": home.url("/ap/u/never"),
    }[target]
    assert await nora.sends(home, nora.does("Block", uri)) == "ignored: blocks nobody here"
    assert await home.rows(Block) == []


async def test_R_79_whom_one_of_ours_blocks_reaches_them_no_more(square, nora):
    home, ada = square.home, square.ada
    async with home.database.writing() as session:
        (await session.get_one(Actor, ada.id)).is_locked = False
    await known(home, nora)
    assert await nora.sends(home, nora.does("Follow", square.ada_actor.uri)) == "done: asked to follow"
    post = await ada.writes("For all", group=await joined(home, ada, square.public))
    assert (await nora.gets(home, post.uri)).status == 200
    async with home.database.writing() as session:
        await blocks.block(session, await actor_of(session, nora), by=ada.staff)
    assert await home.rows(Follow) == []
    assert (await nora.gets(home, post.uri)).status == 404
    assert (await nora.gets(home, square.ada_actor.uri)).status == 404
    assert (await nora.sends(home, nora.does("Follow", square.ada_actor.uri))).startswith("refused: R-71")
    assert await nora.sends(home, nora.does("Like", post.uri)) == "ignored: is nothing that they may see"
    reply = nora.note("1", inReplyTo=post.uri, cc=[square.ada_actor.uri, square.public_actor.uri])
    assert await nora.sends(home, nora.does("Create", reply)) == "ignored: answers nothing that they may see"
    mention = nora.note(
        "2", cc=[square.ada_actor.uri], tag=[{"type": "Mention", "href": square.ada_actor.uri, "name": "@ada"}]
    )
    before = await told(home, ada)
    await nora.sends(home, nora.does("Create", mention))
    assert await told(home, ada) == before
    await outbox.consumer(home.wire.keys).catch_up(home.database)
    assert "Block" not in [row.type for row in await home.rows(Activity)]
    assert "Reject" in [row.type for row in await home.rows(Activity)]
    async with home.database.reading() as session:
        rows = (await session.scalars(select(Block))).all()
    assert [(row.actor_id, row.uri) for row in rows] == [(ada.id, "")]


async def joined(home, person, group):
    await person.joins(group)
    return group
