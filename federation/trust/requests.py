"""Who stands behind a request: the signature it carries, judged first without and then with its key."""

from aiohttp import web

from federation import peers, signatures
from federation.errors import ProtocolError
from federation.known import KnownKey
from federation.signatures import AlgorithmRefused, BadSignature, Parsed, Request, SignatureMissing, SignatureRefused
from federation.trust.admission import Looked, NotAdmitted, admit
from federation.trust.keys import key_for, newer_key
from federation.vocabulary import host_of
from federation.wire import AuthorizedFetch, Wire
from models import policy
from models.base import now
from models.viewers import ANONYMOUS, Anonymous, RemoteViewer

ACCEPT_SIGNATURE = 'sig1=("@method" "@target-uri" "content-digest");created;keyid;alg="rsa-v1_5-sha256"'


def received_request(request: web.Request, wire: Wire, body: bytes = b"") -> Request:
    """The request as the signature code sees it: under our external address, whatever a proxy made of it (SIG-11)."""
    return Request(request.method, wire.database.instance.base_url + request.raw_path, request.headers, body)


def parse(wire: Wire, request: Request) -> Parsed:
    """All checks of a signature that need no key. Raises SignatureRefused."""
    return signatures.parse(request, hosts={wire.database.instance.host}, now=now(), max_age=wire.signature_max_age)


def recognise(wire: Wire, parsed: Parsed) -> KnownKey | None:
    """Who signed a request that passed `parse`, as far as memory tells: a good signature, by a key that is known.

    Ask `standing` whether the key still holds before it counts. None for whatever is missing or odd: that wants
    `prove`, which says what is wrong.
    """
    known = wire.memory.keys.get(parsed.key_id) if parsed.nonce is None else None
    if known is None:
        return None
    try:
        signatures.verify(parsed, known.public, now=now())
    except SignatureRefused:
        return None
    return known


async def prove(wire: Wire, parsed: Parsed, *, looked: Looked | None = None) -> KnownKey:
    """Ask the key of a request that passed `parse`, and of an admitted host; a key that fails is fetched anew, once.

    `looked`: `look` was asked about its key just now.

    Raises:
        SignatureRefused: it does not hold, or came before. KeyUnavailable, TooManyKeys, NotAdmitted: see `key_for`.
    """
    if parsed.nonce is not None and wire.memory.nonces.get((parsed.key_id, parsed.nonce)):
        raise SignatureRefused(reason="nonce")
    known = await key_for(wire, parsed.key_id, looked=looked)
    try:
        signatures.verify(parsed, known.public, now=now())
    except (BadSignature, AlgorithmRefused):
        newer = await newer_key(wire, known)
        if newer is None:
            raise
        known = newer
        signatures.verify(parsed, known.public, now=now())
    if parsed.nonce is not None:
        wire.memory.nonces.put((parsed.key_id, parsed.nonce), True)
    return known


async def signed_by(request: web.Request, wire: Wire) -> KnownKey | None:
    """Whose signature a GET carries; None for an unsigned one.

    Raises:
        SignatureRefused, KeyUnavailable, TooManyKeys, BadUrl: it does not hold.
        NotAdmitted: its host is none we talk with; nothing was fetched and nothing verified.
    """
    received = received_request(request, wire)
    if not signatures.is_signed(received):
        return None
    try:
        parsed = parse(wire, received)
    except SignatureMissing:
        return None
    async with wire.database.reading() as session:
        await admit(session, host_of(parsed.key_id))
    known = await prove(wire, parsed)
    await peers.note_life(wire, known.host)
    return known


async def viewer(request: web.Request, wire: Wire) -> RemoteViewer | Anonymous:
    """Who asks. A signature that does not hold is no signature where the world may read anyway (SIG-34).

    Raises:
        web.HTTPUnauthorized: it does not hold, and reading needs one here; with the challenge of SIG-29.
    """
    try:
        known = await signed_by(request, wire)
    except NotAdmitted as error:
        return RemoteViewer(host=str(error.facts.get("host", "")), is_admitted=False)
    except ProtocolError:
        if wire.authorized_fetch is AuthorizedFetch.OPEN:
            return ANONYMOUS
        raise challenge() from None
    if known is None:
        return ANONYMOUS
    async with wire.database.reading() as session:
        return await policy.remote_viewer(session, known.host, None if known.is_server else known.actor_id)


async def guest(request: web.Request, wire: Wire) -> RemoteViewer | Anonymous:
    """Who asks where nobody needs to say so (WebFinger): an admitted server by its signature, else anybody."""
    try:
        known = await signed_by(request, wire)
    except ProtocolError:
        return ANONYMOUS
    if known is None:
        return ANONYMOUS
    async with wire.database.reading() as session:
        return await policy.remote_viewer(session, known.host, None if known.is_server else known.actor_id)


def challenge() -> web.HTTPUnauthorized:
    """The answer to a request that must be signed and is not, or not well (HTTP-6, SIG-29)."""
    return web.HTTPUnauthorized(
        text="Sign this request.\n",
        headers={
            "WWW-Authenticate": "Signature",
            "Accept-Signature": ACCEPT_SIGNATURE,
            "Cache-Control": "private, no-store",
            "Vary": "Accept, Signature, Signature-Input",
        },
    )
