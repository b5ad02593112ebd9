"""What people on microblogs send to a partner group that speaks to them itself (GRP-16, GRP-6)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from federation import outbox
from federation.keys import KeyRing
from federation.vocabulary import PUBLIC
from models import copies, partners
from models.polls import PollDraft
from models.tables import Actor, Like, Post, Visibility, Vote
from tests.federation.neighbours import altered
from tests.world import sees


@pytest.fixture
async def copied(square, northwind, nora):
    """Alan's post in alpine, whose copy Nora reads on her microblog: the post and the id of the copy."""
    home = square.home
    assert await nora.sends(home, nora.does("Follow", square.alpine_actor.uri)) == "done: joined"
    async with home.database.writing() as session:
        await partners.admit(session, northwind.host, copies=["alpine"])
    post = await home.alan.writes("Ours", group=square.alpine)
    await outbox.consumer(KeyRing(b"s" * 32)).catch_up(home.database)
    async with home.database.reading() as session:
        return post, (await copies.of(session, post.id)).uri


def answer(nora, uri, group, name="1", **more):
    """As Mastodon answers a post for followers: for the own followers and whom it names."""
    return nora.note(name, inReplyTo=uri, to=[f"{nora.id}/followers"], cc=[group.uri], **more)


async def remote(home) -> list[Post]:
    return [post for post in await home.posts() if not post.is_local]


async def test_GRP_16_an_answer_to_the_copy_stands_below_the_original(square, nora, copied):
    post, uri = copied
    create = nora.does("Create", answer(nora, uri, square.alpine_actor))
    assert await nora.sends(square.home, create) == "done: stored"

    [reply] = await remote(square.home)
    assert (reply.group_id, reply.visibility) == (square.alpine.id, Visibility.GROUP)
    assert (reply.reply_to_id, reply.thread_id) == (post.id, post.thread_id)
    assert [entry["post_id"] for entry in await square.home.entries("GroupDistributes")] == [reply.id]


async def test_GRP_16_an_answer_for_the_group_alone_goes_to_its_moderators(square, nora, copied):
    _post, uri = copied
    note = nora.note("1", inReplyTo=uri, to=[square.alpine_actor.uri])
    assert await nora.sends(square.home, nora.does("Create", note)) == "done: stored"

    [message] = await remote(square.home)
    assert (message.visibility, message.group_id) == (Visibility.DIRECT, None)
    assert await sees(square.home.database, square.home.alan.staff, message)
    assert not await sees(square.home.database, square.ada.staff, message)
    assert await square.home.entries("GroupDistributes") == []


async def test_GRP_16_whoever_is_no_member_does_not_answer_a_copy(square, northwind, copied):
    _post, uri = copied
    stranger = northwind.person("stranger", number=1)
    create = stranger.does("Create", answer(stranger, uri, square.alpine_actor))

    assert (await stranger.sends(square.home, create)).startswith("refused: GRP-6")
    assert await remote(square.home) == []


async def test_GRP_16_thanks_for_the_copy_are_thanks_for_the_post(square, nora, copied):
    post, uri = copied
    like = nora.does("Like", uri)
    assert await nora.sends(square.home, like) == "done: liked"
    assert [found.post_id for found in await square.home.rows(Like)] == [post.id]
    assert await nora.sends(square.home, nora.does("Undo", like)) == "done: liked no more"


async def test_GRP_16_a_vote_in_the_copy_of_a_poll_is_a_vote_in_the_poll(square, nora, copied):
    lunch = PollDraft(options=("Soup", "Salad"), lasts=timedelta(hours=1))
    post = await square.home.alan.writes("Lunch?", group=square.alpine, poll=lunch)
    await outbox.consumer(KeyRing(b"s" * 32)).catch_up(square.home.database)
    async with square.home.database.reading() as session:
        uri = (await copies.of(session, post.id)).uri
    note = nora.note("1", inReplyTo=uri, to=[square.alpine_actor.uri], name="Salad")
    del note["content"]
    assert await nora.sends(square.home, nora.does("Create", note)) == "done: voted"
    async with square.home.database.reading() as session:
        voter = await session.scalar(select(Actor.uri).join(Vote, Vote.actor_id == Actor.id))
    assert voter == nora.id
    assert await remote(square.home) == []


