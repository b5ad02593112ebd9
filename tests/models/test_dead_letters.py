"""What was given up: readable, taken up again where it is still true, or dropped."""

import pytest
from sqlalchemy import select, update

from models import board, dead_letters, deliveries, moderation, partners
from models.base import now
from models.breakers import Condition
from models.errors import NotAllowed
from models.posts import writing
from models.tables import Actor, AuditLine, Delivery, DeliveryState, Group, Peer
from tests.time import Clock
from tests.world import NORTHWIND, SOUTHWIND, World

QUEUED, FAILED, CANCELLED = DeliveryState.QUEUED, DeliveryState.FAILED, DeliveryState.CANCELLED


async def given_up(world: World, *, host: str = NORTHWIND, type: str = "Create", **more: object) -> int:
    """A delivery that failed for good."""
    async with world.database.writing() as session:
        activity = await deliveries.enqueue(
            session,
            deliveries.Outgoing(
                uri=f"http://lovelace/x/{type}/{more}/{host}",
                type=type,
                actor=await session.get_one(Actor, world.ada.id),
                body=b"{}",
                digest="",
                inboxes=[(f"http://{host}/inbox", host)],
                rule="agreement",
                **more,  # type: ignore[arg-type]
            ),
        )
        assert activity is not None
        failed = {"state": FAILED, "error": "HTTP 400", "status": 400, "attempts": 4, "turned_at": now()}
        await session.execute(update(Delivery).where(Delivery.activity_id == activity.id).values(failed))
        return await session.scalar(select(Delivery.id).where(Delivery.activity_id == activity.id)) or 0


async def states(world: World) -> list[DeliveryState]:
    async with world.database.reading() as session:
        return list(await session.scalars(select(Delivery.state).order_by(Delivery.id)))


async def retry(world: World, host: str = NORTHWIND, **more: object) -> dead_letters.Retried:
    async with world.database.writing() as session:
        return await dead_letters.retry(session, host, by=world.alan.staff, **more)  # type: ignore[arg-type]


async def test_a_dead_letter_says_what_it_was_to_whom_why_and_when(world: World) -> None:
    await given_up(world, object_uri="http://lovelace/o/1")

    async with world.database.reading() as session:
        (letter,) = await session.scalars(dead_letters.listed(world.alan.staff))
        elsewhere = (await session.scalars(dead_letters.listed(world.alan.staff, host=SOUTHWIND))).all()

    assert (letter.activity.type, letter.activity.object_uri) == ("Create", "http://lovelace/o/1")
    assert (letter.host, letter.error, letter.turned_at is not None) == (NORTHWIND, "HTTP 400", True)
    assert elsewhere == []


async def test_dead_letters_are_taken_up_again_one_by_one_or_for_a_host(world: World) -> None:
    one = await given_up(world)
    await given_up(world, type="Like")
    await given_up(world, host=SOUTHWIND)

    assert await retry(world, ids=[one]) == dead_letters.Retried(again=1)
    assert await states(world) == [QUEUED, FAILED, FAILED]
    assert await retry(world) == dead_letters.Retried(again=1)
    assert await states(world) == [QUEUED, QUEUED, FAILED]


async def test_a_letter_taken_up_again_has_its_full_time_and_counts_as_heard_of(world: World) -> None:
    await given_up(world, object_uri="o")
    await retry(world)

    async with world.database.writing() as session:
        (row,) = await session.scalars(select(Delivery))
        assert (row.attempts, row.error, row.next_attempt_at <= now()) == (1, "", True)
        assert await deliveries.cancel_unsent(session, "o", ("Create",)) == set()


async def test_what_was_deleted_since_is_never_sent_again(world: World) -> None:
    post = await world.ada.writes("Out", group=world.alpine)
    await given_up(world, object_uri=post.uri, post_id=post.id)
    await given_up(world, type="Delete", object_uri=post.uri, post_id=post.id)
    async with world.database.writing() as session:
        await writing.delete(session, post.id, by=world.ada.staff)

    assert await retry(world) == dead_letters.Retried(again=1, outdated=1)
    assert await states(world) == [CANCELLED, QUEUED]


