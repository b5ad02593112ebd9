"""The register of everything that left, came in, was held or was stopped.

Each line carries the hash of the line before it, so that a line changed or taken out later shows. Lines are never
updated: whether a delivery arrived stands with the delivery, which names the same activity.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from msgspec import Struct
from sqlalchemy import Select, Table, Text, bindparam, false, func, insert, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncSession

from models import policy
from models.base import now
from models.direct import Direct
from models.tables import Departure, LedgerLine, Outcome, Post
from models.viewers import Staff

_FIRST = "0" * 64
_LOCK = 7_201_001
_ALONE = Direct(select(func.pg_advisory_xact_lock(_LOCK)))
_LAST = Direct(select(LedgerLine.hash).order_by(LedgerLine.id.desc()).limit(1))
_AT_ONCE = 500


class Fact(Struct, frozen=True, kw_only=True):
    """What a line says. `actor` is a handle, `hosts` the companies concerned, `rule` the reason in one word."""

    outcome: Outcome
    what: str
    actor: str
    rule: str
    object_uri: str = ""
    post_id: int | None = None
    revision: int | None = None
    activity_id: int | None = None
    group_id: int | None = None
    hosts: Iterable[str] = ()
    approved_by: str = ""
    digest: str = ""


async def append(session: AsyncSession, fact: Fact) -> None:
    """Add a line in the transaction of `session`. On PostgreSQL writers of the ledger queue for the chain's end."""
    await append_all(session, [fact])


async def append_all(session: AsyncSession, facts: Iterable[Fact]) -> None:
    """The same for several, in their order."""
    if session.get_bind().dialect.name == "postgresql":
        await _ALONE(session, {})
    last = await _LAST(session, {})
    previous = last[0][0] if last else _FIRST
    rows: list[dict[str, Any]] = []
    for fact in facts:
        rows.append(_row(fact, previous))
        previous = rows[-1]["hash"]
    if rows:
        await _INSERT.for_each(session, rows)


async def append_recalls(session: AsyncSession, posts: Iterable[Post], *, actor: str, rule: str) -> None:
    """Say of each of `posts` that left the house that it is recalled from everybody who has it."""
    of_posts = {post.id: post for post in posts}
    gone_to: dict[int, list[str]] = {}
    departures = select(Departure.post_id, Departure.host).where(Departure.post_id.in_(list(of_posts)))
    for post_id, host in await session.execute(departures):
        gone_to.setdefault(post_id, []).append(host)
    recalls = [
        Fact(
            outcome=Outcome.WITHDRAWN,
            what="Delete",
            actor=actor,
            rule=rule,
            object_uri=post.uri,
            post_id=post_id,
            group_id=post.group_id,
            hosts=gone_to[post_id],
        )
        for post_id, post in of_posts.items()
        if post_id in gone_to
    ]
    if recalls:
        await append_all(session, recalls)


_HASHED = (
    "previous",
    "at",
    "outcome",
    "what",
    "object_uri",
    "post_id",
    "revision",
    "activity_id",
    "actor",
    "group_id",
    "hosts",
    "rule",
    "approved_by",
    "digest",
)
_INSERT = Direct(  # the session has nothing to do with lines: nobody changes them
    insert(cast(Table, LedgerLine.__table__)).values({name: bindparam(name) for name in (*_HASHED, "hash")}).inline()
)


def _row(fact: Fact, previous: str) -> dict[str, Any]:
    row = {
        "previous": previous,
        "at": now().replace(microsecond=0),
        "outcome": fact.outcome,
        "what": fact.what,
        "object_uri": fact.object_uri,
        "post_id": fact.post_id,
        "revision": fact.revision,
        "activity_id": fact.activity_id,
        "actor": fact.actor,
        "group_id": fact.group_id,
        "hosts": sorted(set(fact.hosts)),
        "rule": fact.rule,
        "approved_by": fact.approved_by,
        "digest": fact.digest,
    }
    return {**row, "hash": _hash(row)}


def digest_of(line: LedgerLine) -> str:
    """SHA-256, in hex, over the line's facts and the hash before it."""
    return _hash({name: getattr(line, name) for name in _HASHED})


def _hash(row: Mapping[str, Any]) -> str:
    told = {**row, "at": row["at"].strftime("%Y-%m-%dT%H:%M:%SZ"), "outcome": str(row["outcome"])}
    facts = [told[name] for name in _HASHED]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def lines(viewer: Staff) -> Select[LedgerLine]:
    """The ledger for those who answer for it, newest first; empty for others."""
    statement = select(LedgerLine).order_by(LedgerLine.id.desc())
    return statement if policy.may_read_ledger(viewer) else statement.where(false())


class Filter(Struct, frozen=True, kw_only=True):
    """Which lines somebody looks for; what is empty does not narrow. `word` is part of an actor, id, rule or kind."""

    outcomes: Iterable[Outcome] = ()
    host: str = ""
    group_id: int | None = None
    word: str = ""
    since: datetime | None = None
    until: datetime | None = None


def filtered(viewer: Staff, wanted: Filter) -> Select[LedgerLine]:
    """The lines that `wanted` asks for, newest first, for those who answer for the ledger."""
    statement = lines(viewer)
    outcomes = list(wanted.outcomes)
    if outcomes:
        statement = statement.where(LedgerLine.outcome.in_(outcomes))
    if wanted.host:
        statement = statement.where(sql_cast(LedgerLine.hosts, Text).contains(json.dumps(wanted.host), autoescape=True))
    if wanted.group_id is not None:
        statement = statement.where(LedgerLine.group_id == wanted.group_id)
    if wanted.word:
        columns = (LedgerLine.actor, LedgerLine.object_uri, LedgerLine.rule, LedgerLine.what, LedgerLine.approved_by)
        statement = statement.where(or_(*(column.icontains(wanted.word, autoescape=True) for column in columns)))
    if wanted.since is not None:
        statement = statement.where(LedgerLine.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(LedgerLine.at < wanted.until)
    return statement


async def verify(session: AsyncSession) -> Sequence[int]:
    """Numbers of the lines at which the chain does not hold; empty when nobody has touched it."""
    broken = []
    previous = _FIRST
    async for line in _all(session):
        if line.previous != previous or line.hash != digest_of(line):
            broken.append(line.id)
        previous = line.hash
    return broken


async def _all(session: AsyncSession) -> AsyncIterator[LedgerLine]:
    last = 0
    while True:
        page = select(LedgerLine).where(LedgerLine.id > last).order_by(LedgerLine.id).limit(_AT_ONCE)
        lines = (await session.scalars(page)).all()
        for line in lines:
            yield line
            last = line.id
            session.expunge(line)
        if len(lines) < _AT_ONCE:
            return
