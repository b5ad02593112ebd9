"""Everything is halted, and goes on: by an admin, and where a backup or an older database is opened (R-98)."""

from pathlib import Path

import pytest

from models import backups, halts, ledger
from models.base import now
from models.database import Database
from models.errors import NotAllowed
from models.tables import AccessToken, HaltReason, SignIn
from server.newest import Newest
from tests.federation.mailroom import Post
from tests.world import World


async def begin(database: Database, reason: HaltReason) -> None:
    async with database.writing() as session:
        await halts.begin(session, reason)


async def end(database: Database, **more: bool) -> int:
    async with database.writing() as session:
        return await halts.end(session, **more)


async def reason(database: Database) -> HaltReason | None:
    async with database.reading() as session:
        halt = await halts.current(session)
        return halt.reason if halt is not None else None


async def test_while_an_admin_halts_deliveries_all_is_kept_and_then_goes_in_order(post: Post) -> None:
    northwind = await post.receiver("northwind")
    sent = await post.queue(northwind, count=2)
    await begin(post.database, HaltReason.ADMIN)
    sent += await post.queue(northwind)
    await post.sender.drain()
    assert northwind.taken == []

    assert await end(post.database) == 0
    await post.sender.drain()
    assert [one.id for one in northwind.taken] == sent


@pytest.mark.parametrize("why", [HaltReason.BACKUP, HaltReason.OUTDATED])
async def test_R_98_what_an_old_database_had_queued_is_sent_again_if_wished_alone(post: Post, why: HaltReason) -> None:
    northwind = await post.receiver("northwind")
    await post.queue(northwind, count=2)
    await begin(post.database, why)
    later = await post.queue(northwind)

    assert await end(post.database) == 2
    await post.sender.drain()
    assert [one.id for one in northwind.taken] == later

    old = await post.queue(northwind)
    await begin(post.database, why)
    assert await end(post.database, sends_old=True) == 0
    await post.sender.drain()
    assert [one.id for one in northwind.taken] == later + old


async def test_only_admins_halt_and_resume_and_the_ledger_says_so(world: World) -> None:
    for verb in (lambda session, by: halts.begin(session, HaltReason.ADMIN, by=by), halts_end):
        for who in (world.ada, world.grace):
            with pytest.raises(NotAllowed):
                async with world.database.writing() as session:
                    await verb(session, who.staff)
    async with world.database.writing() as session:
        first = await halts.begin(session, HaltReason.ADMIN, by=world.alan.staff)
        assert (await halts.begin(session, HaltReason.BACKUP)).id == first.id
    async with world.database.reading() as session:
        line = (await session.scalars(ledger.lines(world.alan.staff))).first()
    assert line is not None
    assert (line.outcome, line.what, line.actor, line.rule) == ("stopped", "Deliveries", "alan", "deliveries_halted")
    assert await end(world.database) == 0
    assert await reason(world.database) is None
    assert await end(world.database) == 0


async def halts_end(session, by) -> int:
    return await halts.end(session, by=by)


async def test_R_98_promise_10_a_backup_has_all_that_was_said_sends_nothing_and_lets_nobody_in(
    world: World, tmp_path: Path
) -> None:
    if not world.database.is_sqlite:
        pytest.skip("PostgreSQL is copied by its own program")
    secret = await world.ada.writes("Milling begins", group=world.alpine)
    async with world.database.writing() as session:
        session.add(SignIn(account_id=world.ada.staff.account_id, token_hash=b"x", expires_at=now()))

    found = await backups.copy(world.database, tmp_path / "copy")

    assert found == await backups.contents(world.database)
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    copied = Database(f"sqlite+aiosqlite:///{tmp_path}/copy", instance=world.database.instance)
    try:
        async with copied.reading() as session:
            assert (await session.get_one(type(secret), secret.id)).source == "Milling begins"
            for table in (SignIn, AccessToken):
                assert (await session.execute(table.__table__.select())).all() == []
            assert await ledger.verify(session) == []
        assert await reason(copied) is HaltReason.BACKUP
    finally:
        await copied.close()
    assert await reason(world.database) is None
    with pytest.raises(FileExistsError):
        await backups.copy(world.database, tmp_path / "copy")


async def test_R_98_a_database_that_lacks_lines_of_the_ledger_is_halted_once(world: World, tmp_path: Path) -> None:
    newest = Newest(world.database, tmp_path)
    assert not await newest.compare()  # there is nothing to compare with yet
    await world.ada.writes("Milling begins", group=world.alpine)
    await newest.remember()
    assert not await Newest(world.database, tmp_path).compare()

    file = tmp_path / ".ledger-line"
    file.write_text(f"{int(file.read_text()) + 1}\n", encoding="ascii")
    assert await Newest(world.database, tmp_path).compare()

    assert await reason(world.database) is HaltReason.OUTDATED
    await end(world.database)
    assert not await Newest(world.database, tmp_path).compare()
