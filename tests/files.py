"""Databases of SQLite, lent to one test after another: emptied each time, with connections that stay open.

A new connection reads what tables and indexes there are, and prepares each statement anew. Together with copying the
file and with writing it back when the last connection closed, that took longer than what many a test asks.
"""

import contextlib
import shutil
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

from models import sqlite
from tests.templates import Template

_open = sqlite.opened


class _Kept(sqlite3.Connection):
    """A connection that whoever closes it leaves to the next, if it is in order."""

    file: "Lent"
    like: tuple[Any, ...]

    def __init__(self, *known: Any, **more: Any) -> None:
        super().__init__(*known, cached_statements=1000, **more)

    def close(self) -> None:
        self.file.out.discard(self)
        if self.in_transaction or self.file.is_over:
            self.end()
        else:
            self.file.idle[self.like].append(self)

    def end(self) -> None:
        super().close()


class Lent:
    """A file that somebody has. `idle` are the connections that wait in it, by how they were opened; `out` the rest."""

    def __init__(self, path: Path, template: Template, original: Path) -> None:
        shutil.copyfile(original, path)
        self.template = template
        self.idle: dict[tuple[Any, ...], list[_Kept]] = defaultdict(list)
        self.out: set[_Kept] = set()
        self.is_over = False
        self._path = path
        self._number = path.stat().st_ino
        self._own = sqlite3.connect(path, isolation_level=None, uri=True, cached_statements=500)
        for pragma in ("busy_timeout=0", "synchronous=OFF", "foreign_keys=OFF", "temp_store=MEMORY"):
            self._own.execute(f"PRAGMA {pragma}").close()
        self._own.execute("ATTACH ? AS template", (f"file:{original}?immutable=1",)).close()
        # without the index of search, which follows the posts by triggers
        named = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'post_trigrams%'"
        tables = [name for (name,) in self._own.execute(named)]
        self._asks = ", ".join(f'EXISTS (SELECT 1 FROM main."{name}")' for name in tables)  # noqa: S608
        self._tables = list(zip(tables, self._filled(), strict=True))
        self._schema = self._version()

    @property
    def url(self) -> str:
        return f"sqlite+aiosqlite:///{self._path}"

    def _filled(self) -> tuple[int, ...]:
        filled: tuple[int, ...] = self._own.execute(f"SELECT {self._asks}").fetchone()
        return filled

    def _version(self) -> int:
        version: int = self._own.execute("PRAGMA main.schema_version").fetchone()[0]
        return version

    def begin_again(self) -> bool:
        """Hold what it held at first; False when somebody is still at it, or changed more than rows."""
        try:
            if self.out or self._path.stat().st_ino != self._number or self._version() != self._schema:
                return False
            self._own.execute("BEGIN IMMEDIATE").close()
            for (name, was_filled), is_filled in zip(self._tables, self._filled(), strict=True):
                if is_filled:
                    self._own.execute(f'DELETE FROM main."{name}"').close()  # noqa: S608 - a name from the schema
                if was_filled:
                    self._own.execute(f'INSERT INTO main."{name}" SELECT * FROM template."{name}"').close()  # noqa: S608
            self._own.execute("COMMIT").close()
        except (OSError, sqlite3.Error):
            return False
        return True

    def opened(self, *, cache: int) -> sqlite3.Connection:
        """What `models.sqlite.opened` would open."""
        like = (cache, sqlite._PRAGMAS)
        if self.idle[like]:
            connection = self.idle[like].pop()
            connection.execute(f"PRAGMA busy_timeout={sqlite._PATIENCE}").close()
        else:
            connection = _open(str(self._path), cache=cache, kind=_Kept)
            connection.file, connection.like = self, like
        self.out.add(connection)
        return connection

    def end(self) -> None:
        self.is_over = True
        for kept in self.idle.values():
            for connection in kept:
                connection.end()
        self._own.close()
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink(missing_ok=True)


class Files:
    """Lends files that are as a template is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lent: dict[str, Lent] = {}
        self._free: dict[Template, list[Lent]] = defaultdict(list)
        self._count = 0

    def lend(self, template: Template) -> Lent:
        """A database that nobody else has until it is given back."""
        while self._free[template]:
            lent = self._free[template].pop()
            if lent.begin_again():
                return lent
            with contextlib.suppress(sqlite3.Error):
                lent.end()
        self._count += 1
        path = self._folder / f"lent_{self._count}.sqlite3"
        lent = self._lent[str(path)] = Lent(path, template, self._original(template))
        return lent

    def take_back(self, lent: Lent) -> None:
        self._free[lent.template].append(lent)

    def opened(self, path: str, *, cache: int = sqlite.READER_CACHE) -> sqlite3.Connection:
        """In the place of `models.sqlite.opened`."""
        lent = self._lent.get(path)
        return _open(path, cache=cache) if lent is None or lent.is_over else lent.opened(cache=cache)

    def close(self) -> None:
        for lent in self._lent.values():
            with contextlib.suppress(sqlite3.Error):
                lent.end()

    def _original(self, template: Template) -> Path:
        """The file of a template, made when it is wanted first."""
        path = self._folder / template.name
        if not path.exists():
            if template.after is not None:
                shutil.copyfile(self._original(template.after), path)
            template.make(f"sqlite+aiosqlite:///{path}")
        return path
