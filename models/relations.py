"""Following people, here and elsewhere."""

import functools
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, joinedload

from models import blocks, egress, journal, lists, policy
from models.base import UtcDateTime, new_id, now
from models.errors import Invalid, NotAllowed, NotFound
from models.instance import instance_of
from models.prepared import padded, prepare
from models.tables import (
    Account,
    Actor,
    ActorType,
    Block,
    Endorsement,
    Follow,
    HostBlock,
    Membership,
    MemberState,
    Mute,
    Note,
)
from models.viewers import RemoteViewer, Staff

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,2}")
_MOST_LANGUAGES = 40
_IDS: Any = bindparam("actor_ids", expanding=True, type_=BigInteger)


class FollowSelf(Invalid):
    """You cannot follow yourself."""

    code = "follow_self"


class KeptApart(NotAllowed):
    """One of you blocks the other."""

    code = "kept_apart"


class NotAPartner(NotAllowed):
    """We do not talk with that company: an admin must admit it first."""

    code = "not_a_partner"


class HostUnwanted(NotAllowed):
    """You want nothing from their server: unblock it first."""

    code = "host_unwanted"


class BadLanguage(Invalid):
    """Languages are given by their codes, such as de or en."""

    code = "bad_language"


async def follow(
    session: AsyncSession,
    actor: Actor,
    *,
    by: Staff,
    shows_boosts: bool | None = None,
    notifies: bool | None = None,
    languages: Iterable[str] | None = None,
) -> Follow:
    """Follow a person. Colleagues are followed at once; elsewhere it waits for their answer.

    What is not given stays as it was: boosts are shown, no post is told of, and all languages are read at first.

    Raises:
        FollowSelf. NotAPartner: they live at a company that is not admitted. NotFound: a group (join it instead).
        KeptApart: one of the two blocks the other. HostUnwanted. BadLanguage.
    """
    if actor.id == by.actor_id:
        raise FollowSelf
    if actor.type is ActorType.GROUP:
        raise NotFound(actor_id=actor.id)
    if actor.is_introduced or (not actor.is_local and not await egress.allows(session, actor.host)):
        raise NotAPartner(host=actor.host)
    if await blocks.are_apart(session, by.actor_id, actor.id):
        raise KeptApart(actor_id=actor.id)
    if not actor.is_local and await _is_unwanted(session, by.actor_id, actor.host):
        raise HostUnwanted(host=actor.host)
    found = await between(session, by.actor_id, actor.id)
    is_new = found is None
    if found is None:
        found = Follow(
            id=new_id(),
            follower_id=by.actor_id,
            followee_id=actor.id,
            uri=instance_of(session).mint("x"),
            shows_boosts=True,
            notifies=False,
            accepted_at=now() if actor.is_local and not actor.is_locked else None,
        )
        session.add(found)
    if shows_boosts is not None:
        found.shows_boosts = shows_boosts
    if notifies is not None:
        found.notifies = notifies
    if languages is not None:
        found.languages = _kept_languages(languages)
    await session.flush()
    if not is_new:
        return found
    journal.record(session, journal.FollowAsked(found.id))
    if found.accepted_at is not None:
        journal.record(session, journal.FollowAccepted(found.id))
    return found


def _kept_languages(languages: Iterable[str]) -> str | None:
    codes = list(dict.fromkeys(code.strip() for code in languages if code.strip()))
    if len(codes) > _MOST_LANGUAGES or not all(_LANGUAGE.fullmatch(code) for code in codes):
        raise BadLanguage(field="languages")
    return f",{','.join(codes)}," if codes else None


async def _is_unwanted(session: AsyncSession, actor_id: int, host: str) -> bool:
    """Whether one of ours wants nothing from a server."""
    return await session.scalar(_UNWANTED, {"actor_id": actor_id, "host": host}) is not None


_UNWANTED = (
    select(HostBlock.id)
    .join(Account, Account.id == HostBlock.account_id)
    .where(Account.actor_id == bindparam("actor_id", type_=BigInteger), HostBlock.host == bindparam("host"))
)


async def unfollow(session: AsyncSession, actor: Actor, *, by: Staff) -> None:
    """Stop following, or withdraw the wish; silent when there was none."""
    found = await between(session, by.actor_id, actor.id)
    if found is None:
        return
    await session.delete(found)
    await session.flush()
    if not actor.is_local:
        await lists.forget(session, actor.id, of=by.actor_id)
    journal.record(session, journal.FollowEnded(by.actor_id, actor.id, found.uri))


