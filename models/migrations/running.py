"""Runs the numbered steps, and compares what they lead to with the classes. Alembic is needed here alone."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import models.tables  # noqa: F401 - registers the classes
from models import trigrams
from models.base import POSTGRESQL_WHERE, Base
from models.database import Database

_FOLDER = Path(__file__).parent
for _table in Base.metadata.tables.values():
    for _index in _table.indexes:
        if POSTGRESQL_WHERE in _index.info:
            _index.dialect_options["postgresql"]["where"] = _index.info[POSTGRESQL_WHERE]


def _script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return ScriptDirectory.from_config(config)


async def upgrade(database: Database) -> list[str]:
    """Run the steps that are missing, all in one transaction; the numbers of those that ran."""
    script = _script()
    ran: list[str] = []

    def run(connection: Connection) -> None:
        def steps(revision: object, context: object) -> list[object]:
            found = script._upgrade_revs("head", revision)  # type: ignore[arg-type]
            ran.extend(step.revision.revision for step in found if hasattr(step, "revision"))
            return list(found)

        with EnvironmentContext(Config(), script, fn=steps) as environment:
            environment.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True)
            with environment.begin_transaction():
                environment.run_migrations()

    async with database.engine.begin() as connection:
        await connection.run_sync(run)
    return ran


async def differences(database: Database) -> list[object]:
    """What the database's tables lack or have beyond the mapped classes; empty when migrations equal models."""

    def compare(connection: Connection) -> list[object]:
        def is_ours(name: str | None, *_: object) -> bool:
            return not (name or "").startswith(trigrams.NAMES)

        opts = {"compare_type": True, "compare_server_default": False, "include_name": is_ours}
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, Base.metadata))

    async with database.engine.connect() as connection:
        return await connection.run_sync(compare)
