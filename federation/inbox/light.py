"""What asks nobody anything: several in one transaction, each dealt with as if it came alone.

Most of what is no post needs nothing fetched, and says no before it writes: then nothing of it has to be taken back,
and its neighbours need no transaction of their own. Whatever does not end as expected takes the way of all activities,
one by one, and so does what comes after it from the same server.
"""

import logging
from collections.abc import Iterator, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities import HANDLERS, Ignored, Incoming, Refused, Waiting
from federation.activities.registry import Handler
from federation.errors import ProtocolError
from federation.inbox import texts
from federation.vocabulary import BadJson, Document, parse_json
from federation.wire import Wire
from models import received
from models.errors import DomainError
from models.received import Claimed
from models.tables import ReceivedState
from models.text.clean import shorten_text

log = logging.getLogger(__name__)

TYPES = frozenset(type for type, handler in HANDLERS.items() if handler.is_light is not None)
_AT_ONCE = 50

_Read = tuple[Claimed, Document]
_End = tuple[ReceivedState, str]


async def take(wire: Wire, claimed: Sequence[Claimed]) -> Sequence[Claimed]:
    """Deal with what is light and comes before anything else of its server; what remains to be done."""
    light: list[_Read] = []
    others: set[str] = set()
    for one in claimed:
        document = _read(wire, one) if one.host not in others and len(light) < _AT_ONCE else None
        if document is not None:
            light.append((one, document))
        else:
            others.add(one.host)
    if not light:
        return claimed
    try:
        async with wire.database.writing() as session:
            done = await _deal_with(session, wire, light)
    except Exception:  # whatever it is, it shows again where each is dealt with alone, and is told from its neighbours
        log.warning("activities could not be dealt with together", exc_info=True)
        return claimed
    return [one for one in claimed if one.id not in done]


def _read(wire: Wire, claimed: Claimed) -> Document | None:
    """What an activity says, if it is light; one with a proof inside has more to be looked at."""
    handler = HANDLERS.get(claimed.type)
    if handler is None or handler.is_light is None or not claimed.actor_uri or claimed.attempt > 1:
        return None
    try:
        document = parse_json(claimed.body, max_bytes=len(claimed.body))
    except BadJson:
        return None
    return document if "proof" not in document and handler.is_light(wire, document) else None


async def _deal_with(session: AsyncSession, wire: Wire, light: Sequence[_Read]) -> set[int]:
    """Deal with those that are still ours; which those were."""
    ours = await received.held(session, [claimed for claimed, _ in light])
    known = await texts.senders(session, {claimed.actor_uri for claimed, _ in light})
    others: set[str] = set()
    ended: dict[_End, list[Claimed]] = {}
    for run in _runs(light):
        taken: list[tuple[Claimed, Incoming]] = []
        for claimed, document in run:
            sender = known.get(claimed.actor_uri)
            if sender is None or claimed.host in others or claimed.id not in ours:
                others.add(claimed.host)
            else:
                taken.append((claimed, Incoming.of_queue(wire, claimed, document, sender)))
        ends = await _applied(session, [incoming for _, incoming in taken])
        for (claimed, _), end in zip(taken, ends, strict=True):
            if end is None:
                others.add(claimed.host)
            else:
                ended.setdefault(end, []).append(claimed)
    for (state, outcome), ones in ended.items():
        await received.finish_all(session, ones, state, outcome)
    return {claimed.id for ones in ended.values() for claimed in ones}


def _runs(light: Sequence[_Read]) -> Iterator[Sequence[_Read]]:
    """Those that follow one another and are of one sort, each of another server: how one ends shows before its server's
    next one is looked at."""
    run: list[_Read] = []
    for one, document in light:
        handler, hosts = HANDLERS[one.type], {claimed.host for claimed, _ in run}
        if run and (handler is not HANDLERS[run[0][0].type] or one.host in hosts):
            yield run
            run = []
        run.append((one, document))
    if run:
        yield run


async def _applied(session: AsyncSession, incoming: Sequence[Incoming]) -> list[_End | None]:
    """What came of each of a run; None where it has to be dealt with alone."""
    if not incoming:
        return []
    handler = HANDLERS[incoming[0].type]
    if handler.apply_all is None or len(incoming) == 1:
        return [await _applied_alone(session, handler, one) for one in incoming]
    ends: list[_End | None] = []
    for came in await handler.apply_all(session, incoming):
        if isinstance(came, str):
            ends.append((ReceivedState.DONE, came))
        else:
            ends.append(_ignored(came) if isinstance(came, Ignored) else None)
    return ends


def _ignored(ignored: Ignored) -> _End:
    return ReceivedState.IGNORED, shorten_text(ignored.reason, limit=received.OUTCOME_LIMIT)


async def _applied_alone(
    session: AsyncSession, handler: Handler, incoming: Incoming
) -> tuple[ReceivedState, str] | None:
    """What came of it; None where it has to be dealt with alone."""
    try:
        return ReceivedState.DONE, await handler.apply(session, incoming)
    except Ignored as ignored:
        return _ignored(ignored)
    except (Refused, Waiting, ProtocolError, DomainError):
        return None
