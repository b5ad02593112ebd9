"""PostgreSQL is asked in as few round trips as there are questions, and connections that are gone are noticed."""

import pytest
from sqlalchemy import text

from models import postgresql
from models.database import Database

_WHICH = text("SELECT pg_backend_pid()")
_END = text("SELECT pg_terminate_backend(:pid)")


@pytest.fixture
def postgres(database: Database) -> Database:
    if database.is_sqlite:
        pytest.skip("about PostgreSQL")
    return database


async def _which(database: Database) -> int:
    async with database.reading() as session:
        return int(await session.scalar(_WHICH) or 0)


async def test_who_only_asks_begins_no_transaction_and_gets_the_connection_used_last(postgres: Database) -> None:
    async with postgres.reading() as session:
        first = await session.scalar(text("SELECT pg_current_xact_id()"))
        second = await session.scalar(text("SELECT pg_current_xact_id()"))

    assert first != second
    assert await _which(postgres) == await _which(postgres)

    async with postgres.writing() as session:
        first = await session.scalar(text("SELECT pg_current_xact_id()"))
        second = await session.scalar(text("SELECT pg_current_xact_id()"))

    assert first == second


async def test_a_connection_that_the_server_ended_is_not_given_to_anybody(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", -1.0)  # nothing may have been told us yet
    gone = await _which(postgres)
    other = Database(str(postgres.url.render_as_string(hide_password=False)), instance=postgres.instance)
    async with other.writing() as session:
        await session.execute(_END, {"pid": gone})
    await other.close()

    assert await _which(postgres) != gone
