"""A group that speaks itself: what members on microblogs read of a partner group, and what they answer (GRP-16)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from federation.documents.post import gather, render_leaving
from federation.documents.post.copies import gather_copy, render_copy
from federation.vocabulary import PUBLIC
from models import copies, partners, polls
from models.polls import PollDraft
from models.posts import reading
from models.tables import Actor, Copy, Dialect, Group, Level, Post, Reach
from tests.federation.beginnings import OFFICE
from tests.federation.office import (
    BLOG,
    FORUM,
    Office,
    a_post_from,
    actor_of,
    approved,
    delivered,
    departures,
    lines,
    outsider,
)
from tests.federation.receiver import quick_keys
from tests.templates import Template
from tests.world import NORTHWIND, Outsider, World

LUNCH = PollDraft(options=("Soup", "Salad"), lasts=timedelta(hours=1))


async def _with_masha(database):
    async with database.writing() as session:
        await partners.admit(session, BLOG, levels={"alpine": Level.COMMENT}, copies=["alpine"], name="Blog GmbH")
    member = await outsider(database, BLOG, "masha")
    await Outsider(database, BLOG).joins((await World.met(database)).alpine, as_=member)
    with pytest.MonkeyPatch.context() as patch:
        quick_keys(patch)
        await Office.opened(database)


BEGINNINGS = {"masha": Template("masha", _with_masha, after=OFFICE)}


@pytest.fixture
async def masha(world, office):
    """A member of alpine whose server reads copies."""
    async with world.database.reading() as session:
        return (await session.scalars(select(Actor).where(Actor.host == BLOG))).one()


def to_blog(sent):
    [one] = [one for one in sent if one.host == BLOG]
    return one.document


async def test_GRP_16_the_group_says_itself_who_wrote_what_to_its_own_followers(world, office, masha):
    post = await approved(world, "Price **list**", title="Steel", language="de")
    sent = await office.sends()

    assert [(one.host, one.form) for one in sent] == [(NORTHWIND, "Announce{Create}"), (BLOG, "Create")]
    place = await actor_of(world, world.alpine)
    create = to_blog(sent)
    note = create["object"]
    assert create["actor"] == note["attributedTo"] == place.uri
    assert (create["to"], note["to"], note["cc"]) == ([place.followers_uri], [place.followers_uri], [])
    assert note["type"] == "Note"
    assert note["id"] not in (post.uri, place.uri)
    assert note["content"].startswith("<p>Ada (@ada@lovelace.localhost:8001) schrieb:</p><p><strong>Steel</strong></p>")
    assert "<strong>list</strong>" in note["content"]
    assert PUBLIC not in str(create)
    assert "audience" not in note


async def test_GRP_16_each_copy_that_leaves_is_a_line_in_the_ledger(world, office, masha):
    post = await approved(world)
    note = to_blog(await office.sends())["object"]

    [line] = [line for line in await lines(world) if line.hosts == [BLOG] and line.what == "Create"]
    assert (line.object_uri, line.post_id, line.rule, line.approved_by) == (note["id"], post.id, "gate", "grace")
    assert await departures(world, post) == {(NORTHWIND, 1), (BLOG, 1)}
    assert BLOG in await office.knows(world.ada.id)


async def test_GRP_16_what_waits_at_the_gate_is_not_copied(world, office, masha):
    await world.ada.writes("Not yet", group=world.alpine)

    assert await office.sends() == []
    async with world.database.reading() as session:
        assert await session.get(Copy, 1) is None


async def test_GRP_16_a_change_and_a_withdrawal_arrive_at_the_copy(world, office, masha):
    post = await approved(world, "First")
    note = to_blog(await office.sends())["object"]
    await delivered(world)
    await world.ada.edits(post, "Second")
    assert [one for one in await office.sends() if one.host == BLOG] == []  # only what the gate let go
    await world.grace.approves(post)

    update = to_blog(await office.sends())
    assert (update["type"], update["object"]["id"]) == ("Update", note["id"])
    assert "Second" in update["object"]["content"]
    assert update["object"]["updated"]
    await delivered(world)
    await world.ada.deletes(post)

    delete = to_blog(await office.sends())
    assert (delete["type"], delete["object"]["id"], delete["object"]["type"]) == ("Delete", note["id"], "Tombstone")
    assert delete["actor"] == note["attributedTo"]


async def test_GRP_16_what_was_never_sent_is_not_withdrawn(world, office, masha):
    post = await approved(world, "First")
    await office.sends()
    await world.ada.deletes(post)

    assert [one for one in await office.sends() if one.host == BLOG] == []


async def test_GRP_16_answers_stand_below_the_copy_of_what_they_answer(world, office, masha):
    post = await approved(world, "First")
    first = to_blog(await office.sends())["object"]
    reply = await world.ada.replies(post, "Second")
    await world.grace.approves(reply)

    assert to_blog(await office.sends())["object"]["inReplyTo"] == first["id"]


async def test_GRP_16_what_others_write_into_the_group_is_copied_as_well(world, office, masha):
    await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    sent = await office.sends()

    assert [(one.host, one.form) for one in sent] == [(NORTHWIND, "Announce{Create}"), (BLOG, "Create")]
    assert to_blog(sent)["object"]["content"] == f"<p>nora (@nora@{NORTHWIND}) wrote:</p>Hi"


async def test_GRP_16_nobody_alone_at_a_server_is_told_their_own_words(world, office, masha):
    post = await approved(world, "First")
    await office.sends()
    answer = await a_post_from(world, BLOG, "masha", world.alpine, parent=post, is_public=False)
    assert await office.forms() == [(NORTHWIND, "Announce{Create}")]
    reply = await world.ada.replies(answer, "Thanks")
    await world.grace.approves(reply)

    note = to_blog(await office.sends())["object"]
    assert (note["inReplyTo"], note["cc"]) == (answer.uri, [masha.uri])
    assert [tag["href"] for tag in note["tag"]] == [masha.uri]


async def test_GRP_16_colleagues_of_the_author_there_read_the_copy(world, office, masha):
    olga = await outsider(world.database, BLOG, "olga")
    await Outsider(world.database, BLOG).joins(world.alpine, as_=olga)
    await office.sends()
    await a_post_from(world, BLOG, "masha", world.alpine, is_public=False)

    assert await office.forms() == [(NORTHWIND, "Announce{Create}"), (BLOG, "Create")]


async def test_GRP_16_without_the_option_the_dialect_stays_and_people_are_told_once(world, office):
    """What kind of server it is, is a guess: it costs a message and no membership (DISC-14)."""
    await world.agrees(BLOG, alpine=Level.COMMENT)
    await office.speaks(BLOG, Dialect.MICROBLOG)
    masha = await outsider(world.database, BLOG, "masha")
    await Outsider(world.database, BLOG).joins(world.alpine, as_=masha)

    sent = await office.sends()
    assert [one.form for one in sent] == ["Accept{Follow}", "Create"]
    note = sent[1].document["object"]
    place = await actor_of(world, world.alpine)
    assert (note["attributedTo"], note["to"], sent[1].inbox) == (place.uri, [masha.uri], masha.inbox)
    assert "shows nothing that this group passes on" in note["content"]
    await approved(world)

    assert sorted(await office.forms()) == [(BLOG, "Announce{Create}"), (NORTHWIND, "Announce{Create}")]


async def test_GRP_16_who_joined_before_their_server_was_known_is_told_at_the_first_post(world, office):
    await world.agrees(BLOG, alpine=Level.COMMENT)
    await Outsider(world.database, BLOG).joins(world.alpine, as_=await outsider(world.database, BLOG, "masha"))
    assert await office.forms() == [(BLOG, "Accept{Follow}")]
    await office.speaks(BLOG, Dialect.MICROBLOG)
    await approved(world)

    forms = {one.form: one for one in await office.sends() if one.host == BLOG}
    assert set(forms) == {"Announce{Create}", "Create"}
    assert "shows nothing" in forms["Create"].body.decode()


async def test_GRP_16_forums_are_told_nothing_of_the_kind(world, office):
    await world.agrees(FORUM, alpine=Level.COMMENT)
    await office.speaks(FORUM, Dialect.FORUM)
    await Outsider(world.database, FORUM).joins(world.alpine, as_=await outsider(world.database, FORUM, "fred"))
    await office.sends()

    assert await office.sends() == []


async def test_GRP_16_a_suspended_company_gets_no_copy(world, office, masha):
    await world.suspends(BLOG)
    await approved(world)

    assert {host for host, _form in await office.forms()} <= {NORTHWIND, BLOG}
    assert [line for line in await lines(world) if line.what == "Create" and BLOG in line.hosts] == []


async def test_GRP_16_a_closed_group_speaks_no_more_but_takes_back(world, office, masha):
    post = await approved(world)
    await office.sends()
    await delivered(world)
    await world.alan.opens(world.alpine, Reach.INTERNAL)
    await office.sends()
    await world.ada.deletes(post)

    assert to_blog(await office.sends())["type"] == "Delete"


async def test_GRP_16_a_copy_exists_for_those_alone_to_whom_the_group_speaks(world, office, masha):
    post = await approved(world)
    uri = to_blog(await office.sends())["object"]["id"]
    blog = await Outsider(world.database, BLOG).viewer()
    northwind, mallory = await world.northwind.viewer(), await world.mallory.viewer()
    async with world.database.reading() as session:
        assert (await copies.by_uri(session, blog, uri)).post_id == post.id
        assert await copies.by_uri(session, northwind, uri) is None
        assert await copies.by_uri(session, mallory, uri) is None
        group = await session.get_one(Group, world.alpine.id)
        assert await copies.readers(session, group.id) == ["Blog GmbH"]
    await world.ada.deletes(post)
    async with world.database.reading() as session:
        assert await copies.by_uri(session, blog, uri) is None
        assert await copies.ended(session, blog, uri) is not None
        assert await copies.ended(session, northwind, uri) is None


async def test_GRP_16_pictures_go_along(world, office, masha):
    picture = await world.ada.uploads("A gear")
    post = await approved(world, "Look", media_ids=[picture.id])
    note = to_blog(await office.sends())["object"]
    [attached] = note["attachment"]

    assert (attached["name"], attached["mediaType"]) == ("A gear", "image/png")
    async with world.database.reading() as session:
        [file] = await reading.files_of(session, (await session.get_one(Post, post.id)).id, 1)
        assert file.media.file in attached["url"]


async def test_GRP_16_the_files_of_a_copy_open_without_a_signature(world, office, masha):
    """Takahe and Mastodon sign no request for a file; the post itself keeps the address that asks for one."""
    picture = await world.ada.uploads("A gear")
    post = await approved(world, "Look", media_ids=[picture.id])
    await office.sends()
    signs = replace(world.database.instance, sign_link=lambda path: f"https://links.example{path}?by=us")
    async with world.database.reading() as session:
        copy = await copies.of(session, post.id)
        [file] = render_copy(await gather_copy(session, copy), signs)["attachment"]
        [plain] = render_leaving(await gather(session, await session.get_one(Post, post.id)), signs)["attachment"]
    assert file["url"] == f"https://links.example{plain['url'].removeprefix(signs.base_url)}?by=us"
    assert "by=us" not in plain["url"]


async def test_GRP_16_a_poll_is_asked_by_the_group_and_its_counts_follow(world, office, masha, clock):
    post = await approved(world, "Lunch?", poll=LUNCH)
    question = to_blog(await office.sends())["object"]
    assert question["type"] == "Question"
    assert [(one["name"], one["replies"]["totalItems"]) for one in question["oneOf"]] == [("Soup", 0), ("Salad", 0)]
    await delivered(world)

    async with world.database.writing() as session:
        ids = await polls.ids_of(session, [post.id], outside=False)
        await polls.vote(session, ids[post.id], [1], by=world.grace.staff)
    clock.now += timedelta(minutes=5)
    async with world.database.writing() as session:
        await polls.strike(session)

    sent = await office.sends()
    assert [(one.host, one.form) for one in sent] == [(BLOG, "Update"), (NORTHWIND, "Announce{Update}")]
    news = to_blog(sent)
    assert news["actor"] == question["attributedTo"]
    assert news["object"]["id"] == question["id"]
    assert [one["replies"]["totalItems"] for one in news["object"]["oneOf"]] == [0, 1]