async def answer_request(session: AsyncSession, follower_id: int, *, by: Staff, accepted: bool) -> None:
    """Accept or refuse somebody who wants to follow `by`. Raises NotFound."""
    found = await between(session, follower_id, by.actor_id)
    if found is None:
        raise NotFound(follower_id=follower_id)
    await _answer(session, found, accepted=accepted)


async def _answer(session: AsyncSession, found: Follow, *, accepted: bool) -> None:
    if accepted:
        if found.accepted_at is None:
            found.accepted_at = now()
        journal.record(session, journal.FollowAccepted(found.id))
        return
    await session.delete(found)
    await session.flush()
    journal.record(session, journal.FollowEnded(found.follower_id, found.followee_id, found.uri, refused=True))


class Asking(NamedTuple):
    """Somebody elsewhere, one of ours whom they want to follow, and the id of what asks for it."""

    by: Actor
    followee: Actor
    uri: str


async def receive_follow(session: AsyncSession, *, by: Actor, followee: Actor, uri: str) -> Follow:
    """Somebody elsewhere wants to follow one of ours; a repetition gets the answer again.

    Raises:
        NotAllowed: they may not know of that person, who may want nothing from their server.
    """
    [found] = await receive_follows(session, [Asking(by, followee, uri)])
    if found is None:
        raise NotAllowed(host=by.host)
    return found


async def receive_follows(session: AsyncSession, asking: Sequence[Asking]) -> list[Follow | None]:
    """The same for several, in their order and in as many statements as for one; None for whom it is not allowed."""
    allowed = await _allowed(session, asking)
    known = await _between_all(session, allowed)
    entries: list[journal.Entry] = []
    found: list[Follow | None] = []
    for by, followee, uri in asking:
        ends = by.id, followee.id
        if ends not in allowed:
            found.append(None)
            continue
        follow = known.get(ends)
        if follow is None:
            accepted_at = None if followee.is_locked else now()
            follow = Follow(id=new_id(), follower_id=by.id, followee_id=followee.id, uri=uri, accepted_at=accepted_at)
            known[ends] = follow
            session.add(follow)
            entries.append(journal.FollowAsked(follow.id))
        follow.uri = uri
        if follow.accepted_at is not None or not followee.is_locked:
            follow.accepted_at = follow.accepted_at or now()
            entries.append(journal.FollowAccepted(follow.id))
        found.append(follow)
    await session.flush()
    await journal.record_all(session, entries)
    return found


_Ends = tuple[int, int]


async def _allowed(session: AsyncSession, asking: Sequence[Asking]) -> set[_Ends]:
    """Which of them may know of whom they ask for, and are not of a server that person wants nothing from."""
    hosts, people = {one.by.host for one in asking}, {one.followee.id for one in asking}
    admitted = await policy.admission(session, among=hosts)
    values = {"people": padded(people), "hosts": padded(hosts)}
    unwanted = {(person, host) for person, host in await session.execute(_UNWANTED_BY, values)}
    values = {"people": padded(people), "asking": padded({one.by.id for one in asking})}
    visible = {(by, person) for by, person in await session.execute(_visible_to_all(), values)}
    return {
        (by.id, followee.id)
        for by, followee, _ in asking
        if admitted(by.host) and (followee.id, by.host) not in unwanted and (by.id, followee.id) in visible
    }


_PEOPLE: Any = bindparam("people", expanding=True, type_=BigInteger)
_UNWANTED_BY = (
    select(Account.actor_id, HostBlock.host)
    .join(HostBlock, Account.id == HostBlock.account_id)
    .where(Account.actor_id.in_(_PEOPLE), HostBlock.host.in_(bindparam("hosts", expanding=True)))
)


@functools.cache
def _visible_to_all() -> Select[int, int]:
    """`policy.visible_actors` for each who asks, in the place of the one who asks; they are of admitted servers."""
    asking = aliased(Actor, name="asking")
    host: Any = literal_column("asking.host", String)  # bare names: a column would bring its table into subqueries
    actor_id: Any = literal_column("asking.id", BigInteger)
    visible = policy.visible_actors(RemoteViewer(host=host, is_admitted=True, actor_id=actor_id))
    return (
        visible.join(asking, asking.id.in_(bindparam("asking", expanding=True)))
        .where(Actor.id.in_(_PEOPLE))
        .with_only_columns(asking.id, Actor.id)
    )


