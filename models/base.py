"""What every table shares: the declarative base, times in UTC, and ids that sort by time."""

import enum
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Index,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
    text,
    true,
)
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, mapped_column

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.dialects import postgresql

_SEQUENCE_BITS = 10
_NODE_BITS = 6


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time; naive values are refused on the way in, UTC comes out on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _Ids:
    """Mints ids: 48 bits of milliseconds, 6 bits of process, 10 bits of sequence; strictly rising within a process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._node = secrets.randbelow(1 << _NODE_BITS)
        self._last = 0
        self._lock = threading.Lock()

    def set_apart(self, number: int) -> None:
        """Mint others than the siblings of this process do: to be called in each fork, with a number of its own."""
        with self._lock:
            self._node = (self._node + number) % (1 << _NODE_BITS)

    def exact(self) -> int:
        """Mint one that JavaScript, which has 53 bits for a number, reads as it is."""
        return self(step=16)

    def __call__(self, *, step: int = 1) -> int:
        with self._lock:
            tick = int(self._clock() * 1000) << _SEQUENCE_BITS
            self._last = max(tick, (self._last // step + 1) * step)  # a clock that jumps back never repeats an id
            milliseconds, sequence = self._last >> _SEQUENCE_BITS, self._last & ((1 << _SEQUENCE_BITS) - 1)
        return (milliseconds << (_SEQUENCE_BITS + _NODE_BITS)) | (self._node << _SEQUENCE_BITS) | sequence


new_id = _Ids(time.time)


def id_at(moment: datetime) -> int:
    """The smallest id of that millisecond: a border for "everything since"."""
    return int(moment.timestamp() * 1000) << (_SEQUENCE_BITS + _NODE_BITS)


def id_near(moment: datetime) -> int:
    """A new id that sorts where `moment` is, for things that happened elsewhere before they came to us."""
    return id_at(moment) | secrets.randbelow(1 << (_SEQUENCE_BITS + _NODE_BITS))


IDS_A_DAY = id_at(datetime(1970, 1, 2, tzinfo=UTC))
"""What an id grows by in a day of UTC; divided by it, an id is the day counted from 1970."""


def now() -> datetime:
    """The present in UTC; the one clock of the house, so that tests can hold it."""
    return datetime.now(UTC)


def insert_into(session: AsyncSession, table: type["Base"]) -> "postgresql.Insert | sqlite.Insert":
    """An INSERT as the session's database spells it, which can say what shall happen to a row that is there already."""
    return insert_for(session.get_bind().dialect.name, table)


def insert_for(dialect: str, table: "Table | type[Base]") -> "postgresql.Insert | sqlite.Insert":
    """The same by the name of the dialect, for statements that are built once."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # it and its drivers take time to load, and most have SQLite

        return postgresql.insert(table)
    return sqlite.insert(table)


def sifts(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same condition, out of sight of those who look for a way to the rows: it says which of them stay.

    Read as the way, a list of alternatives leads a database to collect and sort all posts for a page of twenty, and an
    author to read all that somebody ever wrote.
    """
    return condition.is_(true())


def _values(members: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in members]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - the name and form are SQLAlchemy's
        datetime: UtcDateTime,
        enum.StrEnum: SqlEnum(enum.StrEnum, native_enum=False, length=24, values_callable=_values),
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[int]: JSON,
        list[dict[str, Any]]: JSON,
    }


POSTGRESQL_WHERE = "postgresql_where"


def partial_index(name: str | None, *columns: str, where: str, on_postgresql: str = "") -> Index:
    """An index of some rows.

    To name PostgreSQL's option here would load its dialect for those who have SQLite, too: `models.migrations`, which
    compares tables, finds in `info` what it says.
    """
    return Index(name, *columns, sqlite_where=text(where), info={POSTGRESQL_WHERE: text(on_postgresql or where)})


Id = Annotated[int, mapped_column(BigInteger, primary_key=True, autoincrement=False, default=new_id)]
