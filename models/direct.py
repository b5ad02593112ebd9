"""Statements of the verbs that are used most, asked of the database's driver as they are.

What takes SQLite some microseconds takes SQLAlchemy ten times as long to prepare, hand over and take apart; PostgreSQL
answers in a fifth of that time. A `Direct` is compiled once; what remains is to convert its values. It goes the
straight way inside `Database.writing()`, in the same transaction as everything else in it, and on PostgreSQL inside
`reading()`; anywhere else SQLAlchemy asks it as usual.
"""

import functools
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Delete, Insert, Select, Table, Update
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from models.database import CONNECTION
from models.sqlite import Connection

if TYPE_CHECKING:
    from models.postgresql import Straight

_SQLITE: Dialect = sqlite_dialect(paramstyle="qmark")

_FLOAT = 701
"""What PostgreSQL calls what a `float` is kept in: asked of numbers alone, of which we have no others."""

Values = Mapping[str, Any]
Rows = Sequence[Any]
_Convert = Callable[[Any], Any] | None


class _Compiled(NamedTuple):
    """The text for one database, and how values go in and come out. `fixed` are those that stand in the statement."""

    sql: str
    parameters: tuple[tuple[str, _Convert], ...]
    fixed: dict[str, Any]
    results: tuple[_Convert, ...]

    has_lists: bool
    """SQLite wants them written out member by member."""

    def bound(self, values: Values) -> list[Any]:
        given = {**self.fixed, **values} if self.fixed else values
        return [given[name] if convert is None else convert(given[name]) for name, convert in self.parameters]

    async def ask(self, connection: "Connection | Straight", values: Values) -> Rows:
        bound = self.bound(values)
        try:
            rows: Rows = await connection.ask(self.sql, bound)
        except sqlite3.Error as error:
            raise DBAPIError.instance(self.sql, bound, error, sqlite3.Error, dialect=_SQLITE) from error
        if not rows or not any(self.results):
            return rows
        return [
            [value if convert is None else convert(value) for value, convert in zip(row, self.results, strict=True)]
            for row in rows
        ]


class Direct:
    """A statement. All its values are given each time, those too that a column has a usual one for. One with lists in
    it goes the straight way on PostgreSQL alone.

    Raises what SQLAlchemy raises.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]] | Insert | Update | Delete) -> None:
        self.statement: Any = statement
        self._columns = tuple(statement.exported_columns)

    async def __call__(self, session: AsyncSession, values: Values) -> Rows:
        """What it selects or returns."""
        connection = await _straight(session)
        if connection is not None:
            compiled = self._for(connection)
            if not compiled.has_lists:
                return await compiled.ask(connection, values)
        result: Any = await session.execute(self.statement, values)
        return result.all() if self._columns else ()

    async def for_each(self, session: AsyncSession, rows: Sequence[Values]) -> None:
        """Do it with each of `rows`, in their order."""
        connection = await _straight(session)
        if connection is None or isinstance(connection, Connection):  # SQLAlchemy has SQLite take many at once
            await session.execute(self.statement, [dict(values) for values in rows])
            return
        compiled = self._for_postgresql
        await connection.ask_many(compiled.sql, [compiled.bound(values) for values in rows])

    def _for(self, connection: "Connection | Straight") -> _Compiled:
        return self._for_sqlite if isinstance(connection, Connection) else self._for_postgresql

    @functools.cached_property
    def _for_sqlite(self) -> _Compiled:
        return self._compiled(_SQLITE)

    @functools.cached_property
    def _for_postgresql(self) -> _Compiled:
        from models.postgresql import DIALECT  # it takes time to load, and most have SQLite

        return self._compiled(DIALECT)

    def _compiled(self, dialect: Dialect) -> _Compiled:
        compiled = self.statement.compile(dialect=dialect)
        converting = compiled._bind_processors
        return _Compiled(
            str(compiled),
            tuple((name, converting.get(name)) for name in compiled.positiontup or ()),
            {name: value for name, value in compiled.params.items() if not compiled.binds[name].required},
            tuple(column.type.dialect_impl(dialect).result_processor(dialect, _FLOAT) for column in self._columns),
            bool(compiled.post_compile_params),
        )


def usual_of(table: Table) -> dict[str, Any]:
    """What the columns of a new row hold where nothing else is said; None for those that are made anew each time."""
    return {
        column.key: column.default.arg if isinstance(column.default, ScalarElementColumnDefault) else None
        for column in table.columns
    }


async def _straight(session: AsyncSession) -> "Connection | Straight | None":
    """The connection of this transaction, when all that was done so far is written to it."""
    connection: Connection | Straight | None = session.info.get(CONNECTION)
    if connection is None or session.in_nested_transaction():  # where SQLAlchemy sets the savepoint when it is asked
        return None
    if session.in_transaction() and (session.new or session.dirty or session.deleted):
        await session.flush()
    return connection
