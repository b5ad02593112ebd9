"""Which other companies we talk with, and what is agreed with them."""

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.instance import Mode, instance_of
from models.prepared import padded
from models.tables import Agreement, Group, Level, Partner, PartnerState, Reach
from models.viewers import RemoteViewer

_STATES = select(Partner.host, Partner.state)
_STATES_OF = _STATES.where(Partner.host.in_(bindparam("hosts", expanding=True)))
_STATE = select(Partner.state).where(Partner.host == bindparam("host"))  # asked for each request from outside


async def is_admitted(session: AsyncSession, host: str) -> bool:
    """Whether we talk with `host` at all: a partner by agreement, or anybody not suspended where the mode is open."""
    state = await session.scalar(_STATE, {"host": host})
    if state is None:
        return instance_of(session).mode is Mode.OPEN
    return state is PartnerState.ADMITTED


def admitted(host: Any, mode: Mode) -> ColumnElement[bool]:
    """The same as a condition on a column of hosts."""
    if mode is Mode.OPEN:
        return ~exists().where(Partner.host == host, Partner.state != PartnerState.ADMITTED)
    return exists().where(Partner.host == host, Partner.state == PartnerState.ADMITTED)


async def admission(session: AsyncSession, *, among: Collection[str] | None = None) -> Callable[[str], bool]:
    """`is_admitted` as of now, for hosts that are not known yet: a request may be sent on to another one.

    `among`: only these will be asked about.
    """
    asked = session.execute(_STATES) if among is None else session.execute(_STATES_OF, {"hosts": padded(among)})
    states = {row.host: row.state for row in await asked}
    unnamed = PartnerState.ADMITTED if instance_of(session).mode is Mode.OPEN else PartnerState.SUSPENDED
    return lambda host: states.get(host, unnamed) is PartnerState.ADMITTED


async def file_admission(session: AsyncSession) -> Callable[[Collection[str]], bool]:
    """From whom files are fetched, as of now, asked with a host and the names above it, one of which may be theirs.

    It is those we talk with, but for partners who send us no files (B2B-1).
    """
    talks = await admission(session)
    silent = set(await session.scalars(select(Partner.host).where(Partner.sends_files.is_(False))))
    return lambda names: silent.isdisjoint(names) and any(map(talks, names))


async def remote_viewer(session: AsyncSession, host: str, actor_id: int | None = None) -> RemoteViewer:
    return RemoteViewer(host=host, is_admitted=await is_admitted(session, host), actor_id=actor_id)


async def agreed_level(session: AsyncSession, host: str, group: Group) -> Level | None:
    """What an agreement grants the company at `host` in `group`; None without one, or while the group is internal."""
    if group.reach is Reach.INTERNAL:  # what was agreed before it was closed holds again once it is opened
        return None
    return await session.scalar(
        select(Agreement.level)
        .join(Partner, Partner.id == Agreement.partner_id)
        .where(Agreement.group_id == group.id, Partner.host == host, Partner.state == PartnerState.ADMITTED)
    )
