"""The inbox, from the first byte to 202: cheap checks, admission, signature, storage; effects come later.

The first step that fails answers (protocol section 10). Whether a personal inbox exists is said only to whom has proved
who it is, because some inboxes are nobody's business (R-71). 202 means that the bytes are durable.
"""

import asyncio
import hashlib
import logging
import re
from datetime import datetime
from typing import Any

from aiohttp import web
from msgspec import Struct
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from federation import decisions, signatures, trust
from federation.answers import not_found, plain
from federation.errors import ProtocolError
from federation.fetch import FetchFailed
from federation.inbox import arrivals
from federation.inbox.arrivals import Arrival, Outcome, owner_id
from federation.signatures import BadProof, Parsed, SignatureRefused
from federation.trust import KeyUnavailable, KnownKey, Looked, NotAdmitted, TooManyKeys
from federation.upkeep import comparing
from federation.vocabulary import (
    BadJson,
    BadUrl,
    Document,
    as_list,
    checked_url,
    host_of,
    id_of,
    is_inbox_media_type,
    parse_json,
    same_origin,
    types_of,
)
from federation.wire import WIRE, Wire
from models import actors, audit
from models.received import Arrived
from models.text.clean import shorten_text

log = logging.getLogger(__name__)

BODY_SECONDS = 30.0
BURST_MINUTES = 2
WITHOUT_ID = frozenset({"Follow", "Undo", "Delete", "Accept", "Reject"})
_KEY_ID = re.compile(r'keyid="([^"]{1,2048})"', re.IGNORECASE)
_TYPE = re.compile(r"[A-Za-z]{1,64}")
_AGAIN_IN = 60.0
_NOTED_PER_MINUTE = 10
_NOTED_PER_MINUTE_IN_ALL = 60
_FACT = 300


class Refusal(Exception):
    """The answer to an activity that is not taken; `rule` names the step of section 10."""

    def __init__(self, status: int, rule: str, reason: str, *, retry_after: float | None = None) -> None:
        self.status = status
        self.rule = rule
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(reason)


class _Sent(Struct, frozen=True):
    """An activity as it came, read as far as everything after needs it."""

    document: Document
    body: bytes
    id: str
    type: str
    actor: str

    @property
    def object_id(self) -> str | None:
        return id_of(self.document.get("object"))

    @property
    def ends_its_actor(self) -> bool:
        return self.type == "Delete" and self.object_id == self.actor


async def receive(request: web.Request) -> web.Response:
    """`POST /inbox` and the personal inboxes."""
    wire = request.app[WIRE]
    try:
        outcome = await _take_in(request, wire)
    except Refusal as refusal:
        await _note(request, wire, refusal)
        return _answer(request, refusal)
    except DBAPIError:
        log.exception("inbox cannot store")
        return plain(503, retry_after=_AGAIN_IN)
    return not_found(request) if outcome is Outcome.NOBODYS else web.Response(status=202)


def _answer(request: web.Request, refusal: Refusal) -> web.Response:
    answer = plain(refusal.status, retry_after=refusal.retry_after)
    if refusal.status == 401:
        answer.headers["WWW-Authenticate"] = "Signature"
        answer.headers["Accept-Signature"] = trust.ACCEPT_SIGNATURE
    return answer


async def _take_in(request: web.Request, wire: Wire) -> Outcome:
    """All steps: the short way for those we know, otherwise one by one."""
    _refuse_early(request, wire)  # INB-1
    body = await _read_body(request, wire.max_body)
    sent = _read(body, wire)  # INB-2
    claim = _claim(wire, trust.received_request(request, wire, body))
    signer = _recognised(wire, claim, sent)
    if signer is not None:
        outcome = await _store(request, wire, sent, signer)
        if outcome is not Outcome.STALE or signer.by is None:
            return outcome
        wire.memory.keys.drop(signer.by.uri)
    looked = await trust.look(wire, host_of(sent.actor), claim.key_id if isinstance(claim, Parsed) else None)
    _admit(wire, looked, sent.actor)
    if sent.ends_its_actor and not await _is_known(wire, sent.actor):
        return Outcome.NO_NEWS  # INB-4: whoever is gone cannot sign, and we have nothing to delete
    signer = await _authenticate(wire, claim, sent, looked)  # INB-5, INB-7
    if same_origin(sent.id, sent.actor):
        outcome = await _store(request, wire, sent, signer)  # INB-3, INB-9
        if outcome is Outcome.STALE and signer.by is not None:  # it changed while we looked: the next try begins anew
            wire.memory.keys.drop(signer.by.uri)
            raise Refusal(401, "INB-5", "key_changed")
        return outcome
    if await _is_there(request, wire, signer):  # INB-3
        raise Refusal(403, "INB-8", "origin")
    return Outcome.NOBODYS


