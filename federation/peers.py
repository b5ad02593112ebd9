"""What we know of other servers: how they call themselves, which form of group post they understand.

What a server can do is learned from what it does. The name of its software is shown to people, and gives a first guess
of its dialect where nothing better is known (DISC-14): a wrong guess costs noise or a form twice, never access.
"""

import logging
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from federation.errors import ProtocolError
from federation.vocabulary import BadUrl, CheckedUrl, Document, as_list, checked_url, host_matches, host_of, parse_json
from federation.wire import Wire
from models import breakers, deliveries, lanes, policy, upkeep
from models.base import UtcDateTime, now
from models.direct import Direct
from models.prepared import padded
from models.tables import Dialect, Peer
from models.text.clean import shorten_text

log = logging.getLogger(__name__)

LOOK_AGAIN_AFTER = timedelta(days=1)
TRY_AGAIN_AFTER = timedelta(minutes=10)
AWAY_AFTER = timedelta(days=2)
MAX_NODEINFO = 65_536
OURS = "kontor"
FORUMS = frozenset({OURS, "lemmy", "piefed", "mbin", "kbin", "nodebb", "discourse"})
MICROBLOGS = frozenset(
    {
        "mastodon",
        "gotosocial",
        "pleroma",
        "akkoma",
        "misskey",
        "sharkey",
        "iceshrimp",
        "firefish",
        "takahe",
        "hollo",
        "pixelfed",
        "threads",
        "snac",
    }
)
_SCHEMAS = (
    "http://nodeinfo.diaspora.software/ns/schema/2.1",
    "http://nodeinfo.diaspora.software/ns/schema/2.0",
)
_SOFTWARE = re.compile(r"[a-z0-9-]{1,64}")
_NAME = 100
_VERSION = 64


# Dialects


async def dialects(session: AsyncSession, hosts: Collection[str]) -> dict[str, Dialect]:
    """Which form of group post each host understands (GRP-8a); those we know nothing of are UNKNOWN."""
    rows = await session.execute(select(Peer.host, Peer.dialect).where(Peer.host.in_(list(hosts))))
    known = {host: Dialect(dialect) for host, dialect in rows}
    return {host: known.get(host, Dialect.UNKNOWN) for host in hosts}


async def note_evidence(session: AsyncSession, host: str, *, forum: bool) -> None:
    """Remember that a server did what only forums do: announced an activity, named a group as its audience.

    A guess that it is a microblog was wrong then, or half of it: it gets both forms from now on.
    """
    if not forum:
        return
    peer = await _peer(session, host)
    if peer.dialect is Dialect.MICROBLOG:
        peer.dialect = Dialect.MIXED
    elif peer.dialect is Dialect.UNKNOWN:
        peer.dialect = Dialect.FORUM
    await session.flush()


async def note_contacts(session: AsyncSession, hosts: Collection[str]) -> None:
    """Remember that servers spoke to us, proven by their signatures, and try now what failed there (DLV-7)."""
    wanted, moment = sorted(hosts), now()
    if not wanted:
        return
    known = await _HOW_THEY_FARE(session, {"hosts": padded(wanted)})
    if len(known) < len(wanted):
        await lanes.meet(session, wanted)
    await _SEEN(session, {"hosts": padded(wanted), "moment": moment})
    for host, seen_at, *troubles in known:  # for a server that has no row yet, nothing was ever tried
        if seen_at is not None and moment - seen_at > AWAY_AFTER:  # GRP-15: what was missed?
            await upkeep.ask_backfills(session, host, reason="back")
        if any(trouble is not None for trouble in troubles):
            await deliveries.wake(session, host)


_HOSTS: Any = bindparam("hosts", expanding=True)
_HOW_THEY_FARE = Direct(
    select(Peer.host, Peer.last_seen_at, Peer.failed_at, Peer.held_until, Peer.gone_at).where(Peer.host.in_(_HOSTS))
)
_SEEN = Direct(
    update(cast(Table, Peer.__table__))
    .where(Peer.host.in_(_HOSTS))
    .values(last_seen_at=bindparam("moment", type_=UtcDateTime))
)


