"""Following and belonging: our wishes to others, our answers to theirs, and the end of either.

An answer goes to the personal inbox of who asked, with the complete Follow inside (GRP-3).
"""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from federation import peers
from federation.documents import activity
from federation.keys import KeyRing
from federation.outbox.sending import Letter, Subject, hosts_of, mint, send, send_all
from models import actors, deliveries, relations
from models.journal import FollowAccepted, FollowAsked, FollowEnded, JoinAsked, Joined, Left
from models.tables import Actor, Dialect, Follow, Membership, MemberState

FOLLOW = "follow"
MEMBERSHIP = "membership"
_NOT_AT_ONCE = timedelta(seconds=1.5)


async def follow_asked(keys: KeyRing, session: AsyncSession, entry: FollowAsked) -> None:
    follow = await session.get(Follow, entry.follow_id)
    if follow is not None:
        await _ask(keys, session, follow.uri, follow.follower_id, follow.followee_id, rule=FOLLOW)


async def followings(keys: KeyRing, session: AsyncSession, entries: Sequence[FollowAsked | FollowAccepted]) -> None:
    """Both for many entries, in their order: answers that follow one another are queued together."""
    follows, people = await relations.by_numbers(session, {entry.follow_id for entry in entries})
    answers: list[_Answer] = []
    for entry in entries:
        follow = follows.get(entry.follow_id)
        if follow is None:
            continue
        follower, followed = people[follow.follower_id], people[follow.followee_id]
        if isinstance(entry, FollowAccepted) and follow.accepted_at is not None:
            answers.append(_Answer(follow.uri, follower, followed, FOLLOW))
        elif isinstance(entry, FollowAsked) and follower.is_local and not followed.is_local:
            await _accept_all(keys, session, answers)
            answers = []
            await follow_asked(keys, session, entry)
    await _accept_all(keys, session, answers)


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
    await _accept_all(keys, session, [_Answer(uri, follower, followed, rule, group_id)])


class _Answer(Struct, frozen=True):
    """That `followed` says yes to `follower`, whose wish has that `uri`."""

    uri: str
    follower: Actor
    followed: Actor
    rule: str
    group_id: int | None = None


async def _accept_all(keys: KeyRing, session: AsyncSession, wanted: Sequence[_Answer]) -> None:
    answers = [one for one in wanted if not one.follower.is_local and one.followed.is_local]
    if not answers:
        return
    dialects = await peers.dialects(session, {one.follower.host for one in answers})
    letters = [_accepting(session, one, dialects[one.follower.host]) for one in answers]
    told: dict[int, set[str]] = {}
    for one, sent in zip(answers, await send_all(session, keys, letters), strict=True):
        if one.group_id is None:
            told.setdefault(one.followed.id, set()).update(hosts_of(sent))
    for actor_id, hosts in told.items():
        await actors.disclose(session, actor_id, hosts)


def _accepting(session: AsyncSession, one: _Answer, dialect: Dialect) -> Letter:
    document = activity.accept(mint(session), follow_uri=one.uri, follower=one.follower.uri, followed=one.followed.uri)
    subject = Subject(
        rule=one.rule,
        object_uri=one.uri,
        group_id=one.group_id,
        wait=timedelta(0) if dialect is Dialect.FORUM else _NOT_AT_ONCE,
    )
    return Letter(document, one.followed, [(one.follower.inbox, one.follower.host)], subject)


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
