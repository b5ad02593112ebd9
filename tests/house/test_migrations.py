"""The numbered migrations lead to the tables that the classes describe, on both databases."""

import re
from pathlib import Path

import pytest
from sqlalchemy import inspect

import models.migrations
from models import migrations
from models.database import Database
from models.instance import Instance
from tests.fixtures import NewDatabase

VERSIONS = Path(models.migrations.__file__).parent / "versions"


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_migrations_equal_models(kind: str, new_database: NewDatabase) -> None:
    database = Database(new_database(kind), instance=Instance(base_url="http://a.localhost", name="A"))
    try:
        assert await migrations.differences(database) == []
        assert await migrations.current(database) == migrations.newest()
        assert await migrations.upgrade(database) == []
    finally:
        await database.close()


async def test_an_empty_database_is_brought_to_this_release_in_one_go(tmp_path: Path) -> None:
    database = Database(
        f"sqlite+aiosqlite:///{tmp_path}/new.sqlite3", instance=Instance(base_url="http://a.localhost", name="A")
    )
    try:
        assert await migrations.current(database) is None
        ran = await migrations.upgrade(database)
        assert ran == sorted(ran)
        assert ran[-1] == migrations.newest()
        async with database.engine.connect() as connection:
            tables = await connection.run_sync(lambda plain: inspect(plain).get_table_names())
        assert "posts" in tables
    finally:
        await database.close()


def test_migrations_are_numbered_in_order_without_gaps() -> None:
    names = sorted(path.stem for path in VERSIONS.glob("*.py") if path.stem != "__init__")
    numbers = [re.fullmatch(r"(\d{4})_[a-z0-9_]+", name) for name in names]
    assert all(numbers), names
    assert [int(number[1]) for number in numbers if number] == list(range(1, len(names) + 1))
