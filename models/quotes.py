"""Quotes with consent (FEP-044f): a post shows another one, if the author of that agrees and nobody reads it thereby
who could not before.

A quote of a post of ours is agreed to, or not, by the rule its author set; the stamp that says so is minted then. For a
post elsewhere its author is asked once the quoting post leaves to where they can read it; what never reaches them
cannot be asked for, and is shown in the house unless they said that they want to be asked.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from msgspec import Struct
from sqlalchemy import BigInteger, Select, and_, bindparam, case, select
from sqlalchemy import delete as sql_delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import journal, policy
from models.base import new_id, now
from models.errors import NotAllowed, NotFound
from models.instance import instance_of
from models.interactions import Interaction, QuotePolicy, Verdict, with_quoting
from models.prepared import prepare
from models.tables import Actor, Consent, ConsentKind, ConsentState, Follow, Group, Post, Reach, Visibility
from models.viewers import Staff, Viewer

_TARGET = aliased(Post)
_LIVING = (ConsentState.PENDING, ConsentState.ACCEPTED)


class CannotQuoteHere(NotAllowed):
    """This post cannot be quoted there: people would read it for whom it was not written."""

    code = "cannot_quote_here"
    status = 422


class CannotAsk(NotAllowed):
    """Its author wants to be asked before it is quoted, and would not get to see where: quote it in a public post."""

    code = "cannot_ask"
    status = 422


# Quoting


async def begin(session: AsyncSession, post: Post, target_id: int, *, by: Staff) -> Consent:
    """Let a new post of `by` quote another.

    Raises:
        NotFound: `by` does not see that one. CannotQuoteHere. NotPermitted: its author does not want that. CannotAsk.
    """
    target = await _seen(session, by, target_id)
    fits = await policy.may_quote_in(
        session, target, visibility=post.visibility, reach=post.reach, group_id=post.group_id
    )
    if not fits:
        raise CannotQuoteHere(field="quote", post_id=target.id)
    said = await policy.must_permit(session, by, target, Interaction.QUOTE)
    consent = _wish(ConsentKind.QUOTE, post, target)
    consent.state = ConsentState.ACCEPTED
    if target.is_local:
        consent.stamp_uri = _stamp(session) if target.author_id != by.actor_id else None
    elif await _reaches_author(session, post, target):
        consent.state = ConsentState.PENDING
        consent.request_uri = instance_of(session).mint("x")
    elif said is Verdict.MANUAL:
        raise CannotAsk(field="quote", post_id=target.id)
    session.add(consent)
    await session.flush()
    if consent.state is ConsentState.ACCEPTED:
        journal.record(session, journal.Quoted(consent.id))
    return consent


def _wish(kind: ConsentKind, post: Post, target: Post) -> Consent:
    """What the author of `target` has not been asked yet about a post of ours."""
    return Consent(
        id=new_id(),
        kind=kind,
        uri=post.uri,
        post_id=post.id,
        target_uri=target.uri,
        target_id=target.id,
    )


def _stamp(session: AsyncSession) -> str:
    return instance_of(session).mint("q")


async def _seen(session: AsyncSession, by: Staff, post_id: int) -> Post:
    post = await policy.visible_post(session, by, post_id)
    if post is None:
        raise NotFound(post_id=post_id, field="quote")
    return await session.get_one(Post, post.boost_of_id) if post.boost_of_id is not None else post


async def _reaches_author(session: AsyncSession, post: Post, target: Post) -> bool:
    """Whether the author of a post elsewhere may read `post` once it has left, so that they can be asked about it."""
    author = await session.get_one(Actor, target.author_id)
    if not await policy.is_admitted(session, author.host):
        return False
    if post.visibility in (Visibility.PUBLIC, Visibility.UNLISTED):
        return True
    if post.visibility is not Visibility.GROUP or post.reach is Reach.INTERNAL:
        return False
    return post.reach is Reach.PUBLIC or target.group_id == post.group_id


async def of_post(session: AsyncSession, post_id: int) -> Consent | None:
    """What a post quotes, whatever became of it."""
    return await session.scalar(select(Consent).where(Consent.post_id == post_id, Consent.kind == ConsentKind.QUOTE))


async def leaving(session: AsyncSession, post: Post) -> tuple[Consent, Post] | None:
    """What a post of ours quotes, where that may be told outside with it: not what stays, or waits at a gate."""
    consent = await of_post(session, post.id)
    if consent is None or consent.target_id is None or consent.state not in _LIVING:
        return None
    target = await session.get_one(Post, consent.target_id)
    if target.is_local and (target.published_revision is None or await _reach(session, target) is Reach.INTERNAL):
        return None
    fits = await policy.may_quote_in(
        session, target, visibility=post.visibility, reach=await _reach(session, post), group_id=post.group_id
    )
    return (consent, target) if fits else None


async def _reach(session: AsyncSession, post: Post) -> Reach:
    group = await session.get(Group, post.group_id) if post.group_id is not None else None
    return post.reach if group is None else post.reach.narrowed(group.reach)


async def erase(session: AsyncSession, post_id: int) -> None:
    """Forget what a post that is gone quoted or answered."""
    await session.execute(sql_delete(Consent).where(Consent.post_id == post_id))


# Asking before answering somebody (POL-3)


async def ask_to_answer(session: AsyncSession, post: Post, parent: Post, *, by: Staff) -> None:
    """An answer to a post outside groups whose author wants to be asked goes to them alone until they agree.

    Raises: NotPermitted.
    """
    if parent.interaction is None or parent.is_local or post.reach is Reach.INTERNAL:
        return
    said = await policy.must_permit(session, by, parent, Interaction.REPLY)
    if said is not Verdict.MANUAL or post.visibility not in (Visibility.PUBLIC, Visibility.UNLISTED):
        return
    session.add(_wish(ConsentKind.REPLY, post, parent))
    await session.flush()


async def answering(session: AsyncSession, post: Post) -> Consent | None:
    """What the author of the answered post said to `post`, if they had to be asked."""
    return await session.scalar(select(Consent).where(Consent.post_id == post.id, Consent.kind == ConsentKind.REPLY))


# What those who were asked say


async def asked(session: AsyncSession, uris: Iterable[str], *, of: Actor) -> Consent | None:
    """What we asked `of` for, by the id of the request or of the post it is about."""
    wanted = [uri for uri in uris if uri]
    return await session.scalar(
        select(Consent)
        .join(_TARGET, _TARGET.id == Consent.target_id)
        .join(Post, Post.id == Consent.post_id)
        .where(
            Consent.request_uri.in_(wanted) | ((Consent.kind == ConsentKind.REPLY) & Consent.uri.in_(wanted)),
            _TARGET.author_id == of.id,
            Post.is_local,
        )
        .limit(1)
    )


async def receive_answer(session: AsyncSession, consent_id: int, *, stamp_uri: str | None) -> bool:
    """Whoever was asked agrees, with the stamp that says so, or does not (None); False where that is known."""
    consent = await session.get_one(Consent, consent_id, with_for_update=True)
    state = ConsentState.ACCEPTED if stamp_uri is not None else ConsentState.REJECTED
    if consent.state is state or consent.state is ConsentState.REVOKED or consent.post_id is None:
        return False
    consent.state, consent.stamp_uri, consent.decided_at = state, stamp_uri, now()
    post = await session.get_one(Post, consent.post_id)
    if consent.kind is ConsentKind.QUOTE:
        journal.record(session, journal.PostRefreshed(post.id))
    elif state is ConsentState.ACCEPTED and post.published_revision is not None:
        journal.record(session, journal.PostReleased(post.id, post.published_revision))
    await session.flush()
    return True


async def stamped(session: AsyncSession, stamp_uri: str) -> Consent | None:
    """The consent that a stamp is about."""
    return await session.scalar(select(Consent).where(Consent.stamp_uri == stamp_uri))


async def receive_revocation(session: AsyncSession, consent: Consent) -> bool:
    """Whoever agreed to a quote takes that back; False where that is known."""
    if consent.state is ConsentState.REVOKED:
        return False
    consent.state, consent.decided_at = ConsentState.REVOKED, now()
    if consent.post_id is not None:
        journal.record(session, journal.PostRefreshed(consent.post_id))
    await session.flush()
    return True


# What others ask


async def receive_request(session: AsyncSession, target: Post, *, uri: str, request_uri: str, by: Actor) -> bool:
    """Somebody elsewhere asks to quote a post of ours that they may see with their post `uri`; whether they may.

    What was taken back once is not given again.
    """
    consent = await session.scalar(
        select(Consent).where(Consent.kind == ConsentKind.QUOTE, Consent.uri == uri).with_for_update()
    )
    if consent is None:
        consent = Consent(id=new_id(), kind=ConsentKind.QUOTE, uri=uri, target_uri=target.uri, target_id=target.id)
        session.add(consent)
    is_known = consent.state in (ConsentState.ACCEPTED, ConsentState.REVOKED) and consent.target_id == target.id
    if not is_known:
        consent.target_uri, consent.target_id = target.uri, target.id
        permits = await policy.verdict(session, by, target, Interaction.QUOTE) is Verdict.AUTOMATIC
        consent.state = ConsentState.ACCEPTED if permits else ConsentState.REJECTED
        consent.stamp_uri = _stamp(session) if permits else None
        consent.decided_at = now()
    consent.request_uri = request_uri
    await session.flush()
    journal.record(session, journal.QuoteAnswered(consent.id, by.id))
    return consent.state is ConsentState.ACCEPTED


async def is_shown(session: AsyncSession, post_id: int) -> bool:
    """Whether a post shows what it quotes."""
    consent = await of_post(session, post_id)
    return consent is not None and consent.state is ConsentState.ACCEPTED


async def is_agreed(session: AsyncSession, uri: str) -> bool:
    """Whether a post elsewhere has our consent to quote one of ours."""
    found = select(Consent.id).join(_TARGET, _TARGET.id == Consent.target_id)
    agreed = found.where(
        Consent.kind == ConsentKind.QUOTE,
        Consent.uri == uri,
        Consent.state == ConsentState.ACCEPTED,
        _TARGET.is_local,
    )
    return await session.scalar(agreed) is not None


async def note(
    session: AsyncSession, post: Post, *, target_uri: str, target: Post | None, stamp_uri: str | None, agreed: bool
) -> bool:
    """A post from elsewhere quotes another; whether it may be shown. `agreed`: same author, or a stamp that holds.

    For a post of ours the stamp that we gave counts, and nothing else.
    """
    consent = await session.scalar(
        select(Consent).where(Consent.kind == ConsentKind.QUOTE, Consent.uri == post.uri).with_for_update()
    )
    if consent is None:
        consent = Consent(id=new_id(), kind=ConsentKind.QUOTE, uri=post.uri, target_uri=target_uri)
        session.add(consent)
    elif consent.target_uri != target_uri:  # another post than was asked for
        agreed = agreed and (target is None or not target.is_local)
        consent.target_uri, consent.state, consent.stamp_uri = target_uri, ConsentState.PENDING, None
    consent.post_id = post.id
    consent.target_id = target.id if target is not None else None
    if (target is None or not target.is_local) and consent.state is not ConsentState.REVOKED:
        consent.state = ConsentState.ACCEPTED if agreed else ConsentState.PENDING
        consent.stamp_uri = stamp_uri if agreed else None
        consent.decided_at = now() if agreed else None
    await session.flush()
    if consent.state is ConsentState.ACCEPTED:
        journal.record(session, journal.Quoted(consent.id))
    return consent.state is ConsentState.ACCEPTED


# Changing one's mind


async def revoke(session: AsyncSession, target_id: int, quoting_id: int, *, by: Staff) -> Post:
    """Take a post of one's own out of a post that quotes it; a second time changes nothing.

    Raises: NotFound, also where that post does not quote it. NotAllowed: it is somebody else's.
    """
    target = await _seen(session, by, target_id)
    if target.author_id != by.actor_id:
        raise NotAllowed(post_id=target_id)
    quoting = await policy.visible_post(session, by, quoting_id)
    consent = await of_post(session, quoting_id) if quoting is not None else None
    if consent is None or quoting is None or consent.target_id != target.id:
        raise NotFound(post_id=quoting_id)
    if consent.state is not ConsentState.REVOKED:
        consent.state, consent.decided_at = ConsentState.REVOKED, now()
        await session.flush()
        journal.record(session, journal.QuoteRevoked(consent.id))
        journal.record(session, journal.PostRefreshed(quoting.id))
    return quoting


async def set_policy(session: AsyncSession, post_id: int, wanted: QuotePolicy, *, by: Staff) -> Post:
    """Say who may quote a post of one's own from now on. Raises NotFound, NotAllowed."""
    post = await _seen(session, by, post_id)
    if not policy.may_edit(by, post):
        raise NotAllowed(post_id=post_id)
    kept = with_quoting(post.interaction, wanted)
    if kept != post.interaction:
        post.interaction = kept
        await session.flush()
        journal.record(session, journal.PostRefreshed(post.id))
    return post


