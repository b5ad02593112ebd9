"""Polls: what may be asked, who answers once, what is counted, and when it is over."""

from datetime import timedelta
from typing import Any

import pytest

from models import polls
from models.errors import NotAllowed, NotFound
from models.polls import AlreadyVoted, BadChoice, BadDuration, BadPoll, OwnPoll, PollDraft, PollEnded, Standing
from models.polls.asking import check
from models.posts import receiving
from models.tables import Actor, Post, Visibility
from models.viewers import ANONYMOUS, Viewer
from tests.time import Clock
from tests.world import NORTHWIND, Person, World

HOUR = timedelta(hours=1)
LUNCH = PollDraft(options=("Soup", "Salad", "Bread"), lasts=HOUR)
TWO = PollDraft(options=("Soup", "Salad", "Bread"), lasts=HOUR, is_multiple=True)


async def poll_of(world: World, post: Post, viewer: Viewer) -> Standing:
    async with world.database.reading() as session:
        ids = await polls.ids_of(session, [post.id], outside=viewer is ANONYMOUS)
        return await polls.one(session, viewer, ids[post.id])


async def votes(world: World, person: Person, post: Post, *choices: int) -> None:
    standing = await poll_of(world, post, person.staff)
    async with world.database.writing() as session:
        await polls.vote(session, standing.poll.id, choices, by=person.staff)


async def counts(world: World, post: Post) -> tuple[list[int], int]:
    standing = await poll_of(world, post, world.ada.staff)
    return [option.votes for option in standing.poll.options], standing.poll.voters


async def test_colleagues_answer_a_poll_once_and_see_the_counts(world: World) -> None:
    post = await world.ada.writes("What shall we eat?", poll=LUNCH)

    await votes(world, world.grace, post, 1)
    await votes(world, world.joan, post, 1)

    assert await counts(world, post) == ([0, 2, 0], 2)
    grace = await poll_of(world, post, world.grace.staff)
    assert (grace.own, grace.has_voted, grace.takes_votes) == (frozenset({1}), True, False)
    alan = await poll_of(world, post, world.alan.staff)
    assert (alan.own, alan.takes_votes) == (frozenset(), True)
    with pytest.raises(AlreadyVoted):
        await votes(world, world.grace, post, 0)
    assert await counts(world, post) == ([0, 2, 0], 2)


async def test_voters_are_counted_once_where_several_answers_may_be_given(world: World) -> None:
    post = await world.ada.writes("What shall we buy?", poll=TWO)

    await votes(world, world.grace, post, 0, 2)

    assert await counts(world, post) == ([1, 0, 1], 1)


@pytest.mark.parametrize(
    ("choices", "draft", "refusal"),
    [((), LUNCH, BadChoice), ((0, 1), LUNCH, BadChoice), ((3,), LUNCH, BadChoice), ((0, 9), TWO, BadChoice)],
)
async def test_only_what_is_offered_can_be_chosen(
    world: World, choices: tuple[int, ...], draft: PollDraft, refusal: type[Exception]
) -> None:
    post = await world.ada.writes("What shall we eat?", poll=draft)

    with pytest.raises(refusal):
        await votes(world, world.grace, post, *choices)
    assert await counts(world, post) == ([0, 0, 0], 0)


async def test_nobody_votes_in_a_poll_of_their_own(world: World) -> None:
    post = await world.ada.writes("What shall we eat?", poll=LUNCH)

    with pytest.raises(OwnPoll):
        await votes(world, world.ada, post, 0)
    assert (await poll_of(world, post, world.ada.staff)).takes_votes is False


async def test_after_its_end_a_poll_takes_no_vote(world: World, clock: Clock) -> None:
    post = await world.ada.writes("What shall we eat?", poll=LUNCH)
    clock.advance(hours=1)

    with pytest.raises(PollEnded):
        await votes(world, world.grace, post, 0)


