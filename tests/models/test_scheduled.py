"""Posts for later: checked at once, published once at their time, kept when that is not possible any more."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from models import media, scheduled
from models.base import now
from models.errors import NotFound
from models.groups import NotAMember
from models.polls import PollDraft
from models.posts.drafts import Draft, Empty, OpenedSince, UnknownFile
from models.scheduled import TooFar, TooManyScheduled, TooSoon
from models.tables import Approval, Attachment, Poll, Post, Reach, ScheduledPost
from tests.time import Clock
from tests.world import Person, World

HOUR = timedelta(hours=1)


async def plans(world: World, person: Person, text: str, *, after: timedelta = HOUR, **more: Any) -> ScheduledPost:
    async with world.database.writing() as session:
        return await scheduled.schedule(session, Draft(text=text, **more), now() + after, by=person.staff)


async def strikes(world: World) -> int:
    done = 0
    while True:
        async with world.database.writing() as session:
            if not await scheduled.strike(session):
                return done
        done += 1


async def posts_of(world: World, person: Person) -> list[Post]:
    async with world.database.reading() as session:
        found = await session.scalars(select(Post).where(Post.author_id == person.id).order_by(Post.id.desc()))
        return list(found)


async def waiting(world: World, person: Person) -> list[ScheduledPost]:
    async with world.database.reading() as session:
        return list(await session.scalars(scheduled.of_account(person.staff)))


async def test_a_post_for_later_is_published_at_its_time_once_with_all_it_has(world: World, clock: Clock) -> None:
    parent = await world.grace.writes("What do we do on Friday?")
    before = len(await posts_of(world, world.ada))
    lunch = PollDraft(options=("Soup", "Salad"), lasts=HOUR, is_multiple=True)
    await plans(
        world, world.ada, "Vote", poll=lunch, warning="food", language="en", reply_to_id=parent.id, is_sensitive=True
    )

    assert len(await posts_of(world, world.ada)) == before  # checking it left nothing behind
    assert await strikes(world) == 0
    async with world.database.reading() as session:
        assert await scheduled.next_strike(session) == now() + HOUR

    clock.advance(hours=1)
    assert await strikes(world) == 1
    assert await strikes(world) == 0

    post, *others = await posts_of(world, world.ada)
    assert len(others) == before
    assert (post.source, post.warning, post.language, post.is_sensitive) == ("Vote", "food", "en", True)
    assert (post.reply_to_id, post.thread_id) == (parent.id, parent.thread_id)
    async with world.database.reading() as session:
        poll = await session.scalar(select(Poll).where(Poll.post_id == post.id))
        assert poll is not None
        assert (poll.is_multiple, poll.ends_at) == (True, now().replace(microsecond=0) + HOUR)
    assert await waiting(world, world.ada) == []


async def test_a_post_for_later_waits_at_the_gate_like_any_other(world: World, clock: Clock) -> None:
    await plans(world, world.ada, "Figures", group_id=world.alpine.id)
    clock.advance(hours=1)

    await strikes(world)

    [post, *_] = await posts_of(world, world.ada)
    assert (post.group_id, post.published_revision) == (world.alpine.id, None)
    async with world.database.reading() as session:
        assert await session.scalar(select(func.count()).where(Approval.post_id == post.id)) == 1


async def test_what_could_not_be_posted_now_is_refused_when_it_is_handed_in(world: World) -> None:
    with pytest.raises(Empty):
        await plans(world, world.ada, " ")
    with pytest.raises(NotFound):
        await plans(world, world.ada, "Yes", reply_to_id=1)
    with pytest.raises(UnknownFile):
        await plans(world, world.ada, "Look", media_ids=(1,))
    with pytest.raises(TooSoon):
        await plans(world, world.ada, "Now", after=timedelta(minutes=4))
    with pytest.raises(TooFar):
        await plans(world, world.ada, "One day", after=timedelta(days=9000))
    assert await waiting(world, world.ada) == []


async def test_twenty_five_posts_a_day_and_three_hundred_in_all_may_wait(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduled, "MOST_A_DAY", 2)
    monkeypatch.setattr(scheduled, "MOST", 3)
    tomorrow = now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1) - now()
    first = await plans(world, world.ada, "One", after=tomorrow)
    await plans(world, world.ada, "Two", after=tomorrow)
    with pytest.raises(TooManyScheduled):
        await plans(world, world.ada, "Three", after=tomorrow)
    await plans(world, world.grace, "Of somebody else", after=tomorrow)
    await plans(world, world.ada, "Another day", after=tomorrow + timedelta(days=1))
    with pytest.raises(TooManyScheduled):
        await plans(world, world.ada, "A third day", after=tomorrow + timedelta(days=2))
    async with world.database.writing() as session:  # moved within its day it takes no new place
        await scheduled.move(session, first.id, now() + tomorrow + HOUR, by=world.ada.staff)


async def test_a_post_whose_place_is_gone_is_kept_and_its_author_told(world: World, clock: Clock) -> None:
    row = await plans(world, world.ada, "Figures", group_id=world.alpine.id)
    later = await plans(world, world.ada, "For all", after=2 * HOUR)
    await world.ada.leaves(world.alpine)
    before = len(await posts_of(world, world.ada))

    clock.advance(hours=1)
    await strikes(world)

    assert len(await posts_of(world, world.ada)) == before
    kept = {each.id: each for each in await waiting(world, world.ada)}
    assert set(kept) == {row.id, later.id}
    assert (kept[row.id].failure, kept[row.id].due_at) == (NotAMember.message(), None)
    assert scheduled.draft_of(kept[row.id]).text == "Figures"
    await world.settle()
    assert (await world.ada.notifications())[0] == "not_published"

    async with world.database.writing() as session:
        moved = await scheduled.move(session, row.id, now() + HOUR, by=world.ada.staff)
        assert (moved.failure, moved.due_at) == (None, now() + HOUR)
    clock.advance(hours=2)
    assert await strikes(world) == 2
    assert len(await posts_of(world, world.ada)) == before + 1


async def test_L17_a_post_for_later_goes_no_further_than_it_did_when_it_was_written(world: World, clock: Clock) -> None:
    house = await world.ada.founds("house")
    shared = await world.ada.founds("shared", reach=Reach.PUBLIC)
    row = await plans(world, world.ada, "Between us", group_id=house.id)
    await plans(world, world.ada, "For all", group_id=shared.id)
    before = len(await posts_of(world, world.ada))
    await world.ada.opens(house, Reach.PARTNERS)
    await world.ada.opens(shared, Reach.PARTNERS)

    clock.advance(hours=1)
    await strikes(world)

    [post, *others] = await posts_of(world, world.ada)
    assert (post.source, post.reach, len(others)) == ("For all", Reach.PARTNERS, before)
    [kept] = await waiting(world, world.ada)
    assert (kept.id, kept.failure) == (row.id, OpenedSince.message())

    async with world.database.writing() as session:  # who chooses another time has read why
        await scheduled.move(session, row.id, now() + HOUR, by=world.ada.staff)
    clock.advance(hours=1)
    await strikes(world)
    assert (await posts_of(world, world.ada))[0].reach is Reach.PARTNERS


async def test_a_fault_with_one_post_holds_up_no_other(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = await plans(world, world.ada, "Broken")
    await plans(world, world.ada, "Whole")
    async with world.database.writing() as session:
        await session.execute(
            update(ScheduledPost).where(ScheduledPost.id == broken.id).values(draft={"text": {"not": "text"}})
        )
    clock.advance(hours=1)

    assert await strikes(world) == 2

    assert [row.id for row in await waiting(world, world.ada)] == [broken.id]
    assert (await posts_of(world, world.ada))[0].source == "Whole"


async def test_files_of_a_post_for_later_stay_and_belong_to_it_alone(world: World, clock: Clock) -> None:
    file = await world.ada.uploads()
    row = await plans(world, world.ada, "Look", media_ids=(file.id,), after=3 * timedelta(days=1))
    with pytest.raises(UnknownFile):
        await world.ada.writes("Mine", media_ids=(file.id,))
    clock.advance(days=2)
    async with world.database.writing() as session:
        assert await media.sweep(session) == []
    clock.advance(days=1)

    await strikes(world)

    [post, *_] = await posts_of(world, world.ada)
    async with world.database.reading() as session:
        assert await session.scalar(select(Attachment.media_id).where(Attachment.post_id == post.id)) == file.id
    assert row.id not in {each.id for each in await waiting(world, world.ada)}


async def test_a_cancelled_post_frees_its_files_and_nobody_else_can_cancel_it(world: World, clock: Clock) -> None:
    file = await world.ada.uploads()
    row = await plans(world, world.ada, "Look", media_ids=(file.id,))
    async with world.database.writing() as session:
        with pytest.raises(NotFound):
            await scheduled.cancel(session, row.id, by=world.grace.staff)
        with pytest.raises(NotFound):
            await scheduled.move(session, row.id, now() + HOUR, by=world.grace.staff)
    async with world.database.writing() as session:
        await scheduled.cancel(session, row.id, by=world.ada.staff)

    clock.advance(days=2)
    assert await strikes(world) == 0
    async with world.database.writing() as session:
        assert file.file in await media.sweep(session)
