"""Following and belonging: our wishes to others, our answers to theirs, and the end of either.

An answer goes to the personal inbox of who asked, with the complete Follow inside (GRP-3).
"""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from federation import peers
from federation.documents import activity
from federation.keys import KeyRing
from federation.outbox.sending import Subject, hosts_of, mint, send
from models import actors, deliveries
from models.journal import FollowAccepted, FollowAsked, FollowEnded, JoinAsked, Joined, Left
from models.tables import Actor, Dialect, Follow, Membership, MemberState

FOLLOW = "follow"
MEMBERSHIP = "membership"
_NOT_AT_ONCE = timedelta(seconds=1.5)


async def follow_asked(keys: KeyRing, session: AsyncSession, entry: FollowAsked) -> None:
    follow = await session.get(Follow, entry.follow_id)
    if follow is not None:
        await _ask(keys, session, follow.uri, follow.follower_id, follow.followee_id, rule=FOLLOW)


async def join_asked(keys: KeyRing, session: AsyncSession, entry: JoinAsked) -> None:
    wish = await session.get(Membership, entry.membership_id)
    if wish is not None and wish.state is MemberState.ASKED and wish.uri is not None:
        await _ask(keys, session, wish.uri, wish.actor_id, wish.group_id, rule=MEMBERSHIP, group_id=wish.group_id)


async def _ask(
    keys: KeyRing,
    session: AsyncSession,
    uri: str,
    by_id: int,
    target_id: int,
    *,
    rule: str,
    group_id: int | None = None,
) -> None:
    """Follow somebody or some group elsewhere, as one of ours."""
    by, target = await session.get_one(Actor, by_id), await session.get_one(Actor, target_id)
    if not by.is_local or target.is_local:
        return
    document = activity.follow(uri, by.uri, target.uri)
    subject = Subject(rule=rule, object_uri=target.uri, group_id=group_id)
    sent = await send(session, keys, document, actor=by, inboxes=[(target.inbox, target.host)], subject=subject)
    await actors.disclose(session, by.id, hosts_of(sent))


async def follow_accepted(keys: KeyRing, session: AsyncSession, entry: FollowAccepted) -> None:
    follow = await session.get(Follow, entry.follow_id)
    if follow is not None and follow.accepted_at is not None:
        await _accept(keys, session, follow.uri, follow.follower_id, follow.followee_id, rule=FOLLOW)


async def joined(keys: KeyRing, session: AsyncSession, entry: Joined) -> None:
    member = await session.get(Membership, entry.membership_id)
    if member is not None and member.state is MemberState.MEMBER and member.host and member.uri:
        await _accept(
            keys,
            session,
            member.uri,
            member.actor_id,
            member.group_id,
            rule=MEMBERSHIP,
            group_id=member.group_id,
        )


async def _accept(
    keys: KeyRing,
    session: AsyncSession,
    uri: str,
    follower_id: int,
    followed_id: int,
    *,
    rule: str,
    group_id: int | None = None,
) -> None:
    """Answer yes for one of ours to somebody elsewhere.

    Some servers lose an answer that comes while their request is still open: it waits a moment, unless the server is
    known to be none of those.
    """
    follower, followed = await session.get_one(Actor, follower_id), await session.get_one(Actor, followed_id)
    if follower.is_local or not followed.is_local:
        return
    dialect = (await peers.dialects(session, [follower.host]))[follower.host]
    document = activity.accept(mint(session), follow_uri=uri, follower=follower.uri, followed=followed.uri)
    subject = Subject(
        rule=rule,
        object_uri=uri,
        group_id=group_id,
        wait=timedelta(0) if dialect is Dialect.FORUM else _NOT_AT_ONCE,
    )
    sent = await send(
        session, keys, document, actor=followed, inboxes=[(follower.inbox, follower.host)], subject=subject
    )
    if group_id is None:
        await actors.disclose(session, followed.id, hosts_of(sent))


async def follow_ended(keys: KeyRing, session: AsyncSession, entry: FollowEnded) -> None:
    await _end(keys, session, entry.uri, entry.follower_id, entry.followee_id, refused=entry.refused, rule=FOLLOW)


async def left(keys: KeyRing, session: AsyncSession, entry: Left) -> None:
    await _end(
        keys,
        session,
        entry.uri,
        entry.actor_id,
        entry.group_id,
        refused=entry.refused,
        rule=MEMBERSHIP,
        group_id=entry.group_id,
    )


async def _end(
    keys: KeyRing,
    session: AsyncSession,
    uri: str,
    follower_id: int,
    followed_id: int,
    *,
    refused: bool,
    rule: str,
    group_id: int | None = None,
) -> None:
    """Undo our Follow of somebody elsewhere, or reject theirs of one of ours, whichever side ended it."""
    follower, followed = await session.get(Actor, follower_id), await session.get(Actor, followed_id)
    if follower is None or followed is None or follower.is_local == followed.is_local:
        return
    if follower.is_local and not refused:
        asked = await deliveries.by_uri(session, uri) if uri else None
        if asked is not None and await deliveries.cancel(session, asked):
            return  # they never heard of the wish
        wish = activity.follow(uri or mint(session), follower.uri, followed.uri)
        document = activity.undo(mint(session), wish, to=[followed.uri], cc=[])
        by, to = follower, followed
    elif followed.is_local and refused:
        document = activity.reject(mint(session), follow_uri=uri, follower=follower.uri, followed=followed.uri)
        by, to = followed, follower
    else:
        return
    subject = Subject(rule=rule, object_uri=uri, group_id=group_id)
    await send(session, keys, document, actor=by, inboxes=[(to.inbox, to.host)], subject=subject)
