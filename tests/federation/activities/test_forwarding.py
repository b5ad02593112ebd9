"""FWD-1: what answers one of ours reaches their followers elsewhere, as it came (ActivityPub §7.1.2)."""

import msgspec
import pytest

from federation import outbox
from federation.vocabulary import PUBLIC
from models import journal
from models.tables import Activity, Delivery, Post, Reach, Visibility
from tests.federation.neighbours import altered


@pytest.fixture
async def stage(square, nora, other):
    """A public post of Ada's, whom Olaf on another server follows, and Nora, too."""
    home, ada = square.home, square.ada
    await home.admits(other)
    olaf = other.person("olaf", number=7)
    for fan in (olaf, nora):
        assert await fan.sends(home, fan.does("Follow", square.ada_actor.uri)) == "done: asked to follow"
    post = await ada.writes("For all")
    async with home.database.writing() as session:
        found = await session.get_one(Post, post.id)
        found.visibility, found.reach, found.published_revision = Visibility.PUBLIC, Reach.PUBLIC, 1
        journal.record(session, journal.PostReleased(post.id, 1))
    await outbox.consumer(home.wire.keys).catch_up(home.database)
    return post


def reply(square, nora, post, name="1", **more):
    return nora.note(name, inReplyTo=post.uri, cc=[square.ada_actor.followers_uri, square.ada_actor.uri], **more)


async def forwarded(home, activity) -> list[tuple[str, bytes]]:
    """Where an activity went on to, with the bytes."""
    await outbox.consumer(home.wire.keys).catch_up(home.database)
    rows = {row.id: row for row in await home.rows(Activity) if row.uri == activity["id"]}
    return [(row.host, rows[row.activity_id].body) for row in await home.rows(Delivery) if row.activity_id in rows]


async def test_FWD_1_an_answer_goes_on_unchanged_to_the_other_followers(square, nora, other, stage):
    home = square.home
    create = nora.proves(nora.does("Create", reply(square, nora, stage)))
    assert await nora.sends(home, create) == "done: stored"
    ((host, body),) = await forwarded(home, create)
    assert host == other.host  # not back to where it came from
    assert msgspec.json.decode(body) == create
    assert "sent Create forwarded" in await home.ledger()

    assert (await nora.posts(home, create)).status == 202  # not seen for the first time
    await home.works()
    assert len(await forwarded(home, create)) == 1


async def test_FWD_1_its_end_goes_where_it_went(square, nora, other, stage):
    home = square.home
    note = reply(square, nora, stage)
    await nora.sends(home, nora.proves(nora.does("Create", note)))
    await outbox.consumer(home.wire.keys).catch_up(home.database)
    delete = nora.proves(nora.does("Delete", note["id"], to=[PUBLIC]))
    assert await nora.sends(home, delete) == "done: deleted"
    assert [host for host, _ in await forwarded(home, delete)] == [other.host]


@pytest.mark.parametrize(
    "case", ["no proof", "not addressed", "about nothing of ours", "followers of theirs", "hidden"]
)
async def test_FWD_1_nothing_else_goes_on(square, nora, stage, case):
    home = square.home
    note = reply(square, nora, stage)
    if case == "not addressed":
        note = altered(note, cc=[square.ada_actor.uri])
    elif case == "about nothing of ours":
        note = altered(note, inReplyTo=None)
    elif case == "followers of theirs":
        note = altered(note, cc=[nora.document["followers"], square.ada_actor.uri])
    elif case == "hidden":
        async with home.database.writing() as session:
            (await session.get_one(Post, stage.id)).reach = Reach.INTERNAL
    create = nora.does("Create", note)
    create = create if case == "no proof" else nora.proves(create)
    await nora.sends(home, create)
    assert await forwarded(home, create) == []


async def test_FWD_1_what_is_for_some_goes_no_further_than_they(square, nora, other, stage):
    """Ada's followers get what names them; what is for everybody does not draw out a post that is for followers."""
    home = square.home
    for name, visibility, hosts in (("1", Visibility.PUBLIC, [other.host]), ("2", Visibility.FOLLOWERS, [other.host])):
        async with home.database.writing() as session:
            (await session.get_one(Post, stage.id)).visibility = visibility
        note = reply(square, nora, stage, name, to=[square.ada_actor.followers_uri])
        create = nora.proves(nora.does("Create", note))
        assert await nora.sends(home, create) == "done: stored"
        assert [host for host, _ in await forwarded(home, create)] == hosts
    note = reply(square, nora, stage, "3")
    create = nora.proves(nora.does("Create", note))
    await nora.sends(home, create)
    assert await forwarded(home, create) == []  # for everybody, below what is for some
