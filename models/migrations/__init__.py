"""Bringing a database to the tables of this release. Numbered steps, each true afterwards; see `versions/`.

Whether anything is to be done is asked without the machinery that does it, which takes long to load.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from models import trigrams
from models.database import Database

_VERSIONS = Path(__file__).parent / "versions"
_TABLE = "alembic_version"


async def upgrade(database: Database) -> list[str]:
    """Run the steps that are missing, all in one transaction; the numbers of those that ran. And see that search is
    quick where it can be."""
    ran: list[str] = []
    if await current(database) != newest():
        from models.migrations import running

        ran = await running.upgrade(database)
    await trigrams.keep(database)
    return ran


async def current(database: Database) -> str | None:
    """The number of the last step that ran; None for an empty database."""

    def ask(connection: Connection) -> str | None:
        if not inspect(connection).has_table(_TABLE):
            return None
        number: str | None = connection.scalar(text(f"SELECT version_num FROM {_TABLE}"))  # noqa: S608 - a name of ours
        return number

    async with database.engine.connect() as connection:
        return await connection.run_sync(ask)


def newest() -> str | None:
    """The number of the last step that this release knows."""
    return max((path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py")), default=None)


async def differences(database: Database) -> list[object]:
    """What the database's tables lack or have beyond the mapped classes; empty when migrations equal models."""
    from models.migrations import running

    return await running.differences(database)
