"""Statements that are built once and asked for many people.

To build the statement of a timeline costs several times what it costs to ask it. A stand-in goes through the policy in
the place of a person, with parameters where the ids would be; what comes out is kept by the person's role.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import bindparam

from models.tables import Role
from models.viewers import ANONYMOUS, Anonymous, Staff, Viewer

T = TypeVar("T")

_ACCOUNT, _ACTOR = "viewer_account", "viewer_actor"
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
    return build(viewer, *facts), {}


@functools.lru_cache(_KEPT)
def _built(build: Callable[..., T], role: Role | None, facts: tuple[Any, ...]) -> T:
    return build(ANONYMOUS if role is None else _stand_in(role), *facts)


@functools.cache
def _stand_in(role: Role) -> Staff:
    account: Any = bindparam(_ACCOUNT)
    actor: Any = bindparam(_ACTOR)
    return Staff(account_id=account, actor_id=actor, username="", role=role)
