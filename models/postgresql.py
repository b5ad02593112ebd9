"""PostgreSQL without needless round trips.

Each of them costs more than most of what is asked. A connection is known to be closed as soon as the server closes it,
so it is only tried before use when it was idle for long. Who only asks needs no transaction: each statement sees its
own moment anyway. Statements stay prepared, and whoever asks gets the connection that was used last, where they are.
"""

from time import monotonic
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

IDLE_SECONDS = 30.0
"""A connection that nobody used for so long may be gone without anybody having told us."""
_PREPARED = 500
_POOL = 8
_USED_AT = "used at"


def engine(url: URL) -> AsyncEngine:
    """For those who write."""
    made = create_async_engine(
        url,
        pool_size=_POOL,
        max_overflow=_POOL,
        pool_use_lifo=True,
        connect_args={"prepared_statement_cache_size": _PREPARED},
    )
    pool, dialect = made.sync_engine.pool, made.sync_engine.dialect

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


def asking(engine: AsyncEngine) -> AsyncEngine:
    """The same connections, for those who only ask."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")