async def _between_all(session: AsyncSession, ends: Collection[_Ends]) -> dict[_Ends, Follow]:
    if not ends:
        return {}
    values = {"followers": padded({end for end, _ in ends}), "people": padded({end for _, end in ends})}
    return {(one.follower_id, one.followee_id): one for one in await session.scalars(_BETWEEN_ALL, values)}


_BETWEEN_ALL = select(Follow).where(
    Follow.follower_id.in_(bindparam("followers", expanding=True)), Follow.followee_id.in_(_PEOPLE)
)


async def receive_answer(session: AsyncSession, *, follower: Actor, by: Actor, accepted: bool) -> bool:
    """Whom one of ours wanted to follow answers; False when nothing was asked (R-16)."""
    found = await between(session, follower.id, by.id)
    if found is None:
        return False
    await _answer(session, found, accepted=accepted)
    return True


async def receive_unfollow(session: AsyncSession, *, by: Actor, followee: Actor) -> bool:
    found = await between(session, by.id, followee.id)
    if found is None:
        return False
    await session.delete(found)
    await session.flush()
    return True


async def between(session: AsyncSession, follower_id: int, followee_id: int) -> Follow | None:
    return await session.scalar(_BETWEEN, {"follower_id": follower_id, "followee_id": followee_id})


_BETWEEN = select(Follow).where(
    Follow.follower_id == bindparam("follower_id", type_=BigInteger),
    Follow.followee_id == bindparam("followee_id", type_=BigInteger),
)


async def by_numbers(session: AsyncSession, follow_ids: Collection[int]) -> tuple[dict[int, Follow], dict[int, Actor]]:
    """Some follows and their both ends, each by its number."""
    follows = {one.id: one for one in await session.scalars(_FOLLOWS, {"ids": padded(follow_ids)})}
    ends = {end for one in follows.values() for end in (one.follower_id, one.followee_id)}
    return follows, {one.id: one for one in await session.scalars(_ENDS, {"ids": padded(ends)})}


_FOLLOWS = select(Follow).where(Follow.id.in_(bindparam("ids", expanding=True)))
_ENDS = select(Actor).where(Actor.id.in_(bindparam("ids", expanding=True)))


def followers(actor_id: int) -> Select[Follow]:
    return (
        select(Follow)
        .where(Follow.followee_id == actor_id, Follow.accepted_at.is_not(None))
        .options(joinedload(Follow.follower).joinedload(Actor.avatar))
    )


async def follower_inboxes(session: AsyncSession, actor_id: int) -> list[tuple[str, str]]:
    """Where followers elsewhere get what somebody writes, as (inbox, host): one inbox for all of a server (ADR-5)."""
    rows = await session.execute(
        select(func.coalesce(Actor.shared_inbox, Actor.inbox), Actor.host)
        .join(Follow, Follow.follower_id == Actor.id)
        .where(
            Follow.followee_id == actor_id,
            Follow.accepted_at.is_not(None),
            Actor.host != "",
            Actor.deleted_at.is_(None),
        )
        .distinct()
    )
    return [(inbox, host) for inbox, host in rows]


def following(actor_id: int) -> Select[Follow]:
    return (
        select(Follow)
        .where(Follow.follower_id == actor_id, Follow.accepted_at.is_not(None))
        .options(joinedload(Follow.followee).joinedload(Actor.avatar))
    )


def requests(viewer: Staff) -> Select[Follow]:
    """Who waits for `viewer`'s consent."""
    return (
        select(Follow)
        .where(Follow.followee_id == viewer.actor_id, Follow.accepted_at.is_(None))
        .options(joinedload(Follow.follower).joinedload(Actor.avatar))
    )


class Relationship(Struct, frozen=True, kw_only=True):
    """How one stands to an actor; membership in a group counts as following it."""

    actor_id: int
    follows: bool = False
    asked: bool = False
    shows_boosts: bool = True
    notifies: bool = False
    languages: tuple[str, ...] = ()
    followed_by: bool = False
    asked_by: bool = False
    blocks: bool = False
    blocked_by: bool = False
    mutes: bool = False
    mutes_notifications: bool = False
    mute_ends_at: datetime | None = None
    blocks_host: bool = False
    endorses: bool = False
    note: str = ""


