"""Votes from elsewhere in polls of ours, and news of polls elsewhere."""

from datetime import timedelta

import pytest

from models import groups, polls
from models.polls import PollDraft
from models.tables import Group, Post, Reach
from tests.federation.activities.conftest import follows, known

LUNCH = PollDraft(options=("Soup", "Salad"), lasts=timedelta(hours=1))


async def counts(square, post: Post) -> list[int]:
    async with square.home.database.reading() as session:
        ids = await polls.ids_of(session, [post.id], outside=True)
        [standing] = (await polls.standings(session, square.ada.staff, ids.values())).values()
        return [option.votes for option in standing.poll.options]


def vote(nora, post: Post, *names: str):
    notes = [
        {
            "id": f"{nora.id}/votes/{name}",
            "type": "Note",
            "attributedTo": nora.id,
            "to": [post.uri],
            "name": name,
            "inReplyTo": post.uri,
        }
        for name in names
    ]
    return nora.does("Create", notes[0] if len(notes) == 1 else notes)


@pytest.fixture
async def asked(square) -> Post:
    async with square.home.database.writing() as session:
        await groups.join(session, await session.get_one(Group, square.public.id), by=square.ada.staff)
    return await square.ada.writes("What shall we eat?", group=square.public, poll=LUNCH)


async def test_a_vote_is_counted_and_is_no_reply(square, nora, asked):
    home = square.home
    assert await nora.sends(home, vote(nora, asked, "Salad")) == "done: voted"
    assert await nora.sends(home, vote(nora, asked, "Soup")) == "ignored: a vote that does not count"

    assert await counts(square, asked) == [0, 1]
    assert [post.id for post in await home.posts()] == [asked.id]


async def test_an_array_of_notes_is_several_votes_and_one_poll_takes_one(square, nora, asked):
    home = square.home
    assert await nora.sends(home, vote(nora, asked, "Salad", "Soup")) == "ignored: a vote that does not count"
    assert await nora.sends(home, vote(nora, asked, "Beer", "Soup")) == "done: voted"
    assert await counts(square, asked) == [1, 0]


async def test_after_the_end_a_vote_is_ignored(square, nora, asked, clock):
    clock.advance(hours=2)
    async with square.home.database.reading() as session:
        ids = await polls.ids_of(session, [asked.id], outside=True)
    async with square.home.database.writing() as session:
        poll, _ = await polls.post_of(session, ids[asked.id])
        assert poll is not None
        assert poll.is_over(clock.now)
    assert await nora.sends(square.home, vote(nora, asked, "Salad")) == "ignored: a vote that does not count"
    assert await counts(square, asked) == [0, 0]


async def test_a_vote_by_somebody_who_may_not_see_the_post_counts_nothing(square, nora):
    home = square.home
    async with home.database.writing() as session:
        await groups.join(session, await session.get_one(Group, square.alpine.id), by=square.ada.staff)
    post = await square.ada.writes("Which price?", group=square.alpine, poll=LUNCH)
    inside = await square.ada.writes("What shall we eat?", poll=LUNCH)

    for hidden in (post, inside):
        assert await nora.sends(home, vote(nora, hidden, "Salad")) == "ignored: a vote in nothing that they may see"
    assert await counts(square, post) == [0, 0]


async def test_a_vote_that_a_group_passes_on_counts_nothing(square, nora, steel, asked):
    await known(square.home, nora)
    sent = steel.does("Announce", nora.proves(vote(nora, asked, "Salad")))
    assert await steel.sends(square.home, sent) == "ignored: a vote in nothing that they may see"
    assert await counts(square, asked) == [0, 0]


async def test_a_poll_elsewhere_is_stored_and_its_new_counts_replace_the_old(square, nora):
    home = square.home
    await follows(home, square.ada, nora)

    def question(soup: int, **more):
        return nora.note(
            "1",
            type="Question",
            oneOf=[
                {"type": "Note", "name": "Soup", "replies": {"type": "Collection", "totalItems": soup}},
                {"type": "Note", "name": "Salad"},
            ],
            votersCount=soup,
            endTime="2099-02-02T10:00:00Z",
            **more,
        )

    assert await nora.sends(home, nora.does("Create", question(1))) == "done: stored"
    assert await nora.sends(home, nora.does("Update", question(4))) == "done: counted anew"
    assert await nora.sends(home, nora.does("Update", question(4))) == "ignored: is no newer than what is stored"

    [post] = await home.posts()
    async with home.database.reading() as session:
        [standing] = (await polls.of_posts(session, square.ada.staff, [post])).values()
    assert [(option.title, option.votes) for option in standing.poll.options] == [("Soup", 4), ("Salad", 0)]
    assert post.revision == 1
    assert post.reach is Reach.PUBLIC
