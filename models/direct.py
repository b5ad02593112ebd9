"""Statements of the verbs that are used most, asked of SQLite as they are.

What takes SQLite some microseconds takes SQLAlchemy ten times as long to prepare, hand over and take apart. A `Direct`
is compiled once; what remains is to convert its values. It goes the straight way inside `Database.writing()` on SQLite,
in the same transaction as everything else in it; anywhere else SQLAlchemy asks it as usual.
"""

import functools
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Delete, Insert, Select, Update
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import CONNECTION
from models.sqlite import Connection

_DIALECT = dialect(paramstyle="qmark")

Values = Mapping[str, Any]
Rows = Sequence[Sequence[Any]]
_Convert = Callable[[Any], Any] | None


class _Compiled(NamedTuple):
    """The text for SQLite, and how values go in and come out. `fixed` are those that stand in the statement."""

    sql: str
    parameters: tuple[tuple[str, _Convert], ...]
    fixed: dict[str, Any]
    results: tuple[_Convert, ...]

    async def ask(self, connection: Connection, values: Values) -> Rows:
        given = {**self.fixed, **values} if self.fixed else values
        bound = [given[name] if convert is None else convert(given[name]) for name, convert in self.parameters]
        try:
            rows: Rows = await connection.ask(self.sql, bound)
        except sqlite3.Error as error:
            raise DBAPIError.instance(self.sql, bound, error, sqlite3.Error, dialect=_DIALECT) from error
        if not rows or not any(self.results):
            return rows
        return [
            [value if convert is None else convert(value) for value, convert in zip(row, self.results, strict=True)]
            for row in rows
        ]


class Direct:
    """A statement without lists in it. All its values are given each time, those too that a column has a usual one for.

    Raises what SQLAlchemy raises.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]] | Insert | Update | Delete) -> None:
        self._statement: Any = statement
        self._columns = tuple(statement.exported_columns)

    async def __call__(self, session: AsyncSession, values: Values) -> Rows:
        """What it selects or returns."""
        connection = await _straight(session)
        if connection is not None:
            return await self._compiled.ask(connection, values)
        result: Any = await session.execute(self._statement, values)
        return result.all() if self._columns else ()

    @functools.cached_property
    def _compiled(self) -> _Compiled:
        compiled = self._statement.compile(dialect=_DIALECT)
        return _Compiled(
            str(compiled),
            tuple(
                (name, compiled.binds[name].type.dialect_impl(_DIALECT).bind_processor(_DIALECT))
                for name in compiled.positiontup
            ),
            {name: value for name, value in compiled.params.items() if value is not None},
            tuple(column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None) for column in self._columns),
        )


async def _straight(session: AsyncSession) -> Connection | None:
    """The connection of this transaction, when all that was done so far is written to it."""
    connection: Connection | None = session.info.get(CONNECTION)
    if connection is None or session.in_nested_transaction():  # where SQLAlchemy sets the savepoint when it is asked
        return None
    if session.in_transaction() and (session.new or session.dirty or session.deleted):
        await session.flush()
    return connection
