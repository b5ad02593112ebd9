"""Whom somebody may want to know: colleagues from their groups, and those known to the people they follow."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import policy, search
from models.base import insert_into, now
from models.instance import instance_of
from models.tables import (
    Account,
    Actor,
    ActorType,
    Dismissal,
    Follow,
    Membership,
    MemberState,
    Post,
    Visibility,
)
from models.viewers import Staff, Viewer

_MINE = aliased(Membership)
_STEP = aliased(Follow)
_OPEN = (Visibility.COMPANY, Visibility.PUBLIC, Visibility.UNLISTED)


async def suggested(session: AsyncSession, viewer: Staff, *, limit: int) -> Sequence[Actor]:
    """Colleagues `viewer` does not follow, those first with whom they share most groups and people.

    Who is blocked, muted or was dismissed is not suggested, nor who left.
    """
    in_groups = (
        select(Membership.actor_id.label("actor_id"))
        .join(_MINE, _MINE.group_id == Membership.group_id)
        .where(
            _MINE.actor_id == viewer.actor_id,
            _MINE.state == MemberState.MEMBER,
            Membership.state == MemberState.MEMBER,
            Membership.host == "",
        )
    )
    known_to_others = (
        select(Follow.followee_id)
        .join(_STEP, _STEP.followee_id == Follow.follower_id)
        .where(_STEP.follower_id == viewer.actor_id, _STEP.accepted_at.is_not(None), Follow.accepted_at.is_not(None))
    )
    ways = in_groups.union_all(known_to_others).subquery()
    ranked = select(ways.c.actor_id, func.count().label("ways")).group_by(ways.c.actor_id).subquery()
    found = await session.scalars(
        policy.visible_actors(viewer)
        .join(ranked, ranked.c.actor_id == Actor.id)
        .join(Account, and_(Account.actor_id == Actor.id, Account.disabled_at.is_(None)))
        .where(
            Actor.id != viewer.actor_id,
            Actor.type != ActorType.GROUP,
            Actor.id.not_in(select(Follow.followee_id).where(Follow.follower_id == viewer.actor_id)),
            Actor.id.not_in(select(Dismissal.target_id).where(Dismissal.account_id == viewer.account_id)),
            _is_welcome(viewer),
        )
        .order_by(ranked.c.ways.desc(), func.lower(Actor.display_name), Actor.id)
        .limit(limit)
    )
    return found.all()


def _is_welcome(viewer: Staff) -> ColumnElement[bool]:
    return and_(Actor.id.not_in(policy.unheard(viewer)), ~policy.is_apart(viewer.actor_id, Actor.id))


async def dismiss(session: AsyncSession, actor_id: int, *, by: Staff) -> None:
    """Never suggest somebody again; silent about who is not there."""
    if await session.scalar(policy.visible_actors(by).where(Actor.id == actor_id)) is None:
        return
    row = {"account_id": by.account_id, "target_id": actor_id, "created_at": now()}
    await session.execute(insert_into(session, Dismissal).values(row).on_conflict_do_nothing())


async def familiar_followers(
    session: AsyncSession, viewer: Staff, actor_ids: Iterable[int], *, most: int
) -> dict[int, list[Actor]]:
    """Whom `viewer` follows among those who follow each of some people; at most `most` of each."""
    wanted = list(actor_ids)
    theirs = (
        select(
            Follow.followee_id,
            Follow.follower_id,
            func.row_number().over(partition_by=Follow.followee_id, order_by=Follow.id.desc()).label("place"),
        )
        .join(_STEP, and_(_STEP.followee_id == Follow.follower_id, _STEP.follower_id == viewer.actor_id))
        .where(Follow.followee_id.in_(wanted), Follow.accepted_at.is_not(None), _STEP.accepted_at.is_not(None))
        .subquery()
    )
    rows = await session.execute(
        policy.visible_actors(viewer)
        .join(theirs, theirs.c.follower_id == Actor.id)
        .where(theirs.c.place <= most, ~policy.is_apart(viewer.actor_id, Actor.id))
        .order_by(theirs.c.place)
        .add_columns(theirs.c.followee_id)
    )
    found: dict[int, list[Actor]] = {actor_id: [] for actor_id in wanted}
    for actor, followee_id in rows:
        found[followee_id].append(actor)
    return found


def directory(session: AsyncSession, viewer: Viewer, *, is_active: bool, is_local: bool) -> Select[Actor]:
    """Everybody `viewer` may know of: who wrote last first, or with `is_active` false who came last.

    When somebody wrote counts by posts that everybody in the house, or outside, may read (R-74).
    """
    people = search.actors(viewer, "", instance=instance_of(session)).order_by(None)
    if is_local:
        people = people.where(Actor.host == "")
    if isinstance(viewer, Staff):
        people = people.where(or_(Actor.id == viewer.actor_id, _is_welcome(viewer)))
    if not is_active:
        return people.order_by(Actor.id.desc())
    newest: Any = select(func.max(Post.id)).where(Post.author_id == Actor.id, Post.boost_of_id.is_(None))
    if isinstance(viewer, Staff):
        newest = newest.where(Post.deleted_at.is_(None), Post.removed_at.is_(None), Post.visibility.in_(_OPEN))
    else:
        newest = newest.where(policy.sees_post(viewer))
    last = func.coalesce(newest.correlate(Actor).scalar_subquery(), 0)
    return people.order_by(last.desc(), Actor.id.desc())