# Showing


async def relations_of(session: AsyncSession, actor_id: int, author_ids: Iterable[int]) -> dict[int, tuple[bool, bool]]:
    """For each author whether somebody follows them, and is followed by them; in one statement."""
    wanted = set(author_ids)
    if not wanted:
        return {}
    rows = await session.execute(
        select(Follow.follower_id, Follow.followee_id).where(
            Follow.accepted_at.is_not(None),
            ((Follow.follower_id == actor_id) & Follow.followee_id.in_(wanted))
            | ((Follow.followee_id == actor_id) & Follow.follower_id.in_(wanted)),
        )
    )
    pairs = {(follower, followee) for follower, followee in rows}
    return {author: ((actor_id, author) in pairs, (author, actor_id) in pairs) for author in wanted}


class QuoteState(StrEnum):
    """How a quote stands for one viewer; in the words of clients."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVOKED = "revoked"
    DELETED = "deleted"
    UNAUTHORIZED = "unauthorized"


class Quote(Struct, frozen=True):
    """What a post quotes; `target_id` only where the viewer may be shown it."""

    state: QuoteState
    target_id: int | None = None


async def of_posts(session: AsyncSession, viewer: Viewer, post_ids: Iterable[int]) -> dict[int, Quote]:
    """What some posts quote, by post, in one statement; for posts that quote nothing there is nothing."""
    wanted = list(dict.fromkeys(post_ids))
    if not wanted:
        return {}
    statement, values = prepare(viewer, _quoted)
    found: dict[int, Quote] = {}
    rows = await session.execute(statement, {**values, "post_ids": wanted})
    for post_id, state, target_id, deleted_at, visible in rows:
        if state is not ConsentState.ACCEPTED:
            found[post_id] = Quote(QuoteState(str(state)))
        elif deleted_at is not None:
            found[post_id] = Quote(QuoteState.DELETED)
        elif target_id is None:
            found[post_id] = Quote(QuoteState.PENDING)
        else:
            found[post_id] = Quote(QuoteState.ACCEPTED, target_id) if visible else Quote(QuoteState.UNAUTHORIZED)
    return found


def _quoted(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    sees = policy.sees_post(viewer, _TARGET)
    wanted = Consent.post_id.in_(bindparam("post_ids", expanding=True, type_=BigInteger))
    return (
        select(Consent.post_id, Consent.state, _TARGET.id, _TARGET.deleted_at, case((sees, True), else_=False))
        .outerjoin(_TARGET, _TARGET.id == Consent.target_id)
        .where(wanted, Consent.kind == ConsentKind.QUOTE)
    )


def quotes_of(viewer: Viewer, post_id: int) -> Select[Post]:
    """The posts that quote another one with its author's consent, as far as `viewer` sees them."""
    return (
        policy.visible_posts(viewer)
        .join(Consent, Consent.post_id == Post.id)
        .where(
            and_(
                Consent.target_id == post_id,
                Consent.kind == ConsentKind.QUOTE,
                Consent.state == ConsentState.ACCEPTED,
            )
        )
    )
