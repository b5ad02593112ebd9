"""PostgreSQL without needless round trips.

Each of them costs more than most of what is asked. A connection is known to be closed as soon as the server closes it,
so it is only tried before use when it was idle for long. Who only asks needs no transaction: each statement sees its
own moment anyway. Statements stay prepared, lists are one parameter however long they are, and whoever asks gets the
connection that was used last, where they are. What is told to other processes goes along with the commit.
"""

import functools
from collections.abc import Sequence
from time import monotonic
from typing import Any, NoReturn, cast

from sqlalchemy import URL, event, text, util
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.asyncpg import (
    AsyncAdapt_asyncpg_connection,
    AsyncAdapt_asyncpg_cursor,
    AsyncAdapt_asyncpg_dbapi,
    PGCompiler_asyncpg,
    PGDialect_asyncpg,
)
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.elements import BindParameter

from models.moments import CHANGES, UNSEEN
from models.sqlite import WATCHING
from models.written import ALL, tables_changed

IDLE_SECONDS = 30.0
"""A connection that nobody used for so long may be gone without anybody having told us."""
_PREPARED = 500
_POOL = 16
_USED_AT = "used at"
_SETTINGS = {"jit": "off"}
"""Tables that nobody counted yet are taken for large: to compile what then runs for a millisecond takes up to half a
second."""


def engine(url: URL) -> AsyncEngine:
    """For those who write."""
    import asyncpg

    made = create_async_engine(
        url,
        module=_Driver(asyncpg),  # type: ignore[no-untyped-call]
        pool_size=_POOL,
        max_overflow=0,  # what is opened stays: all that it prepared would be lost with it
        pool_use_lifo=True,
        connect_args={
            "prepared_statement_cache_size": _PREPARED,
            "server_settings": _SETTINGS,
            "connection_class": _opened_as(),
        },
    )
    pool, dialect = made.sync_engine.pool, made.sync_engine.dialect
    dialect.statement_compiler = _Compiler

    @event.listens_for(pool, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info[_USED_AT] = monotonic()

    @event.listens_for(pool, "checkout")
    def look(connection: Any, record: Any, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError
        if monotonic() - record.info.get(_USED_AT, monotonic()) > IDLE_SECONDS:
            try:
                dialect.do_ping(connection)
            except Exception as error:  # a driver says it in many ways; the pool opens another one
                raise DisconnectionError from error

    return made


@functools.cache
def _opened_as() -> type:
    """The driver's connection, which asks what a type is made of once in a process instead of in each connection."""
    import asyncpg

    class Opened(asyncpg.Connection):  # type: ignore[misc]
        async def _introspect_types(self, typeoids: Any, *more: Any, **named: Any) -> Any:
            wanted = frozenset(typeoids)
            if wanted not in _TYPES:
                told = await super()._introspect_types(typeoids, *more, **named)
                if any(oid >= _FIRST_OWN_TYPE for oid in wanted):
                    return told
                _TYPES[wanted] = told
            return _TYPES[wanted]

    return Opened


_FIRST_OWN_TYPE = 16384
"""Types below are PostgreSQL's own, the same in every database."""
_TYPES: dict[frozenset[int], Any] = {}


async def connect(url: URL) -> Any:
    """A connection of the driver alone."""
    import asyncpg

    return await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))


async def count_rows(engine: AsyncEngine) -> list[str]:
    """Have PostgreSQL count the tables that it never counted, or that have three times the rows by now; which they are.

    It does so itself once a minute at most. Until then it takes what is small for large and what is large for small,
    and a page of a young company's home costs a hundred times what it does afterwards.
    """
    async with engine.connect() as connection:
        if not await connection.scalar(_COUNTS_ALONE):  # another process is at it
            return []
        names = list(await connection.scalars(_UNCOUNTED, {"least": _WORTH_COUNTING}))
        for name in names:
            await connection.execute(text(f"ANALYZE {name}"))
        await connection.commit()
    return names


