"""A page of a list that is ordered by id: Mastodon's max_id, since_id and min_id, borders exclusive."""

import functools
from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec import Struct
from sqlalchemy import Row, Select, bindparam
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")


class Page(Struct, frozen=True, kw_only=True):
    """`since_id` asks for the newest above it, `min_id` for those right above it; both come newest first."""

    limit: int = 20
    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None


async def page_of(session: AsyncSession, statement: Select[T], key: Any, page: Page) -> Sequence[T]:
    """The rows of `statement` on `page`, newest first by `key`, an integer column."""
    found = (await session.scalars(bounded(statement, key, page))).unique().all()
    return found if page.min_id is None else found[::-1]


async def rows_of(
    session: AsyncSession, statement: Select[*tuple[Any, ...]], key: Any, page: Page
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The same for a statement of several columns."""
    found: Sequence[Row[*tuple[Any, ...]]] = (await session.execute(bounded(statement, key, page))).all()
    return found if page.min_id is None else found[::-1]


def bounded(statement: Any, key: Any, page: Page) -> Any:
    """`statement` cut to `page`; with `min_id` the rows come oldest first and are turned round afterwards."""
    if page.max_id is not None:
        statement = statement.where(key < page.max_id)
    if page.since_id is not None:
        statement = statement.where(key > page.since_id)
    if page.min_id is not None:
        return statement.where(key > page.min_id).order_by(None).order_by(key.asc()).limit(page.limit)
    return statement.order_by(None).order_by(key.desc()).limit(page.limit)


def prepared_page(page: Page) -> tuple[Page, dict[str, int]]:
    """A page with parameters for its numbers, for a statement that is kept (`models.prepared`), and their values."""
    given = {name: getattr(page, name) for name in ("limit", "max_id", "since_id", "min_id")}
    values = {f"page_{name}": value for name, value in given.items() if value is not None}
    return _shape(frozenset(values)), values


@functools.cache
def _shape(names: frozenset[str]) -> Page:
    wanted: dict[str, Any] = {name.removeprefix("page_"): bindparam(name) for name in names}
    return Page(**wanted)
