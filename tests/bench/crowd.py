"""A company as large as the standard version is for, to measure on: a thousand people and what they wrote in weeks."""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import migrations, reactions
from models.base import Base, id_at, now
from models.database import Database
from models.posts import writing
from models.posts.drafts import Draft
from models.tables import Account, Actor, Follow, Group, Like, Membership, Mention, Post, PostTag, Revision
from server.app import house
from server.config import Config
from tests.world import Person, hire, met

_PEOPLE = 1_000
_POSTS = 100_000
_A_DAY = 2_000
_GROUPS = 40
_MEMBERS = 60
_FOLLOWED = 25
_AT_ONCE = 200
_DAY = timedelta(days=1)
_NOW = now()
_SENTENCES = (
    "The **batch** of this morning is measured: 0.2 mm too wide on the left, see drawing 14.",
    "Who has the key of hall 3? The delivery from Ulm waits at the gate since seven. #logistics",
    "Minutes of the round:\n\n- paint again in March\n- tooling stays with us\n- next time with figures #tooling",
    "Good news from the customer: the sample holds. Thanks to everybody who stayed longer last week!",
    "The printer on the second floor works again.",
)

_Room = tuple[Group, list[Person]]
_Row = dict[str, Any]


async def fill(path: Path, *, people: int = _PEOPLE, posts: int = _POSTS) -> None:
    """Fill the company of a configuration, which must have been made with `kontor init`.

    People follow each other and sit in groups. One day is written as people do it: a third into groups, a third answers
    others, some name the first person of the company, a quarter gets thanks. The days before it were all the same.
    """
    config = Config.load(path)
    database = Database(config.database_url, instance=house(config))
    chance = random.Random(1815)  # noqa: S311 - the same company each time
    try:
        await migrations.upgrade(database)
        async with database.reading() as session:
            username = await session.scalar(
                select(Actor.username).join(Account, Account.actor_id == Actor.id).order_by(Account.id)
            )
        crowd = [await met(database, username or ""), *[await hire(database, f"person{n}") for n in range(1, people)]]
        await _meet(database, crowd, chance)
        rooms = await _rooms(database, crowd, chance)
        await _write(database, crowd, rooms, chance, min(posts, _A_DAY))
        async with database.writing() as session:
            await _repeat(session, days=posts // _A_DAY - 1)
    finally:
        await database.close()


async def _meet(database: Database, crowd: Sequence[Person], chance: random.Random) -> None:
    """Everybody follows some, and the first one, who follows all."""
    found = []
    for number, person in enumerate(crowd):
        chosen = (
            range(len(crowd)) if number == 0 else {0, *chance.sample(range(len(crowd)), min(_FOLLOWED, len(crowd)))}
        )
        for other in sorted(chosen):
            if other != number:
                uri = f"{database.instance.base_url}/bench/{number}/{other}"
                found.append(
                    {"follower_id": person.id, "followee_id": crowd[other].id, "uri": uri, "accepted_at": now()}
                )
    await _add(database, Follow, found)


async def _rooms(database: Database, crowd: Sequence[Person], chance: random.Random) -> list[_Room]:
    rooms: list[_Room] = []
    for number in range(_GROUPS):
        owner, *others = chance.sample(crowd[1:], min(_MEMBERS, len(crowd) - 1))
        group = await owner.founds(f"round{number}")
        await _add(database, Membership, [{"group_id": group.id, "actor_id": each.id} for each in [crowd[0], *others]])
        rooms.append((group, [crowd[0], owner, *others]))
    return rooms


async def _add(database: Database, table: type[Base], rows: Sequence[_Row]) -> None:
    async with database.writing() as session:
        await session.execute(insert(table), rows)


async def _write(
    database: Database, crowd: Sequence[Person], rooms: Sequence[_Room], chance: random.Random, posts: int
) -> None:
    written: list[tuple[int, Group | None, Sequence[Person]]] = []
    for start in range(0, posts, _AT_ONCE):
        async with database.writing() as session:
            for number in range(start, min(start + _AT_ONCE, posts)):
                kind, text = number % 3, f"{chance.choice(_SENTENCES)} ({number})"
                group, readers, answered = None, crowd, None
                if kind == 1:
                    group, readers = chance.choice(rooms)
                elif kind == 2:
                    answered, group, readers = chance.choice(written)
                if number % 50 == 0:
                    text = f"@{crowd[0].staff.username} {text}"
                into = group.id if group and answered is None else None
                draft = Draft(text=text, group_id=into, reply_to_id=answered)
                post = await writing.write(session, draft, by=chance.choice(readers).staff)
                written.append((post.id, group, readers))
                if number % 4 == 0:
                    await reactions.like(session, post.id, by=chance.choice(readers).staff)


async def _repeat(session: AsyncSession, *, days: int) -> None:
    """Let what is there have been written on each of so many days before, too."""
    for table, is_own in ((Post, True), (Revision, False), (Mention, False), (PostTag, False), (Like, False)):
        statement = select(table.__table__).order_by(*table.__table__.primary_key)
        rows = [dict(row) for row in (await session.execute(statement)).mappings()]
        for day in range(1, days + 1):
            for some in _some(rows):
                await session.execute(insert(table), [_before(row, day, is_own=is_own) for row in some])


def _some(rows: Sequence[_Row]) -> Iterable[Sequence[_Row]]:
    return (rows[start : start + 500] for start in range(0, len(rows), 500))


def _before(row: Mapping[str, Any], days: int, *, is_own: bool) -> _Row:
    """The same, so many days ago: ids are times."""
    moved = dict(row)
    back = id_at(_NOW) - id_at(_NOW - days * _DAY)
    for name in ("id", "thread_id", "reply_to_id") if is_own else ("post_id",):
        if moved[name] is not None:
            moved[name] -= back
    if is_own:
        for name in ("uri", "url", "context_uri"):
            moved[name] = f"{moved[name]}-{days}"
    elif "id" in moved:
        del moved["id"]
    if "created_at" in moved:
        moved["created_at"] -= days * _DAY
    return moved
