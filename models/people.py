"""Everybody whom the house knows, as who administers it looks at them: the staff and their standing, people elsewhere.

Colleagues see one another by the policy alone; addresses, roles and who was disabled are for admins.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import policy
from models.errors import NotFound
from models.paging import Page, rows_of
from models.tables import Account, Actor, ActorType, Partner, PartnerState, Role
from models.viewers import Staff


class Origin(StrEnum):
    LOCAL = "local"
    REMOTE = "remote"


class Standing(StrEnum):
    """Whether somebody takes part: here they sign in or were disabled, elsewhere their company was suspended."""

    ACTIVE = "active"
    DISABLED = "disabled"
    SUSPENDED = "suspended"
    NEVER = "never"
    """What other software knows and nobody is here: waiting to be let in, silenced."""


class Filter(Struct, frozen=True, kw_only=True):
    """Who is wanted; what is None says nothing. `roles` names those one of which somebody must have."""

    origin: Origin | None = None
    standing: Standing | None = None
    roles: frozenset[Role] | None = None
    username: str | None = None
    display_name: str | None = None
    email: str | None = None
    host: str | None = None


class Person(NamedTuple):
    """Somebody, with their account if they are of this company. `is_cut_off`: their company is suspended."""

    actor: Actor
    account: Account | None
    is_cut_off: bool


async def listed(session: AsyncSession, viewer: Staff, wanted: Filter, page: Page) -> Sequence[Person]:
    """Those who fit `wanted`, the newest first by their actor's id. Raises NotAllowed for who does not administer."""
    statement = _people(viewer).where(*_conditions(wanted))
    return [Person(*row) for row in await rows_of(session, statement, Actor.id, page)]


async def several(session: AsyncSession, viewer: Staff, actor_ids: Iterable[int]) -> dict[int, Person]:
    """Some people by the id of their actor; also servers that spoke for themselves, which are on no list."""
    ids = list(dict.fromkeys(actor_ids))
    rows = await session.execute(_joined(viewer, select(Actor)).where(Actor.id.in_(ids)))
    return {row[0].id: Person(*row) for row in rows}


async def one(session: AsyncSession, viewer: Staff, actor_id: int) -> Person:
    """Raises NotAllowed for who does not administer. NotFound: nobody of that id, or a group."""
    row = (await session.execute(_people(viewer).where(Actor.id == actor_id))).first()
    if row is None:
        raise NotFound(actor_id=actor_id)
    return Person(*row)


def _people(viewer: Staff) -> Select[Actor, Account, bool]:
    return _joined(viewer, policy.visible_actors(viewer)).where(Actor.type != ActorType.GROUP)


def _joined(viewer: Staff, statement: Select[Actor]) -> Select[Actor, Account, bool]:
    policy.must_administer(viewer)
    return (
        statement.outerjoin(Account, Account.actor_id == Actor.id)
        .add_columns(Account, _IS_CUT_OFF)
        .options(joinedload(Account.actor))
    )


_IS_CUT_OFF = exists().where(Partner.host == Actor.host, Partner.state == PartnerState.SUSPENDED)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.origin is not None:
        found.append(Actor.host == "" if wanted.origin is Origin.LOCAL else Actor.host != "")
    if wanted.standing is not None:
        found.append(_stands(wanted.standing))
    if wanted.roles is not None:
        found.append(Account.role.in_(wanted.roles))
    if wanted.username:
        found.append(Actor.username_key.startswith(wanted.username.casefold(), autoescape=True))
    if wanted.display_name:
        found.append(Actor.display_name.icontains(wanted.display_name, autoescape=True))
    if wanted.email:
        found.append(Account.email_key.contains(wanted.email.casefold(), autoescape=True))
    if wanted.host is not None:
        found.append(Actor.host == wanted.host.lower())
    return found


def _stands(standing: Standing) -> ColumnElement[bool]:
    match standing:
        case Standing.ACTIVE:
            return and_(or_(Account.id.is_(None), Account.disabled_at.is_(None)), ~_IS_CUT_OFF)
        case Standing.DISABLED:
            return Account.disabled_at.is_not(None)
        case Standing.SUSPENDED:
            return _IS_CUT_OFF
        case Standing.NEVER:
            return false()
