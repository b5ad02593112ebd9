"""Deals with what was taken in, in the order it came from each host, several hosts at a time.

Plain texts and what needs nothing fetched are dealt with many at a time, whoever brought them; all else has a lane for
each host, so that a slow or lying server holds up nobody else (R-45). An attempt is counted before it is made, so what
kills the process is parked after a few times and its neighbours go on. What needs the network happens first; then one
transaction has all the effects and the end of the queue's row, so that they happen once or not at all.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

from federation import remote_posts, trust
from federation.activities import HANDLERS, Ignored, Incoming, Refused, Waiting, announce, forwarding
from federation.documents import members
from federation.errors import ProtocolError
from federation.inbox import light, texts
from federation.outbox import sending
from federation.signatures import BadProof
from federation.vocabulary import BadJson, Document, parse_json
from federation.wire import Wire
from models import actors, audit, ledger, received
from models.base import now
from models.errors import DomainError
from models.posts import receiving
from models.received import Claimed
from models.tables import Actor, Outcome, ReceivedState, Visibility
from models.text.clean import shorten_text

log = logging.getLogger(__name__)

HOSTS_AT_ONCE = 8
PER_CLAIM = 20
SECONDS = 60.0
_POLL_SECONDS = 2.0
_PACE_SECONDS = 0.1
_QUIET_SECONDS = 0.02
_TOGETHER = (texts.TYPE, *sorted(light.TYPES))
_SWEEP_EVERY = timedelta(hours=6)

Lanes = dict[str, asyncio.Task[int]]


class Processor:
    """Works off the queue of received activities."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._is_stopping = False
        self._in_hand: dict[str, Sequence[Claimed]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; what is under way then is finished or will be done again."""
        self._is_stopping = False
        stopping = asyncio.create_task(stop.wait())
        lanes: Lanes = {}
        try:
            await self._work(stopping, lanes)
        except asyncio.CancelledError:
            for lane in lanes.values():
                lane.cancel()
            raise
        finally:  # nothing of ours uses the database after this
            self._is_stopping = True
            stopping.cancel()
            await asyncio.gather(*lanes.values(), return_exceptions=True)
            for host in list(self._in_hand):
                await self._give_back(self._in_hand.pop(host))

    async def _work(self, stopping: asyncio.Task[bool], lanes: Lanes) -> None:
        """Open lanes for whatever there is to do, until `stopping` is done."""
        arrived = self._wire.database.arrived
        swept_at: datetime | None = None
        while not stopping.done():
            seen, is_all = arrived.count, True
            try:
                if swept_at is None or now() - swept_at > _SWEEP_EVERY:
                    swept_at = now()
                    async with self._wire.database.writing() as session:
                        await received.sweep(session)
                _, is_all = await self._turn(lanes)
            except Exception:
                log.exception("the inbox's queue could not be read")
            until = monotonic() + _PACE_SECONDS
            if is_all:
                news = asyncio.create_task(arrived.wait(seen, at_most=_POLL_SECONDS))
                await asyncio.wait([news, stopping, *lanes.values()], return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                await self._pause(stopping, until)
            _forget_ended(lanes)

    async def _pause(self, stopping: asyncio.Task[bool], until: float) -> None:
        """Let come what comes within a moment, to deal with it together; when nothing comes any more it is over."""
        arrived = self._wire.database.arrived
        while not stopping.done() and (left := until - monotonic()) > 0:
            seen = arrived.count
            await asyncio.wait([stopping], timeout=min(left, _QUIET_SECONDS))
            if arrived.count == seen and not self._wire.memory.fetching:
                break

    async def drain(self) -> int:
        """Deal with everything that may be tried now; how many attempts that were."""
        self._is_stopping = False
        count = 0
        while True:
            lanes: Lanes = {}
            taken, _ = await self._turn(lanes)
            count += taken + sum(await asyncio.gather(*lanes.values()))
            if not taken and not lanes:
                return count

    async def _turn(self, lanes: Lanes) -> tuple[int, bool]:
        """Deal with what goes together of all hosts, and open lanes for what comes before anything else and is none.

        How many of those there were, and whether nothing more can be begun now.
        """
        busy = {*lanes, *self._in_hand}
        async with self._wire.database.reading() as session:
            waiting = await received.waiting(
                session, types=_TOGETHER, limit=texts.AT_ONCE, per_host=PER_CLAIM, busy=busy
            )
        count = 0
        if waiting.together:
            async with self._wire.database.writing() as session:
                claimed = await received.claim_together(session, waiting.together)
            rest = await self._take_together(claimed)
            count = len(claimed) - len(rest)
            for one in rest:
                self._in_hand[one.host] = [*self._in_hand.get(one.host, ()), one]
        for host in [*self._in_hand, *waiting.hosts][: HOSTS_AT_ONCE - len(lanes)]:
            lanes[host] = asyncio.create_task(self._lane(host, self._in_hand.pop(host, ())), name=f"inbox lane {host}")
        return count, waiting.is_all or not count

    async def _lane(self, host: str, waiting: Sequence[Claimed]) -> int:
        """One turn of a host: what it sent first, in order; how much that was."""
        if not waiting:
            async with self._wire.database.writing() as session:
                waiting = await received.claim(session, host, limit=PER_CLAIM)
        if not waiting:  # another process is at it
            await asyncio.sleep(_PACE_SECONDS)
        count = len(waiting)
        while waiting:
            if self._is_stopping:
                await self._give_back(waiting)
                break
            await self._process(waiting[0])
            waiting = await self._take_together(waiting[1:])
        return count

    async def _take_together(self, claimed: Sequence[Claimed]) -> Sequence[Claimed]:
        """Deal with what begins the queue of each server, as far as that goes for many at a time; what remains."""
        remaining = await texts.take(self._wire, claimed)
        return await light.take(self._wire, remaining) if remaining else remaining

    async def _give_back(self, waiting: Sequence[Claimed]) -> None:
        async with self._wire.database.writing() as session:
            await received.give_back(session, waiting)

    async def _process(self, claimed: Claimed) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                incoming = await self._authenticated(claimed)
                handler = HANDLERS[incoming.type]
                if handler.gather is not None:
                    await handler.gather(incoming)
            async with self._wire.database.writing() as session:
                if await received.holds(session, claimed):
                    outcome = await handler.apply(session, incoming)
                    await forwarding.consider(session, incoming)
                    await received.finish(session, claimed, ReceivedState.DONE, outcome)
        except Ignored as ignored:
            await self._finish(claimed, ReceivedState.IGNORED, ignored.reason)
        except Refused as refused:
            await self._refuse(claimed, refused)
        except Waiting as waiting:
            await self._again(claimed, str(waiting))
        except TimeoutError:
            await self._again(claimed, "took too long")
        except (ProtocolError, DomainError) as error:
            if remote_posts.is_passing(error):
                await self._again(claimed, repr(error))
            else:
                await self._finish(claimed, ReceivedState.IGNORED, repr(error))
        except Exception as error:
            log.exception("activity failed", extra={"host": claimed.host, "received": claimed.id})
            await self._again(claimed, f"{type(error).__name__}: {error}")

    # Who says so

    async def _authenticated(self, claimed: Claimed) -> Incoming:
        """The activity with the actor who is proved to have made it, or what its origin says instead (INB-7)."""
        try:
            document = parse_json(claimed.body, max_bytes=len(claimed.body))
        except BadJson as error:
            raise Ignored(repr(error)) from None
        if claimed.type not in HANDLERS:
            raise Ignored(f"{claimed.type}: {received.UNKNOWN}")
        if not claimed.actor_uri:
            return await self._as_its_origin_says(claimed, document)
        sender = await self._sender(claimed, document)
        return Incoming.of_queue(self._wire, claimed, document, sender)

    async def _sender(self, claimed: Claimed, document: Document) -> Actor:
        async with self._wire.database.reading() as session:
            await trust.admit(session, claimed.host)  # suspended since it came
            sender = await actors.by_uri(session, claimed.actor_uri)
        if sender is None or sender.deleted_at is not None:
            raise Ignored("its actor is not known any more")
        if "proof" in document:
            try:
                await trust.is_proven(self._wire, document, claimed.actor_uri)
            except BadProof as error:  # a false proof outweighs the signature of the request
                raise Refused("PRF-2", str(error.facts.get("reason", error.code))) from None
        return sender

    async def _as_its_origin_says(self, claimed: Claimed, document: Document) -> Incoming:
        """Somebody brought word of another's activity: only what the object's own origin confirms counts."""
        uri = members.checked_id(document.get("object"), insecure_hosts=self._wire.insecure_hosts)
        if uri is None or trust.is_own(self._wire, uri):
            raise Ignored("brought by somebody else")
        incoming = Incoming(
            wire=self._wire,
            document={"type": claimed.type, "object": uri},
            type=claimed.type,
            sender=Actor(uri=""),
            received_at=claimed.received_at,
        )
        if claimed.type == "Delete":
            async with self._wire.database.reading() as session:
                post = await receiving.by_uri(session, uri)
                author = await session.get(Actor, post.author_id) if post is not None else None
            if author is None:
                raise Ignored("brought by somebody else, and about nothing here")
            was_for_all = post is not None and post.visibility in (Visibility.PUBLIC, Visibility.UNLISTED)
            if not await announce.is_gone(incoming, was_for_all=was_for_all):
                raise Ignored("its origin still has it")
            incoming.object_is_gone = True
            incoming.sender = author
        else:
            incoming.seen = await remote_posts.fetch(self._wire, uri, incoming.budget)
            incoming.sender = incoming.seen.author
        return incoming

    # How it ends

    async def _finish(self, claimed: Claimed, state: ReceivedState, outcome: str) -> None:
        async with self._wire.database.writing() as session:
            await received.finish(session, claimed, state, shorten_text(outcome, limit=received.OUTCOME_LIMIT))

    async def _again(self, claimed: Claimed, why: str) -> None:
        async with self._wire.database.writing() as session:
            await received.again(session, claimed, shorten_text(why, limit=received.OUTCOME_LIMIT))

    async def _refuse(self, claimed: Claimed, refused: Refused) -> None:
        """Note the refusal where people look for it; a group of ours tells the author (GRP-6)."""
        group_id = refused.group_id
        if group_id is not None:
            await self._wire.keys.ensure(self._wire.database, group_id)  # making them takes long
        async with self._wire.database.writing() as session:
            if not await received.holds(session, claimed):
                return
            await received.finish(session, claimed, ReceivedState.REFUSED, f"{refused.rule}: {refused.reason}")
            audit.note(
                session,
                "activity_refused",
                host=claimed.host,
                rule=refused.rule,
                reason=refused.reason,
                activity=claimed.uri,
                type=claimed.type,
                actor=claimed.actor_uri,
            )
            sender = await actors.by_uri(session, claimed.actor_uri) if claimed.actor_uri else None
            await ledger.append(
                session,
                ledger.Fact(
                    outcome=Outcome.REFUSED,
                    what=claimed.type,
                    actor=sender.handle if sender is not None else claimed.host,
                    rule=refused.rule,
                    object_uri=refused.object_uri,
                    group_id=group_id,
                    hosts=(claimed.host,),
                    digest=hashlib.sha256(claimed.body).hexdigest(),
                ),
            )
            if group_id is None or sender is None:
                return
            document: Document = {
                "id": sending.mint(session),
                "type": "Reject",
                "actor": refused.group_uri,
                "to": [sender.uri],
                "object": claimed.uri,
            }
            await sending.send(
                session,
                self._wire.keys,
                document,
                actor=await session.get_one(Actor, group_id),
                inboxes=[(sender.inbox, sender.host)],
                subject=sending.Subject(rule=refused.rule, object_uri=claimed.uri, group_id=group_id),
            )


def _forget_ended(lanes: Lanes) -> None:
    for host in [host for host, task in lanes.items() if task.done()]:
        if (fault := lanes.pop(host).exception()) is not None:
            log.error("an inbox lane ended", exc_info=fault, extra={"host": host})