async def test_GRP_16_changes_and_the_end_of_an_answer_follow(square, nora, copied):
    _post, uri = copied
    note = answer(nora, uri, square.alpine_actor)
    changed = altered(note, content="<p>Changed</p>", updated="2026-03-01T00:00:00Z")
    outcomes = [
        await nora.sends(square.home, activity)
        for activity in (nora.does("Create", note), nora.does("Update", changed), nora.does("Delete", note["id"]))
    ]

    assert outcomes == ["done: stored", "done: replaced", "done: deleted"]


async def test_GRP_16_the_copy_is_there_for_who_reads_copies(square, nora, copied, mallory):
    post, uri = copied
    shown = (await nora.gets(square.home, uri)).json()
    assert (shown["id"], shown["attributedTo"]) == (uri, square.alpine_actor.uri)
    stranger = mallory.person("mallory", number=3)
    nothing = await stranger.gets(square.home, "/ap/o/never")
    assert (await stranger.gets(square.home, uri)).told == nothing.told
    await square.home.alan.deletes(post)
    gone = await nora.gets(square.home, uri)
    assert (gone.status, gone.json()["type"]) == (410, "Tombstone")


async def test_GRP_6_b_a_post_for_followers_that_names_a_partner_group_is_a_post_in_it(square, nora, copied):
    note = nora.note("1", to=[f"{nora.id}/followers"], cc=[square.alpine_actor.uri])
    assert await nora.sends(square.home, nora.does("Create", note)) == "done: stored"

    [post] = await remote(square.home)
    assert (post.group_id, post.visibility) == (square.alpine.id, Visibility.GROUP)


async def test_GRP_6_b_a_post_for_followers_is_no_post_in_a_public_group(square, nora, copied):
    assert await nora.sends(square.home, nora.does("Follow", square.public_actor.uri)) == "done: joined"
    note = nora.note("1", to=[f"{nora.id}/followers"], cc=[square.public_actor.uri])
    await nora.sends(square.home, nora.does("Create", note))

    assert [post.group_id for post in await remote(square.home)] in ([], [None])
    assert await square.home.entries("GroupDistributes") == []


async def test_GRP_16_a_group_elsewhere_says_below_what_an_answer_to_its_copy_belongs(square, steel, nora):
    home = square.home
    place = {"to": [steel.id, steel.document["followers"]], "audience": steel.id}
    first = nora.proves(nora.does("Create", nora.note("1", **place)))
    copy = f"{steel.peer.base_url}/copies/1"
    second = nora.proves(nora.does("Create", nora.note("2", inReplyTo=copy, **place)))
    around = {"to": [steel.document["followers"]], "cc": []}
    await steel.sends(home, steel.does("Announce", first, **around))
    outcome = await steel.sends(home, steel.does("Announce", second, inReplyTo=first["object"]["id"], **around))

    assert outcome == "done: Create: stored"
    above, below = sorted(await remote(home), key=lambda post: post.uri)
    assert below.reply_to_id == above.id


async def test_GRP_16_a_group_elsewhere_moves_no_answer_to_others(square, steel, nora, other):
    home = square.home
    await home.admits(other)
    place = {"to": [steel.id, steel.document["followers"]], "audience": steel.id}
    around = {"to": [steel.document["followers"]], "cc": []}
    posts = [nora.proves(nora.does("Create", nora.note(name, **place))) for name in ("1", "2")]
    for create in posts:
        await steel.sends(home, steel.does("Announce", create, **around))
    olaf = other.person("olaf", number=2)
    foreign = olaf.note("3", to=[PUBLIC])
    answer = nora.proves(nora.does("Create", nora.note("4", inReplyTo=foreign["id"], **place)))
    await steel.sends(home, steel.does("Announce", answer, inReplyTo=posts[0]["object"]["id"], **around))

    [reply] = [post for post in await remote(home) if post.uri.endswith("/4")]
    assert reply.reply_to_uri == foreign["id"]
