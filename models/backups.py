"""A copy of an SQLite database, taken while it is used, that does no harm when it is opened (R-98).

In the copy deliveries are halted and nobody is signed in: what the original sent or took away since is not known there.
"""

import asyncio
import contextlib
import os
import sqlite3
from pathlib import Path

from msgspec import Struct
from sqlalchemy import delete, func, select

from models import halts, ledger
from models.database import Database
from models.tables import AccessToken, Account, AuthorizationCode, HaltReason, LedgerLine, Post, SignIn

_PAGES = 2000
_FOR_ITS_OWNER = 0o600


class CopyDiffers(Exception):
    """The copy does not hold what was to be copied; the message says what differs."""


class Contents(Struct, frozen=True):
    """What a database holds, to compare a copy with: how much of some things, and the seal at the ledger's end."""

    accounts: int
    posts: int
    ledger_lines: int
    seal: str


async def copy(database: Database, to: Path) -> Contents:
    """Write a copy of an SQLite database into the new file `to`, for its owner's eyes, and look at what is in it.

    Raises:
        FileExistsError: there is such a file. CopyDiffers: what is in it is not whole.
    """
    assert database.is_sqlite  # noqa: S101 - whoever calls knows
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FOR_ITS_OWNER))
    await asyncio.to_thread(_copy_file, Path(database.url.database or ""), to)
    made = Database(f"sqlite+aiosqlite:///{to}", instance=database.instance)
    try:
        found = await contents(made)
        async with made.reading() as session:
            broken = await ledger.verify(session)
        if broken:
            raise CopyDiffers(f"the ledger is broken at line {broken[0]}")
        async with made.writing() as session:
            await halts.begin(session, HaltReason.BACKUP)
            for table in (AccessToken, AuthorizationCode, SignIn):
                await session.execute(delete(table))
    finally:
        await made.close()
    return found


def _copy_file(source: Path, to: Path) -> None:
    """All at one moment; writers are let in between the steps, and then what they changed is copied anew."""
    with (
        contextlib.closing(sqlite3.connect(source)) as original,
        contextlib.closing(sqlite3.connect(to)) as target,
    ):
        original.backup(target, pages=_PAGES, sleep=0.01)
        fault = target.execute("PRAGMA quick_check").fetchone()[0]
        if fault != "ok":
            raise CopyDiffers(str(fault))


async def contents(database: Database) -> Contents:
    """What is in a database."""
    async with database.reading() as session:
        accounts, posts, lines = [
            await session.scalar(select(func.count()).select_from(table)) or 0 for table in (Account, Post, LedgerLine)
        ]
        seal = await session.scalar(select(LedgerLine.hash).order_by(LedgerLine.id.desc()).limit(1))
    return Contents(accounts=accounts, posts=posts, ledger_lines=lines, seal=seal or "")
