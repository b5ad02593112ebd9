"""A private PostgreSQL for one test session: a cluster of its own in a temporary directory, reached by a socket there.

Nothing that runs on the machine already is touched. The cluster is made without fsync: it lives for the session only.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

OWNER = "postgres"
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/pgsql/bin")
_SETTINGS = (
    "-c fsync=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=32MB -c max_wal_size=128MB"
    " -c jit=off"  # it thinks that tables are large which nobody counted
)
_ROOM = 1 << 30
_PREFIX = "kontor-pg-"
_SESSION = "session"  # the file with the number of the process that a cluster is for


class Unavailable(Exception):
    """There is no PostgreSQL to run here; the message is the plain reason."""


def binaries() -> Path:
    """The directory with `initdb` and `pg_ctl`, of the newest version installed. Raises Unavailable."""
    found = [folder for place in _PLACES for folder in Path("/").glob(place[1:]) if (folder / "initdb").exists()]
    if found:
        return max(found, key=_version)
    on_path = shutil.which("initdb")
    if on_path is None:
        raise Unavailable("no PostgreSQL server is installed here (initdb was not found)")
    return Path(on_path).parent


def _version(folder: Path) -> int:
    digits = "".join(filter(str.isdigit, folder.parent.name))
    return int(digits or 0)


def _as_owner() -> list[str]:
    """What to put before a command: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    with contextlib.suppress(KeyError):
        pwd.getpwnam(OWNER)
        if shutil.which("runuser"):
            return ["runuser", "-u", OWNER, "--"]
    raise Unavailable("PostgreSQL does not run as root, and there is no user postgres to run it as")


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """A running server; yields its URL with `{}` for the name of a database. Raises Unavailable."""
    folder = binaries()
    prefix = _as_owner()
    _sweep(folder, prefix)
    home = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=memory()))
    try:
        (home / _SESSION).write_text(str(os.getpid()), encoding="ascii")
        if prefix:
            shutil.chown(home, OWNER)
        data = home / "data"
        superuser = ["-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        _run([*prefix, str(folder / "initdb"), "-D", str(data), *superuser], home)
        options = f"-k {home} -c listen_addresses= {_SETTINGS}"
        control = [*prefix, str(folder / "pg_ctl"), "-D", str(data), "-w", "-s"]
        _run([*control, "-l", str(home / "log"), "-o", options, "start"], home)
        try:
            yield f"postgresql+asyncpg://{OWNER}@/{{}}?host={home}"
        finally:
            _run([*control, "-m", "immediate", "stop"], home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _sweep(folder: Path, prefix: list[str]) -> None:
    """End the clusters of sessions that were killed, and of no others."""
    for home in Path(memory() or tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            os.kill(int((home / _SESSION).read_text(encoding="ascii")), 0)
        except ProcessLookupError:
            stop = [*prefix, str(folder / "pg_ctl"), "-D", str(home / "data"), "-m", "immediate", "stop"]
            subprocess.run(stop, cwd="/", capture_output=True, check=False)  # noqa: S603 - PostgreSQL's own program
            shutil.rmtree(home, ignore_errors=True)
        except (OSError, ValueError):
            continue  # it is being made or ended just now, or is somebody else's


def memory() -> str | None:
    """A place in memory where there is room: a database is a thousand small files, which a disk takes long to make."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM:
        return str(memory)
    return None


def _run(command: list[str], home: Path) -> None:
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        log = home / "log"
        raise RuntimeError(f"{command[-1]} failed: {done.stderr}\n{log.read_text() if log.exists() else ''}")