async def test_who_does_not_see_the_post_cannot_vote(world: World) -> None:
    post = await world.ada.writes("Which price?", group=world.alpine, poll=LUNCH)
    poll_id = (await poll_of(world, post, world.ada.staff)).poll.id

    async with world.database.writing() as session:
        with pytest.raises(NotFound):
            await polls.vote(session, poll_id, [0], by=world.joan.staff)
        with pytest.raises(NotFound):
            await polls.one(session, world.joan.staff, poll_id)


@pytest.mark.parametrize(
    ("draft", "refusal"),
    [
        (PollDraft(options=("Yes",), lasts=HOUR), BadPoll),
        (PollDraft(options=("Yes", " "), lasts=HOUR), BadPoll),
        (PollDraft(options=("Yes", " yes "), lasts=HOUR), BadPoll),
        (PollDraft(options=[str(number) for number in range(11)], lasts=HOUR), BadPoll),
        (PollDraft(options=("Yes", "n" * 101), lasts=HOUR), BadPoll),
        (PollDraft(options=("Yes", "n" * 100_000), lasts=HOUR), BadPoll),
        (PollDraft(options=("Yes", "No"), lasts=timedelta(minutes=4)), BadDuration),
        (PollDraft(options=("Yes", "No"), lasts=timedelta(days=60)), BadDuration),
    ],
    ids=["one", "empty", "twice", "eleven", "long", "R-48 very long", "short", "for months"],
)
def test_R_48_a_poll_has_its_limits(draft: PollDraft, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        check(draft)


async def test_other_answers_make_a_new_poll_and_the_same_ones_keep_the_votes(world: World) -> None:
    post = await world.ada.writes("What shall we eat?", poll=LUNCH)
    await votes(world, world.grace, post, 1)

    await world.ada.edits(post, "What shall we eat today?", keeps_poll=True)
    assert await counts(world, post) == ([0, 1, 0], 1)
    await world.ada.edits(post, "What shall we eat today?", poll=LUNCH)
    assert await counts(world, post) == ([0, 1, 0], 1)

    await world.ada.edits(post, "What shall we eat?", poll=PollDraft(options=("Soup", "Cake"), lasts=HOUR))
    assert await counts(world, post) == ([0, 0], 0)
    await votes(world, world.grace, post, 0)
    assert await counts(world, post) == ([1, 0], 1)

    await world.ada.edits(post, "We eat soup")
    async with world.database.reading() as session:
        assert await polls.ids_of(session, [post.id], outside=False) == {}


async def test_behind_a_gate_partners_answer_the_poll_that_was_approved(world: World) -> None:
    post = await world.ada.writes("Which price?", group=world.alpine, poll=LUNCH)
    async with world.database.reading() as session:
        assert await polls.ids_of(session, [post.id], outside=True) == {}
    await world.grace.approves(post)
    await world.ada.edits(post, "Which price?", poll=PollDraft(options=("High", "Low"), lasts=HOUR))

    async with world.database.writing() as session:
        row = await session.get_one(Post, post.id)
        nora = await session.get_one(Actor, world.nora.id)
        assert await polls.receive_vote(session, row, ["High"], by=nora) is False
        assert await polls.receive_vote(session, row, ["Salad"], by=nora) is True
    assert await counts(world, post) == ([0, 0], 0)


async def test_votes_from_elsewhere_match_exactly_and_count_once(world: World, clock: Clock) -> None:
    single = await world.ada.writes("Which price?", group=world.alpine, poll=LUNCH)
    several = await world.ada.writes("Which prices?", group=world.alpine, poll=TWO)
    for post in (single, several):
        await world.grace.approves(post)

    async def tells(post: Post, *names: str) -> bool:
        async with world.database.writing() as session:
            nora = await session.get_one(Actor, world.nora.id)
            return await polls.receive_vote(session, await session.get_one(Post, post.id), names, by=nora)

    assert [await tells(single, name) for name in ("soup", "Soup ", "Beer", "Soup", "Soup", "Salad")] == [
        False,
        False,
        False,
        True,
        False,
        False,
    ]
    assert await counts(world, single) == ([1, 0, 0], 1)
    assert [await tells(several, *names) for names in (("Soup",), ("Bread", "Soup"), ("Bread",))] == [True, True, False]
    assert await counts(world, several) == ([1, 0, 1], 1)
    clock.advance(hours=1)
    assert await tells(several, "Salad") is False


async def test_who_voted_and_who_asked_are_told_once_that_it_is_over(world: World, clock: Clock) -> None:
    post = await world.ada.writes("What shall we eat?", poll=LUNCH)
    await votes(world, world.grace, post, 1)
    await strikes(world)
    await world.settle()
    assert await world.grace.notifications() == []

    clock.advance(hours=1)
    for _ in range(2):
        await strikes(world)
        await world.settle()

    assert await world.grace.notifications() == ["poll"]
    assert (await world.ada.notifications())[0] == "poll"
    assert await world.joan.notifications() == []


async def strikes(world: World) -> int:
    async with world.database.writing() as session:
        return await polls.strike(session)


async def test_new_counts_are_told_every_three_minutes_at_most_and_at_the_end(world: World, clock: Clock) -> None:
    post = await world.ada.writes("What shall we eat?", poll=LUNCH)

    struck = [await strikes(world)]
    await votes(world, world.grace, post, 1)
    struck += [await strikes(world), await strikes(world)]
    await votes(world, world.joan, post, 1)
    struck.append(await strikes(world))
    clock.advance(minutes=3)
    struck += [await strikes(world), await strikes(world)]
    clock.advance(hours=1)
    struck += [await strikes(world), await strikes(world)]

    assert struck == [0, 1, 0, 0, 1, 0, 1, 0]


async def test_its_author_may_end_a_poll_before_its_time(world: World) -> None:
    post = await world.ada.writes("What shall we eat?", poll=LUNCH)
    poll_id = (await poll_of(world, post, world.ada.staff)).poll.id
    async with world.database.writing() as session:
        with pytest.raises(NotAllowed):
            await polls.close(session, poll_id, by=world.grace.staff)
        await polls.close(session, poll_id, by=world.ada.staff)

    with pytest.raises(PollEnded):
        await votes(world, world.grace, post, 1)


async def test_with_the_post_its_poll_is_gone(world: World) -> None:
    post = await world.ada.writes("What shall we eat?", poll=LUNCH)
    poll_id = (await poll_of(world, post, world.ada.staff)).poll.id
    await votes(world, world.grace, post, 1)

    await world.ada.deletes(post)

    async with world.database.reading() as session:
        assert (await polls.post_of(session, poll_id))[0] is None


def remote(**more: Any) -> polls.RemotePoll:
    return polls.RemotePoll(**{"options": [("Yes", 1), ("No", 2)], **more})


async def test_a_poll_elsewhere_is_counted_there(world: World, clock: Clock) -> None:
    author = await world.northwind.sends("nils")
    ends = clock.now + HOUR
    async with world.database.writing() as session:
        told = receiving.RemotePost(
            uri=f"http://{NORTHWIND}/o/poll",
            url=None,
            author=await session.get_one(Actor, author.id),
            visibility=Visibility.PUBLIC,
            html="Well?",
            poll=remote(ends_at=ends),
        )
        post = await receiving.receive(session, told)
        assert post is not None
    assert await counts(world, post) == ([1, 2], 3)
    await votes(world, world.grace, post, 0)
    assert await counts(world, post) == ([2, 2], 4)

    async with world.database.writing() as session:
        row = await session.get_one(Post, post.id)
        again = remote(ends_at=ends, options=[("Yes", 5), ("No", 2)], voters=6)
        assert await polls.refresh(session, row, again) is True
        assert await polls.refresh(session, row, again) is False
        assert await polls.refresh(session, row, remote(options=[("Yes", 9), ("Never", 9)])) is False
    assert await counts(world, post) == ([5, 2], 6)
    clock.advance(hours=1)
    await strikes(world)
    await world.settle()
    assert await world.grace.notifications() == ["poll"]