_WORTH_COUNTING = 50
_COUNTS_ALONE = text("SELECT pg_try_advisory_xact_lock(7201002)")
_UNCOUNTED = text(
    "SELECT quote_ident(stat.relname) FROM pg_stat_user_tables stat JOIN pg_class ON pg_class.oid = stat.relid"
    " WHERE stat.schemaname = current_schema() AND n_live_tup >= :least AND n_live_tup > 3 * greatest(reltuples, 0)"
    " ORDER BY stat.relname"
)


class Straight:
    """A connection that is asked without SQLAlchemy, in the transaction that its session is in."""

    def __init__(self, connection: AsyncConnection, *, writes: bool) -> None:
        """Whoever only asks has each statement see its own moment."""
        self._adapted: _Connection = cast(Any, connection.sync_connection).connection.dbapi_connection
        self._adapted.autocommit = not writes
        self._writes = writes

    async def ask(self, sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        """Run one statement; its rows."""
        try:
            self._adapted.note(sql)
            if self._writes and not self._adapted.has_begun:
                await self._adapted.begin()
            rows: Sequence[Any] = await self._adapted.driver_connection.fetch(sql, *parameters)
        except Exception as error:
            self._raise(sql, parameters, error)
        return rows

    async def ask_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each of `rows`, in their order."""
        try:
            self._adapted.note(sql)
            if not self._adapted.has_begun:
                await self._adapted.begin()
            await self._adapted.driver_connection.executemany(sql, rows)
        except Exception as error:
            self._raise(sql, rows, error)

    def tell_with_commit(self, channel: str, news: Sequence[str]) -> None:
        """Have those who listen to `channel` hear of `news` when the transaction is durable, and every process which
        tables it changed (`models.moments`).

        Whoever tells something waits, until the commit is durable, for all others who do. So those stay silent who have
        no news and changed what people are shown: what nobody tells about may be anything.
        """
        if not self._adapted.has_begun:
            return
        if news:
            self._adapted.farewell = f"SELECT pg_notify('{channel}', '{' '.join(news)}');"
        changed = frozenset().union(*map(tables_changed, self._adapted.statements))
        if (news and changed != ALL) or changed <= UNSEEN:
            self._adapted.farewell += _CHANGED.format(" ".join(sorted(changed)))

    async def commit(self) -> None:
        """Commit what was done, where SQLAlchemy does not."""
        try:
            await self._adapted.end()
        except Exception as error:
            self._raise("COMMIT", (), error)

    async def roll_back(self) -> None:
        """Take back what was done, where SQLAlchemy does not."""
        await self._adapted.give_up()

    def let_go(self) -> None:
        """Leave the connection as everybody finds it."""
        self._adapted.autocommit = False

    def _raise(self, sql: str, parameters: Any, error: Exception) -> NoReturn:
        try:
            self._adapted.translate(error)
        except AsyncAdapt_asyncpg_dbapi.Error as known:
            raise DBAPIError.instance(
                sql, parameters, known, AsyncAdapt_asyncpg_dbapi.Error, dialect=DIALECT
            ) from error


_CHANGED = (
    f"SELECT pg_notify('{CHANGES}', number || ' {{}}')"  # noqa: S608 - of names of ours
    " FROM pg_current_xact_id_if_assigned() AS number WHERE number IS NOT NULL;"
)


class _Transaction:
    """One begun and ended by the shortest way."""

    def __init__(self, connection: "_Connection") -> None:
        self._connection = connection
        self._driver = connection.driver_connection

    async def start(self) -> None:
        self._connection.farewell = ""
        await self._driver.execute("BEGIN")

    async def commit(self) -> None:
        farewell = self._connection.farewell
        self._connection.statements.clear()
        try:
            await self._driver.execute(f"{farewell}COMMIT")
        except BaseException:
            if not self._driver.is_closed() and self._driver.is_in_transaction():
                await self._driver.execute("ROLLBACK")
            raise

    async def rollback(self) -> None:
        self._connection.statements.clear()
        if not self._driver.is_closed():
            await self._driver.execute("ROLLBACK")


class _Cursor(AsyncAdapt_asyncpg_cursor):
    def executemany(self, operation: str, rows: Any) -> Any:
        cast(_Connection, self._adapt_connection).note(operation)
        return super().executemany(operation, rows)  # type: ignore[no-untyped-call]


class _Connection(AsyncAdapt_asyncpg_connection):
    """What SQLAlchemy takes for a connection. `farewell` is said with the next commit; `statements` are what was run
    in the transaction."""

    __slots__ = ("farewell", "statements")
    _cursor_cls = _Cursor

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)  # type: ignore[no-untyped-call]
        self.farewell = ""
        self.statements: set[str] = set()

    def note(self, sql: str) -> None:
        """Remember what is run in a transaction, and tell who is watching what is asked outside of one."""
        if not self.autocommit:
            self.statements.add(sql)
        elif (watching := WATCHING.get()) is not None:
            watching(sql)

    async def _prepare(self, operation: str, *more: Any) -> Any:
        self.note(operation)
        return await super()._prepare(operation, *more)  # type: ignore[no-untyped-call]

    @property
    def has_begun(self) -> bool:
        return self._transaction is not None

    async def begin(self) -> None:
        await self._start_transaction()

    async def end(self) -> None:
        if self._transaction is not None:
            await self._call_and_discard(self._transaction.commit)

    async def give_up(self) -> None:
        if self._transaction is not None:
            await self._call_and_discard(self._transaction.rollback)

    def translate(self, error: Exception) -> NoReturn:
        """Raise `error` as SQLAlchemy would hear of it."""
        self._handle_exception(error)

    async def _start_transaction(self) -> None:
        if self.isolation_level not in (None, "read_committed"):
            await super()._start_transaction()  # type: ignore[no-untyped-call]
            return
        transaction = _Transaction(self)
        try:
            await transaction.start()
        except Exception as error:
            self._handle_exception(error)
        self._transaction = transaction


class _Driver(AsyncAdapt_asyncpg_dbapi):
    def connect(self, *given: Any, **named: Any) -> Any:
        kept = named.pop("prepared_statement_cache_size", _PREPARED)
        opening = self.asyncpg.connect(*given, **named)
        return util.await_only(_Connection.create(self, opening, prepared_statement_cache_size=kept))


class _Compiler(PGCompiler_asyncpg):
    """Has each list be one parameter, an array: as many as it has members make another statement for each length, to be
    written and prepared anew."""

    def visit_in_op_binary(self, binary: Any, operator: Any, **named: Any) -> str:
        return self._of_list(binary, "= ANY", **named) or self._generate_generic_binary(binary, " IN ", **named)

    def visit_not_in_op_binary(self, binary: Any, operator: Any, **named: Any) -> str:
        found = self._of_list(binary, "<> ALL", **named)
        return found or f"({self._generate_generic_binary(binary, ' NOT IN ', **named)})"

    def _of_list(self, binary: Any, comparison: str, **named: Any) -> str:
        """The comparison with an array; empty where it is none with a list of plain values."""
        members: Any = binary.right
        if not isinstance(members, BindParameter) or not members.expanding or members.literal_execute:
            return ""
        if named.get("literal_binds") or named.get("render_postcompile") or not _is_plain(members.type, self.dialect):
            return ""
        named["_in_operator_expression"] = True
        one = binary.left._compiler_dispatch(self, **named)
        members._compiler_dispatch(self, **named)  # which makes its name known
        self.post_compile_params -= {members}
        array = self.bindparam_string(self.bind_names[members], bindparam_type=ARRAY(members.type))
        return f"{one} {comparison} ({array})"

    @util.memoized_property
    def _bind_processors(self) -> Any:
        found = dict(PGCompiler_asyncpg._bind_processors.fget(self))
        for parameter, name in self.bind_names.items():
            if parameter.expanding and parameter not in self.post_compile_params:
                found[name] = _of_members(parameter.type._cached_bind_processor(self.dialect))
        return found


def _is_plain(type_: Any, dialect: Any) -> bool:
    known = type_.dialect_impl(dialect)
    return not (type_._isnull or type_._is_tuple_type or type_._is_array or known._has_bind_expression)


def _of_members(convert: Any) -> Any:
    return list if convert is None else lambda members: [convert(one) for one in members]


DIALECT: Any = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
"""For statements that are written out beforehand."""
DIALECT.statement_compiler = _Compiler