def _recognised(wire: Wire, claim: "_Claim", sent: _Sent) -> "_Signer | None":
    """Who brings something of their own, with a key that is in memory; None in any other case.

    No step is left out: whether their server is admitted is asked where the activity is stored, and a request that
    fails anywhere on this way begins again on the other, where the first step that fails answers.
    """
    if isinstance(claim, SignatureRefused) or sent.ends_its_actor or not same_origin(sent.id, sent.actor):
        return None
    known = trust.recognise(wire, claim)
    if known is None or known.actor_uri != sent.actor:
        return None
    return _Signer(known.host, True, claim.signed_at, parsed=claim, by=known)


# INB-1


def _refuse_early(request: web.Request, wire: Wire) -> None:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refusal(415, "INB-1", "content_encoding")
    if not is_inbox_media_type(request.headers.get("Content-Type")):
        raise Refusal(415, "INB-1", "content_type")
    if (request.content_length or 0) > wire.max_body:
        raise Refusal(413, "INB-1", "too_large")
    # by host and address, so that nobody uses up the rate of another by writing its name
    name = f"{_claimed_host(request)} {request.remote}"
    rate = wire.requests_per_minute
    seconds = wire.memory.arrivals.take(name, per_minute=rate, burst=rate * BURST_MINUTES)
    if seconds > 0:
        raise Refusal(429, "INB-1", "rate", retry_after=seconds)


def _claimed_host(request: web.Request) -> str:
    """Whose key the request says it is signed with: good for counting, proof of nothing."""
    for name in ("Signature-Input", "Signature", "Authorization"):
        found = _KEY_ID.search(request.headers.get(name, ""))
        if found is not None:
            try:
                return host_of(found[1])
            except BadUrl:
                return ""
    return ""


