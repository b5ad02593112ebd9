"""Quotes: others ask to quote posts of ours, answer what we ask, take consents back, and quote (FEP-044f, POL-5)."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation import remote_posts, stamps, trust
from federation.activities import places
from federation.activities.registry import Ignored, Incoming, Refused, receives
from federation.errors import ProtocolError
from federation.remote_posts import Seen
from federation.stamps import Claim
from federation.vocabulary import ids_of, same_origin
from models import journal, policy, quotes
from models.errors import DomainError
from models.journal import ForwardedRevocation
from models.posts import receiving
from models.tables import Actor, ConsentKind, Post

_TYPES = {ConsentKind.QUOTE: "QuoteAuthorization", ConsentKind.REPLY: "ReplyApproval"}


# Asking us


async def gather_request(incoming: Incoming) -> None:
    """Read the post that is to quote: what came along if it is the asker's own, else what its server says."""
    if incoming.via is not None:
        raise Refused("POL-5", "a group does not ask for others")
    instrument, uri = incoming.document.get("instrument"), incoming.address(incoming.document.get("instrument"))
    if uri is None or incoming.object_id is None or not trust.is_own(incoming.wire, incoming.object_id):
        raise Ignored("asks for nothing here")
    if not same_origin(uri, incoming.sender.uri):
        raise Refused("POL-5", "asks for somebody else", object_uri=uri)
    if isinstance(instrument, dict) and incoming.sender.uri in ids_of(instrument.get("attributedTo")):
        seen = await remote_posts.read(incoming.wire, instrument, incoming.budget, known=incoming.sender)
    else:
        seen = await remote_posts.fetch(incoming.wire, uri, incoming.budget)
    if seen.author.uri != incoming.sender.uri or seen.post.uri != uri:
        raise Refused("POL-5", "asks for somebody else", object_uri=uri)
    if seen.post.quote_uri != incoming.object_id:
        raise Refused("POL-5", "quotes something else", object_uri=uri)
    incoming.seen = seen


@receives("QuoteRequest", gather=gather_request)
async def request(session: AsyncSession, incoming: Incoming) -> str:
    """Agree or not, as the author's rule says; who may not see the post is told nothing (R-71)."""
    seen, uri = incoming.seen, incoming.object_id
    target = await receiving.by_uri(session, uri) if uri is not None else None
    viewer = await policy.remote_viewer(session, incoming.sender.host, incoming.sender.id)
    if seen is None or target is None or target.boost_of_id is not None:
        raise Ignored("asks for nothing here")
    if not await policy.may_see(session, viewer, target.id):
        raise Ignored("asks for nothing that they may see")
    agreed = await quotes.receive_request(
        session, target, uri=seen.post.uri, request_uri=incoming.id, by=incoming.sender
    )
    return "agreed" if agreed else "not agreed"


# What those whom we asked say


async def gather_answer(incoming: Incoming) -> None:
    """Where it answers what we asked, look at the stamp that comes with a yes."""
    async with incoming.wire.database.reading() as session:
        consent = await quotes.asked(session, _asked(incoming), of=incoming.sender)
    if consent is None or incoming.via is not None:
        return
    incoming.consent_id = consent.id
    if incoming.type == "Reject":
        return
    stamp = incoming.address(incoming.document.get("result"))
    claim = Claim(
        type=_TYPES[consent.kind], author=incoming.sender.uri, interaction=consent.uri, target=consent.target_uri
    )
    if stamp is None or not await stamps.holds(incoming.wire, incoming.budget, stamp, claim):
        raise Refused("POL-4", "agrees without a stamp that holds", object_uri=consent.uri)
    incoming.stamp_uri = stamp


def _asked(incoming: Incoming) -> list[str]:
    """The ids by which an answer may name what it is about."""
    inner = incoming.object if isinstance(incoming.object, dict) else {}
    named = (incoming.object_id, incoming.address(inner.get("instrument")), incoming.address(inner.get("object")))
    return [uri for uri in named if uri is not None]


async def answered(session: AsyncSession, incoming: Incoming) -> str | None:
    """What came of an answer to something we asked; None when it is about something else."""
    if incoming.consent_id is None:
        return None
    if not await quotes.receive_answer(session, incoming.consent_id, stamp_uri=incoming.stamp_uri):
        raise Ignored("known already")
    return "agreed" if incoming.stamp_uri is not None else "not agreed"


async def taken_back(session: AsyncSession, incoming: Incoming, uri: str) -> str | None:
    """What came of the Delete of a stamp; None when `uri` is none. Only its author's server takes one back."""
    consent = await quotes.stamped(session, uri)
    if consent is None:
        return None
    if not same_origin(uri, incoming.sender.uri) or incoming.via is not None:
        raise Refused("R-14", "is somebody else's", object_uri=uri)
    if not await quotes.receive_revocation(session, consent):
        raise Ignored("was taken back before")
    if consent.post_id is not None and incoming.received_id is not None:
        journal.record(session, ForwardedRevocation(consent.post_id, incoming.received_id))
    return "taken back"


# Quoting


async def gather_quote(incoming: Incoming, seen: Seen) -> None:
    """Look at the stamp of a post that quotes, and get what it quotes if that is not here and for everybody."""
    uri = seen.post.quote_uri
    if uri is None or uri == seen.post.uri or trust.is_own(incoming.wire, uri):
        return
    async with incoming.wire.database.reading() as session:
        target = await receiving.by_uri(session, uri)
        author = await session.get(Actor, target.author_id) if target is not None else None
        is_buried = target is None and await remote_posts.is_settled(session, uri)
    if author is None and not is_buried:
        try:
            incoming.quoted = await remote_posts.fetch(incoming.wire, uri, incoming.budget)
            author = incoming.quoted.author
        except (ProtocolError, DomainError) as error:
            if remote_posts.is_passing(error) and incoming.may_wait:
                raise
    if author is None:
        return
    if author.uri == seen.author.uri:
        incoming.is_agreed = True
    elif seen.post.quote_stamp is not None:
        claim = Claim(type="QuoteAuthorization", author=author.uri, interaction=seen.post.uri, target=uri)
        incoming.is_agreed = await stamps.holds(incoming.wire, incoming.budget, seen.post.quote_stamp, claim)


async def note(session: AsyncSession, incoming: Incoming, seen: Seen, post: Post) -> bool:
    """Keep what a post from elsewhere quotes; whether that may be shown now."""
    uri = seen.post.quote_uri
    if uri is None or uri == seen.post.uri:
        return False
    target = await receiving.by_uri(session, uri)
    if target is None and incoming.quoted is not None:
        where = await places.of_parent(session, incoming.quoted, None)
        if where is not None:
            target = await receiving.receive(session, places.told(incoming.quoted, where))
    return await quotes.note(
        session,
        post,
        target_uri=target.uri if target is not None else uri,
        target=target,
        stamp_uri=seen.post.quote_stamp,
        agreed=incoming.is_agreed,
    )
