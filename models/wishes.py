"""People elsewhere who want to join a group of ours that asks first (GRP-2).

They wait with the date and the company they come from. Whether they would be the first from there is said to whoever
decides: with the first member a whole server begins to read the group.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, joinedload

from models import audit, journal, policy
from models.base import now
from models.errors import NotAllowed, NotFound
from models.tables import Actor, Group, Membership, MemberState
from models.viewers import Staff

ANSWERED_WITHIN = timedelta(days=30)
"""How long a group elsewhere may take before we offer to ask again, or to give up (GRP-10a)."""
_OTHER = aliased(Membership)


def waiting(group: Group) -> Select[Membership]:
    """Who waits to be let into a group of ours, whoever waits longest first."""
    return (
        select(Membership)
        .join(Actor, Actor.id == Membership.actor_id)
        .where(*_waits(), Membership.group_id == group.id, Actor.deleted_at.is_(None))
        .options(joinedload(Membership.actor))
        .order_by(Membership.since, Membership.id)
    )


def _waits() -> tuple[ColumnElement[bool], ...]:
    return Membership.state == MemberState.ASKED, Membership.host != ""


async def newcomers(session: AsyncSession, group: Group) -> set[str]:
    """The hosts among those who wait that have nobody in the group yet."""
    known = exists().where(
        _OTHER.group_id == Membership.group_id, _OTHER.host == Membership.host, _OTHER.state == MemberState.MEMBER
    )
    found = await session.scalars(
        select(Membership.host).where(Membership.group_id == group.id, *_waits(), ~known).distinct()
    )
    return set(found)


async def to_answer(session: AsyncSession, staff: Staff) -> Sequence[Membership]:
    """Whoever waits to be let into a group that `staff` owns, for clients that know of follow requests."""
    found = await session.scalars(
        select(Membership)
        .join(Group, Group.id == Membership.group_id)
        .where(*_waits(), Group.owner_id == staff.actor_id)
        .options(joinedload(Membership.actor))
        .order_by(Membership.id.desc())
    )
    return found.all()


async def answer(session: AsyncSession, group: Group, actor_id: int, *, by: Staff, accepted: bool) -> None:
    """Let somebody in, or not; their server hears of it either way.

    Raises:
        NotAllowed: `by` does not manage the group. NotFound: they do not wait any more.
    """
    if not await policy.may_manage(session, by, group):
        raise NotAllowed(group_id=group.id)
    found = await session.scalar(waiting(group).where(Membership.actor_id == actor_id))
    if found is None:
        raise NotFound(actor_id=actor_id)
    audit.note(
        session,
        "wish_accepted" if accepted else "wish_refused",
        by=by,
        host=found.host,
        rule="GRP-2",
        group_id=group.id,
        actor_id=actor_id,
    )
    if accepted:
        found.state = MemberState.MEMBER
        found.since = now()
        journal.record(session, journal.Joined(found.id))
    else:
        await session.delete(found)
        journal.record(session, journal.Left(group.id, actor_id, found.uri or "", refused=True))
    await session.flush()