async def _read_body(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > limit:
                    raise Refusal(413, "INB-1", "too_large")
    except TimeoutError:
        raise Refusal(408, "INB-1", "timeout") from None
    return bytes(body)


# INB-2


def _read(body: bytes, wire: Wire) -> _Sent:
    try:
        document = parse_json(body, max_bytes=wire.max_body)
    except BadJson as error:
        raise Refusal(400, "INB-1", str(error.facts.get("reason", error.code))) from None
    type = next((name for name in types_of(document) if _TYPE.fullmatch(name)), None)
    if type is None:
        raise Refusal(400, "INB-1", "type")
    actor = _actor(document, wire)
    uri = document.get("id")
    if uri is None and type in WITHOUT_ID:
        uri = f"{actor.partition('#')[0]}#unnamed-{hashlib.sha256(body).hexdigest()}"
    if not isinstance(uri, str) or not _is_address(uri, wire):
        raise Refusal(400, "INB-2", "id")
    if type == "Announce" and isinstance(document.get("object"), dict):
        # one forum gives all announcements of a post the same id: what counts is what they hold
        uri = f"{uri}#holds-{hashlib.sha256(body).hexdigest()}"
    return _Sent(document, body, uri, type, actor)


def _actor(document: Document, wire: Wire) -> str:
    named = as_list(document.get("actor"))
    actor = id_of(named[0]) if len(named) == 1 else None
    if actor is None or not _is_address(actor, wire):
        raise Refusal(400, "INB-2", "actor")
    return actor


def _is_address(text: str, wire: Wire) -> bool:
    try:
        checked_url(text, insecure=wire.insecure_hosts)
    except BadUrl:
        return False
    return True


def _admit(wire: Wire, looked: Looked, uri: str) -> None:
    try:
        looked.admit(wire, host_of(uri))
    except NotAdmitted:
        raise Refusal(403, "INB-2", "not_admitted") from None


async def _is_known(wire: Wire, uri: str) -> bool:
    async with wire.database.reading() as session:
        known = await actors.by_uri(session, uri)
    return known is not None and known.deleted_at is None


# INB-3, INB-5, INB-7


_Claim = Parsed | SignatureRefused
"""The signature of a request as far as it needs no key, or what is wrong with it: said when its turn comes (INB-5)."""


def _claim(wire: Wire, signed: signatures.Request) -> _Claim:
    try:
        return trust.parse(wire, signed)
    except SignatureRefused as error:
        return error


class _Signer(Struct, frozen=True):
    """Which server brought an activity, whether it is proved to be its actor's own, and when the actor signed it.

    Without proof it may still point at something that its origin can confirm. There is no time where somebody else
    brought it, or where the actor's own server says that the actor is gone; in that case there is no key `by` which
    it is known, either.
    """

    host: str
    is_proven: bool
    signed_at: datetime | None = None
    parsed: Parsed | None = None
    by: KnownKey | None = None


async def _authenticate(wire: Wire, claim: _Claim, sent: _Sent, looked: Looked) -> _Signer:
    try:
        if isinstance(claim, SignatureRefused):
            raise claim
        parsed = claim
        if host_of(parsed.key_id) != host_of(sent.actor):
            _admit(wire, looked, parsed.key_id)
        known = await trust.prove(wire, parsed, looked=looked)
    except KeyUnavailable as error:
        if error.is_gone and sent.ends_its_actor and await _is_over(wire, parsed.key_id, sent.actor):
            return _Signer(host_of(sent.actor), True)  # INB-4
        raise Refusal(401, "INB-5", str(error.facts.get("reason", error.code))) from None
    except TooManyKeys as error:
        raise Refusal(429, "INB-5", error.code, retry_after=_AGAIN_IN) from None
    except SignatureRefused as error:
        raise Refusal(error.status, "INB-5", error.code) from None
    except (NotAdmitted, BadUrl) as error:
        raise Refusal(403, "INB-2", error.code) from None
    if known.actor_uri == sent.actor:
        return _Signer(known.host, True, parsed.signed_at, parsed=parsed, by=known)
    if await _is_proven(wire, sent):
        return _Signer(known.host, True, parsed=parsed, by=known)
    if sent.type in ("Create", "Update", "Delete") and sent.object_id is not None:
        return _Signer(known.host, False, parsed=parsed, by=known)
    raise Refusal(401, "INB-7", "signer_is_not_actor")


async def _is_over(wire: Wire, gone: str, actor: str) -> bool:
    """R-14: whether an actor is gone by the word of its own server. `gone` is a key that is: that must be the actor's
    own address, since any deleted post there is gone as well, and anybody can name it as their key."""
    if gone.partition("#")[0] == actor:
        return True
    if not same_origin(gone, actor):
        return False
    try:
        return "Tombstone" in types_of((await trust.fetch(wire, actor)).document)
    except FetchFailed as error:
        return error.http_status == 410
    except ProtocolError:
        return False


async def _is_proven(wire: Wire, sent: _Sent) -> bool:
    """INB-7: whether a proof inside shows that the actor made it, whoever brought it."""
    try:
        return await trust.is_proven(wire, sent.document, sent.actor)
    except BadProof as error:
        raise Refusal(401, "INB-7", error.code) from None
    except TooManyKeys as error:
        raise Refusal(429, "INB-7", error.code, retry_after=_AGAIN_IN) from None


def _personal(request: web.Request, wire: Wire) -> str | None:
    return None if request.path == "/inbox" else wire.database.instance.url(request.path)


async def _is_there(request: web.Request, wire: Wire, signer: _Signer) -> bool:
    """Whether the inbox is anybody's, as far as the server that asks may know."""
    inbox = _personal(request, wire)
    if inbox is None:
        return True
    async with wire.database.reading() as session:
        return await owner_id(session, signer.host, inbox) is not None


# INB-3, INB-9


async def _store(request: web.Request, wire: Wire, sent: _Sent, signer: _Signer) -> Outcome:
    """Store it, and note what follows from its having come."""
    host, woken = signer.host, wire.memory.woken
    is_first = woken.get(host) is None
    if is_first:
        woken.put(host, True)
    arrival = Arrival(
        arrived=Arrived(
            uri=sent.id,
            host=host,
            type=sent.type,
            actor_uri=sent.actor if signer.is_proven else "",
            body=sent.body,
            signed_at=signer.signed_at,
            home=host_of(sent.actor),
        ),
        inbox=_personal(request, wire),
        by=signer.by,
        is_first=is_first,
    )
    outcome = await wire.commits.add(wire.database, arrivals.store, arrival)
    if outcome is not Outcome.STORED:
        if is_first:
            woken.drop(host)
        return outcome
    if signer.parsed is not None and signer.by is not None:
        await comparing.note_header(wire, signer.parsed, signer.by.actor_uri)  # COL-9
    key_id = decisions.key_of(request.headers)
    decisions.note(wire, audit.TAKEN, host=host, rule="INB-9", key_id=key_id, activity=sent.id, type=sent.type)
    return outcome


async def _note(request: web.Request, wire: Wire, refusal: Refusal) -> None:
    """One line in the audit log, unless there were too many: rubbish must not fill the disk (B2B-5)."""
    host = _claimed_host(request)
    buckets = wire.memory.refusals
    for name, rate in ((f"{host} {request.remote}", _NOTED_PER_MINUTE), ("", _NOTED_PER_MINUTE_IN_ALL)):
        if buckets.take(name, per_minute=rate, burst=rate) > 0:
            return
    key_id = _KEY_ID.search(request.headers.get("Signature-Input", request.headers.get("Signature", "")))
    facts: dict[str, Any] = {
        "status": refusal.status,
        "reason": shorten_text(refusal.reason, limit=_FACT),
        "key_id": shorten_text(key_id[1], limit=_FACT) if key_id else "",
        "inbox": shorten_text(request.path, limit=_FACT),
    }

    async def write(session: AsyncSession) -> None:
        audit.note(session, audit.REFUSED, host=host, rule=refusal.rule, **facts)

    try:
        await wire.commits.write(wire.database, write)
    except DBAPIError:
        log.exception("refusal could not be noted")
