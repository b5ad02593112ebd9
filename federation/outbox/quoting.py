"""Quotes: asking those whom posts of ours quote, answering those who ask, taking consents back (FEP-044f, POL-5)."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation import stamps
from federation.documents import activity
from federation.documents.post import Leaving
from federation.keys import KeyRing
from federation.outbox.sending import Inbox, Subject, hosts_of, mint, pass_on, send
from federation.vocabulary import Document
from models import actors, deliveries, policy, quotes, received
from models.journal import ForwardedRevocation, QuoteAnswered, QuoteRevoked
from models.posts import departing, writing
from models.tables import Actor, Consent, ConsentState

RULE = "quote"


async def ask(keys: KeyRing, session: AsyncSession, leaving: Leaving, document: Document) -> None:
    """QuoteRequest to the author of a quoted post elsewhere, once, as soon as they may read what quotes it."""
    consent = await quotes.of_post(session, leaving.post.id)
    if consent is None or consent.state is not ConsentState.PENDING or consent.request_uri is None:
        return
    if await deliveries.by_uri(session, consent.request_uri) is not None:
        return
    target = await departing.by_id(session, consent.target_id)
    if target is None:
        return
    author = await session.get_one(Actor, target.author_id)
    viewer = await policy.remote_viewer(session, author.host, author.id)
    if not await policy.may_see(session, viewer, leaving.post.id):
        return
    request = activity.quote_request(consent.request_uri, leaving.author.uri, target.uri, document, to=author.uri)
    subject = Subject(rule=RULE, object_uri=target.uri, group_id=leaving.post.group_id)
    sent = await send(
        session, keys, request, actor=leaving.author, inboxes=[(author.inbox, author.host)], subject=subject
    )
    await actors.disclose(session, leaving.author.id, hosts_of(sent))


async def answered(keys: KeyRing, session: AsyncSession, entry: QuoteAnswered) -> None:
    """Accept with the stamp, or Reject, to who asked."""
    consent, to = await session.get(Consent, entry.consent_id), await session.get(Actor, entry.to_id)
    target = await departing.by_id(session, consent.target_id) if consent is not None else None
    if consent is None or to is None or target is None or consent.request_uri is None:
        return
    author = await session.get_one(Actor, target.author_id)
    agreed = consent.state is ConsentState.ACCEPTED
    document = activity.quote_answer(
        mint(session),
        author.uri,
        to=to.uri,
        request_uri=consent.request_uri,
        quoted=target.uri,
        post_uri=consent.uri,
        stamp_uri=consent.stamp_uri if agreed else None,
    )
    subject = Subject(rule=RULE, object_uri=consent.uri, group_id=target.group_id)
    await send(session, keys, document, actor=author, inboxes=[(to.inbox, to.host)], subject=subject)


async def revoked(keys: KeyRing, session: AsyncSession, entry: QuoteRevoked) -> None:
    """Delete of the stamp, to who quotes it; where that is one of ours, to those who have the quote."""
    consent = await session.get(Consent, entry.consent_id)
    target = await departing.by_id(session, consent.target_id) if consent is not None else None
    if consent is None or target is None or consent.stamp_uri is None or not target.is_local:
        return
    author = await session.get_one(Actor, target.author_id)
    inboxes = await _quoted_at(session, consent)
    claim = stamps.Claim(type="QuoteAuthorization", author=author.uri, interaction=consent.uri, target=target.uri)
    to = [wish.uri for wish in await _quoting_author(session, consent)]
    document = activity.delete_stamp(mint(session), author.uri, stamps.render(consent.stamp_uri, claim), to=to)
    subject = Subject(rule=RULE, object_uri=consent.stamp_uri, group_id=target.group_id)
    await send(session, keys, document, actor=author, inboxes=inboxes, subject=subject)


async def _quoting_author(session: AsyncSession, consent: Consent) -> list[Actor]:
    post = await departing.by_id(session, consent.post_id)
    return [await session.get_one(Actor, post.author_id)] if post is not None else []


async def _quoted_at(session: AsyncSession, consent: Consent) -> list[Inbox]:
    post = await departing.by_id(session, consent.post_id)
    if post is None or not post.is_local:
        return [(actor.inbox, actor.host) for actor in await _quoting_author(session, consent)]
    return [(inbox, one.host) for inbox, one in (await writing.departures(session, post.id)).items()]


async def forwarded(keys: KeyRing, session: AsyncSession, entry: ForwardedRevocation) -> None:
    """The Delete of a stamp as it came, to those who have our post that quoted by it (ActivityPub §7.1.2)."""
    del keys
    came, post = await received.by_id(session, entry.received_id), await departing.by_id(session, entry.post_id)
    if came is None or post is None or not post.is_local:
        return
    have = await writing.departures(session, post.id)
    inboxes = [(inbox, one.host) for inbox, one in have.items()]
    author = await session.get_one(Actor, post.author_id)
    subject = Subject(rule=RULE, what="Delete", object_uri=post.uri, group_id=post.group_id)
    await pass_on(session, came, actor=author, inboxes=inboxes, subject=subject)
