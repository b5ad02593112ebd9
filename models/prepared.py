"""Statements that are built once and asked for many people.

To build the statement of a timeline costs several times what it costs to ask it. A stand-in goes through the policy in
the place of a person, with parameters where the ids would be; what comes out is kept by the person's role.
"""

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Select, String, bindparam, literal_column
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models.tables import Account, Role
from models.viewers import ANONYMOUS, Anonymous, RemoteViewer, Staff, Viewer

T = TypeVar("T")

LISTENER = aliased(Account, name="listener")
"""The colleague of whom a statement for many asks; `prepare_for_many` wants it joined."""

_ACCOUNT, _ACTOR, _HOST = "viewer_account", "viewer_actor", "viewer_host"
_KEPT = 2000


def prepare(viewer: Viewer, build: Callable[..., T], *facts: Any) -> tuple[T, dict[str, Any]]:
    """`build(viewer, *facts)` for a stand-in of `viewer`, made once for each role, and the values to ask it with.

    `build` is a function of a module, and what it makes hangs on its arguments alone; `facts` can be hashed. What one
    statement asks of many, such as ids, belongs into parameters of its own.
    """
    if isinstance(viewer, Staff):
        return _built(build, viewer.role, facts), {_ACCOUNT: viewer.account_id, _ACTOR: viewer.actor_id}
    if isinstance(viewer, Anonymous):
        return _built(build, None, facts), {}
    values: dict[str, Any] = {_HOST: viewer.host}
    if viewer.is_admitted and viewer.actor_id is not None:
        values[_ACTOR] = viewer.actor_id
    return _built(build, frozenset(values if viewer.is_admitted else ()), facts), values


def prepare_for_many(role: Role, build: Callable[..., T], *facts: Any) -> T:
    """`build(viewer, *facts)` for all colleagues of a role at once: what it makes must join `LISTENER`, and asks for
    each of them who are in it."""
    built: T = _built_for_many(build, role, facts)
    return built


async def find(session: AsyncSession, viewer: Viewer, build: Callable[[Any], Select[T]], **values: Any) -> T | None:
    """The first of what `build(viewer)` selects, with `values` for the parameters it has of its own."""
    statement, known = prepare(viewer, build)
    return await session.scalar(statement, {**known, **values})


def padded(values: Iterable[T]) -> list[T]:
    """`values` for a parameter that is a list, the last one repeated until there are a power of two: each length makes
    another statement, which a database prepares anew."""
    known = list(values)
    if known:
        known += [known[-1]] * ((1 << (len(known) - 1).bit_length()) - len(known))
    return known


_Kind = Role | frozenset[str] | None
"""What a stand-in goes by: the role of a colleague, what is known of a server, or nothing for anybody."""


@functools.lru_cache(_KEPT)
def _built(build: Callable[..., T], kind: _Kind, facts: tuple[Any, ...]) -> T:
    return build(ANONYMOUS if kind is None else _stand_in(kind), *facts)


@functools.lru_cache(_KEPT)
def _built_for_many(build: Callable[..., T], role: Role, facts: tuple[Any, ...]) -> T:
    # bare names: a column of the alias would bring it along into each subquery, where it would mean anybody
    account: Any = literal_column("listener.id", BigInteger)
    actor: Any = literal_column("listener.actor_id", BigInteger)
    return build(Staff(account_id=account, actor_id=actor, username="", role=role), *facts)


@functools.cache
def _stand_in(kind: Role | frozenset[str]) -> Staff | RemoteViewer:
    account: Any = bindparam(_ACCOUNT, type_=BigInteger)
    actor: Any = bindparam(_ACTOR, type_=BigInteger)
    host: Any = bindparam(_HOST, type_=String)
    if isinstance(kind, Role):
        return Staff(account_id=account, actor_id=actor, username="", role=kind)
    return RemoteViewer(host=host, is_admitted=_HOST in kind, actor_id=actor if _ACTOR in kind else None)