async def test_GRP_11_what_was_removed_from_its_group_since_is_not_sent_again_unless_it_is_back(world: World) -> None:
    post = await world.ada.writes("Out", group=world.alpine)
    await given_up(world, object_uri=post.uri, post_id=post.id)
    await given_up(world, object_uri=post.uri, post_id=post.id, revision=1)
    async with world.database.writing() as session:
        await moderation.remove_post(session, post.id, by=world.alan.staff, reason="Not here")
    first = (await letters(world))[0]
    assert await retry(world, ids=[first]) == dead_letters.Retried(outdated=1)

    async with world.database.writing() as session:
        await moderation.restore_post(session, post.id, by=world.alan.staff)

    assert await retry(world) == dead_letters.Retried(again=1)
    assert await states(world) == [CANCELLED, QUEUED]


async def letters(world: World) -> list[int]:
    async with world.database.reading() as session:
        return list(await session.scalars(select(Delivery.id).order_by(Delivery.id)))


async def test_a_change_that_another_one_followed_is_not_sent_again(world: World) -> None:
    await given_up(world, type="Update", object_uri="o", revision=2)
    await given_up(world, type="Update", object_uri="o", revision=3)

    assert await retry(world) == dead_letters.Retried(again=1, outdated=1)
    assert await states(world) == [CANCELLED, QUEUED]


async def test_GRP_17_what_a_company_has_no_part_in_any_more_is_not_sent_again(world: World) -> None:
    await given_up(world, group_id=world.alpine.id)
    await given_up(world, type="Undo", group_id=world.alpine.id)
    async with world.database.writing() as session:
        found = (await session.scalars(partners.listed())).all()
        northwind = next(each for each in found if each.host == NORTHWIND)
        group = await session.get_one(Group, world.alpine.id)
        await partners.end_agreement(session, northwind, group, by=world.alan.staff)

    assert await retry(world) == dead_letters.Retried(again=1, outdated=1)
    assert await states(world) == [CANCELLED, QUEUED]


async def test_what_is_dropped_is_listed_no_more_and_the_log_says_who_did_it(world: World) -> None:
    await given_up(world)

    async with world.database.writing() as session:
        assert await dead_letters.drop(session, NORTHWIND, by=world.alan.staff) == 1

    assert await states(world) == [CANCELLED]
    async with world.database.reading() as session:
        lines = await session.scalars(select(AuditLine).where(AuditLine.action == dead_letters.DROPPED))
        (line,) = lines.all()
    assert (line.account_id, line.host, line.facts["count"]) == (world.alan.staff.account_id, NORTHWIND, 1)


async def test_dead_letters_are_kept_for_three_months(world: World, clock: Clock) -> None:
    await given_up(world)
    clock.advance(days=89)
    async with world.database.writing() as session:
        assert await dead_letters.sweep(session) == 0
    clock.advance(days=2)
    async with world.database.writing() as session:
        assert await dead_letters.sweep(session) == 1

    assert await states(world) == [CANCELLED]


async def test_dead_letters_and_the_board_are_for_admins(world: World) -> None:
    await given_up(world)
    async with world.database.writing() as session:
        with pytest.raises(NotAllowed):
            dead_letters.listed(world.ada.staff)
        with pytest.raises(NotAllowed):
            await dead_letters.retry(session, NORTHWIND, by=world.ada.staff)
        with pytest.raises(NotAllowed):
            await dead_letters.drop(session, NORTHWIND, by=world.ada.staff)
        with pytest.raises(NotAllowed):
            await board.standings(session, by=world.ada.staff)


async def test_the_board_has_every_partner_and_those_in_trouble_first(world: World) -> None:
    async with world.database.writing() as session:
        session.add(Peer(host=SOUTHWIND, failures=7, failing_since=now(), held_until=now()))
        session.add(Peer(host=NORTHWIND, delivered_at=now()))
    await given_up(world)
    await retry(world)

    async with world.database.reading() as session:
        found = {each.host: each for each in await board.standings(session, by=world.alan.staff)}

    assert next(iter(found)) == SOUTHWIND
    assert found[SOUTHWIND].condition is Condition.HELD
    assert (found[NORTHWIND].condition, found[NORTHWIND].queued, found[NORTHWIND].dead) == (Condition.WORKING, 1, 0)
    assert found[NORTHWIND].oldest is not None