async def note_life(wire: Wire, host: str) -> None:
    """A server showed by a signed question that it lives: what is held for it is tried now (DLV-7)."""
    name = f"asks {host}"
    if wire.memory.woken.get(name):
        return
    wire.memory.woken.put(name, True)
    async with wire.database.reading() as session:
        is_resting = await breakers.is_resting(session, host)
    if is_resting:
        async with wire.database.writing() as session:
            await deliveries.wake(session, host)


async def _peer(session: AsyncSession, host: str) -> Peer:
    peer = await session.get(Peer, host)
    if peer is None:
        await lanes.meet(session, [host])
        peer = await session.get_one(Peer, host)
    return peer


# NodeInfo


async def look(wire: Wire, host: str) -> bool:
    """Read how a server describes itself, at most once a day; whether it was read now.

    A server that cannot be read is asked again after ten minutes at the earliest. Must not be called inside
    `writing()`.
    """
    async with wire.database.reading() as session:
        peer = await session.get(Peer, host)
        if not is_stale(peer.looked_at if peer is not None else None) or not await policy.is_admitted(session, host):
            return False
    async with wire.database.writing() as session:  # before it is asked: a crash must not make us ask again and again
        (await _peer(session, host)).looked_at = now() - LOOK_AGAIN_AFTER + TRY_AGAIN_AFTER
    try:
        document = await _fetch(wire, host)
    except ProtocolError as error:
        log.info("server not described", extra={"host": host, "reason": error.code, **error.facts})
        return False
    if document is None:
        return False
    async with wire.database.writing() as session:
        _describe(await _peer(session, host), document)
    return True


async def _fetch(wire: Wire, host: str) -> Document | None:
    """The NodeInfo document that the server itself names (DISC-11); only its own host is asked."""
    base = _base(host, wire.insecure_hosts)

    def admit(hop: CheckedUrl) -> bool:
        return hop.origin.authority == host

    answer = await wire.fetcher.get(
        f"{base}/.well-known/nodeinfo", accept="application/json", admit=admit, max_bytes=MAX_NODEINFO
    )
    if answer.status != 200:
        return None
    links = {
        link.get("rel"): link.get("href")
        for link in as_list(parse_json(answer.body, max_bytes=MAX_NODEINFO).get("links"))
        if isinstance(link, dict)
    }
    for schema in _SCHEMAS:
        href = links.get(schema)
        if isinstance(href, str) and _is_at(href, host):
            found = await wire.fetcher.get(href, accept="application/json", admit=admit, max_bytes=MAX_NODEINFO)
            return parse_json(found.body, max_bytes=MAX_NODEINFO) if found.status == 200 else None
    return None


def _base(host: str, insecure_hosts: tuple[str, ...]) -> str:
    """Where a host is asked: plain http only where the configuration names it."""
    try:
        checked = checked_url(f"https://{host}/", insecure=insecure_hosts)
    except BadUrl:
        return f"https://{host}"
    is_insecure = host_matches(checked.origin.host, checked.origin.port, insecure_hosts)
    return f"{'http' if is_insecure else 'https'}://{host}"


def _is_at(url: str, host: str) -> bool:
    try:
        return host_of(url) == host
    except BadUrl:
        return False


def _describe(peer: Peer, document: Document) -> None:
    software = document.get("software")
    told: Document = software if isinstance(software, dict) else {}
    name = told.get("name")
    if isinstance(name, str) and _SOFTWARE.fullmatch(name.lower()):
        peer.software = name.lower()
    peer.software_version = _line(told.get("version"), _VERSION)
    metadata = document.get("metadata")
    if peer.software == OURS and isinstance(metadata, dict):
        peer.name = _line(metadata.get("nodeName"), _NAME)
    if peer.dialect is Dialect.UNKNOWN:
        if peer.software in FORUMS:
            peer.dialect = Dialect.FORUM
        elif peer.software in MICROBLOGS:
            peer.dialect = Dialect.MICROBLOG
    peer.looked_at = now()


def _line(value: object, limit: int) -> str:
    return " ".join(shorten_text(value, limit=limit).split()) if isinstance(value, str) else ""


def is_stale(looked_at: datetime | None) -> bool:
    """Whether a server is to be looked at again, by when that was done last."""
    return looked_at is None or now() - looked_at >= LOOK_AGAIN_AFTER