async def relationships(session: AsyncSession, viewer: Staff, actor_ids: Iterable[int]) -> list[Relationship]:
    """One entry per id, in that order, in one statement."""
    ids = list(dict.fromkeys(actor_ids))
    facts: dict[int, dict[str, Any]] = {actor_id: {} for actor_id in ids}
    statement, values = prepare(viewer, _facts)
    for kind, actor_id, first, second, text, moment in await session.execute(statement, {**values, "actor_ids": ids}):
        facts[actor_id].update(_READ[kind](bool(first), bool(second), text, moment))
    for found in facts.values():
        is_member, has_asked = found.pop("is_member", False), found.pop("has_asked", False)
        found["follows"] = found.get("follows", False) or is_member
        found["asked"] = found.get("asked", False) or has_asked
        found["endorses"] = found.get("endorses", False) and found["follows"]
    return [Relationship(actor_id=actor_id, **facts[actor_id]) for actor_id in ids]


def _facts(viewer: Staff) -> Any:
    """What there is between `viewer` and some actors: sort, actor, two flags, a text, a moment."""
    no, nothing, never = literal(0), literal(""), cast(null(), UtcDateTime)
    of_viewer, is_in_force = viewer.account_id, policy.is_in_force()
    membership = (Membership.state == MemberState.MEMBER, Membership.state == MemberState.ASKED)
    text = func.coalesce(Follow.languages, "")
    unwanted = select(HostBlock.host).where(HostBlock.account_id == of_viewer)
    return union_all(
        select(literal("mute"), Mute.target_id, _flag(Mute.hides_notifications), no, nothing, Mute.ends_at).where(
            Mute.account_id == of_viewer, Mute.target_id.in_(_IDS), is_in_force
        ),
        select(literal("note"), Note.target_id, no, no, Note.text, never).where(
            Note.account_id == of_viewer, Note.target_id.in_(_IDS)
        ),
        select(literal("out"), Follow.followee_id, _flag(Follow.accepted_at.is_not(None)), no, text, never).where(
            Follow.follower_id == viewer.actor_id, Follow.followee_id.in_(_IDS)
        ),
        select(
            literal("shows"), Follow.followee_id, _flag(Follow.shows_boosts), _flag(Follow.notifies), nothing, never
        ).where(Follow.follower_id == viewer.actor_id, Follow.followee_id.in_(_IDS)),
        select(literal("back"), Follow.follower_id, _flag(Follow.accepted_at.is_not(None)), no, nothing, never).where(
            Follow.followee_id == viewer.actor_id, Follow.follower_id.in_(_IDS)
        ),
        select(literal("group"), Membership.group_id, *(_flag(state) for state in membership), nothing, never).where(
            Membership.actor_id == viewer.actor_id, Membership.group_id.in_(_IDS)
        ),
        select(literal("blocks"), Block.target_id, no, no, nothing, never).where(
            Block.actor_id == viewer.actor_id, Block.target_id.in_(_IDS)
        ),
        select(literal("blocked"), Block.actor_id, no, no, nothing, never).where(
            Block.target_id == viewer.actor_id, Block.actor_id.in_(_IDS)
        ),
        select(literal("host"), Actor.id, no, no, nothing, never).where(Actor.id.in_(_IDS), Actor.host.in_(unwanted)),
        select(literal("endorses"), Endorsement.target_id, no, no, nothing, never).where(
            Endorsement.actor_id == viewer.actor_id, Endorsement.target_id.in_(_IDS)
        ),
    )


def _flag(condition: Any) -> Any:
    return case((condition, 1), else_=0)


_READ: dict[str, Callable[[bool, bool, str, datetime | None], dict[str, Any]]] = {
    "mute": lambda hides, _, __, ends: {"mutes": True, "mutes_notifications": hides, "mute_ends_at": ends},
    "note": lambda _, __, text, ___: {"note": text},
    "out": lambda accepted, _, codes, __: {
        "follows": accepted,
        "asked": not accepted,
        "languages": tuple(codes.strip(",").split(",")) if codes else (),
    },
    "shows": lambda boosts, notifies, _, __: {"shows_boosts": boosts, "notifies": notifies},
    "back": lambda accepted, *_: {"followed_by": accepted, "asked_by": not accepted},
    "group": lambda is_member, has_asked, *_: {"is_member": is_member, "has_asked": has_asked},
    "blocks": lambda *_: {"blocks": True},
    "blocked": lambda *_: {"blocked_by": True},
    "host": lambda *_: {"blocks_host": True},
    "endorses": lambda *_: {"endorses": True},
}
