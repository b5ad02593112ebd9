"""`kontor init`: a new instance, from nothing to ready to serve."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from sqlalchemy import select

from models import accounts, migrations
from models.database import Database
from models.tables import Account, Role
from server.auth import passwords
from server.cli.frame import (
    Asked,
    Refusal,
    asynchronous,
    config_option,
    config_path,
    connected,
    json_option,
    password_from,
    print_json,
    shown_url,
)
from server.config import Config, rendered, write_key
from server.config.hosts import host_name

KEY_FILE = "kontor.key"
INSECURE_HOSTS = ("*.localhost",)
PRIVATE_NETWORKS = ("127.0.0.0/8", "::1/128")


@click.command()
@config_option
@click.option("--name", cls=Asked, required=True, prompt="Company's name", help="The company's name.")
@click.option("--url", cls=Asked, required=True, prompt="Address", help="Address for everybody, for good.")
@click.option("--admin", cls=Asked, required=True, prompt="Admin's name", help="Name of the first person, an admin.")
@click.option("--email", cls=Asked, required=True, prompt="Admin's e-mail address", help="The admin's e-mail address.")
@click.option("--password-file", metavar="F", help="File whose first line is the admin's password; - for stdin.")
@click.option("--database", metavar="URL", default=None, help="SQLite (default) or postgresql+asyncpg://…")
@click.option("--bind", default=None, help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65_535), default=None, help="Port to listen on.")
@click.option("--mode", type=click.Choice(["partners", "open"]), default=None, help="Who may talk to us.")
@click.option("--language", type=click.Choice(["de", "en"]), default=None, help="Language of those who chose none.")
@json_option
@asynchronous
async def init(
    *,
    name: str,
    url: str,
    admin: str,
    email: str,
    password_file: str | None,
    database: str | None,
    bind: str | None,
    port: int | None,
    mode: str | None,
    language: str | None,
    as_json: bool,
) -> None:
    """Make a new instance: configuration, secret key, database and the first admin.

    Nothing that exists is overwritten. What was made is removed again when a later step is refused.
    """
    file = config_path()
    for path in (file, file.parent / KEY_FILE):
        if path.exists():
            raise Refusal(str(path), "This file is there already.", "Choose another place with --config.")
    where = await make(
        file,
        name=name,
        url=url,
        admin=admin,
        email=email,
        password=password_from(password_file),
        database=database,
        bind=bind,
        port=port,
        mode=mode,
        language=language,
    )
    local = _is_local(url)
    if as_json:
        key = str(file.parent / KEY_FILE)
        print_json({"config": str(file), "key": key, "database": where, "url": url, "development": local})
        return
    click.echo(f"{name} is ready: {file}, {file.parent / KEY_FILE} (keep it secret, keep a copy), database {where}.")
    if local:
        click.echo(
            f"Development setting: plain http with {', '.join(INSECURE_HOSTS)} and addresses in "
            f"{', '.join(PRIVATE_NETWORKS)} are allowed. Not for a server that others can reach."
        )
    click.echo(f"Start it: kontor serve --config {file}, then sign in as {admin} at {url}")


async def make(
    file: Path,
    *,
    name: str,
    url: str,
    admin: str,
    email: str,
    password: str,
    database: str | None = None,
    bind: str | None = None,
    port: int | None = None,
    mode: str | None = None,
    language: str | None = None,
) -> str:
    """Make an instance with its configuration in `file`; its database's address, without a password.

    Raises:
        Refusal, ConfigError, DomainError: what is wrong; whatever had been made is removed again.
    """
    passwords.check(password, username=admin, email=email)
    local = _is_local(url)
    tables: dict[str, dict[str, Any]] = {
        "instance": _given(name=name, url=url, default_language=language),
        "server": _given(bind=bind, port=port if port is not None else _port_of(url, local=local)),
        "database": _given(url=database),
        "secrets": {"key_file": KEY_FILE},
        "federation": _given(mode=mode),
    }
    if local:
        tables["development"] = {"insecure_hosts": INSECURE_HOSTS, "private_networks": PRIVATE_NETWORKS}
    key = file.parent / KEY_FILE
    with _all_or_nothing() as made:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_key(key)
        made.append(key)
        config = Config.parse(rendered(tables), path=file)
        with file.open("x", encoding="utf-8") as text:
            made.append(file)
            text.write(rendered(tables))
        where = await _fill(config, made, admin=admin, email=email, password=password)
        config.media_directory.mkdir(parents=True, exist_ok=True)
    return where


async def _fill(config: Config, made: list[Path], *, admin: str, email: str, password: str) -> str:
    """Make the tables and the admin; the database's address without its password."""
    async with connected(config, creates=True) as database:
        if database.is_sqlite and database.url.database:
            made += [Path(database.url.database + suffix) for suffix in ("", "-wal", "-shm")]
        if await migrations.current(database) is not None and await _is_inhabited(database):
            made.clear()
            raise Refusal(shown_url(database), "There is an instance in this database.", "Choose an empty one.")
        await migrations.upgrade(database)
        hashed = await passwords.hash_password(password)
        async with database.writing() as session:
            await accounts.create(session, username=admin, email=email, password_hash=hashed, role=Role.ADMIN)
        return shown_url(database)


async def _is_inhabited(database: Database) -> bool:
    async with database.reading() as session:
        return await session.scalar(select(Account.id).limit(1)) is not None


@contextlib.contextmanager
def _all_or_nothing() -> Iterator[list[Path]]:
    """Remove the files in the list when the block is left by an exception."""
    made: list[Path] = []
    try:
        yield made
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _is_local(url: str) -> bool:
    """Whether `url` is an http address below localhost, which other machines cannot reach."""
    try:
        parts = urlsplit(url)
        host = host_name(parts.netloc)
    except ValueError:
        return False
    return parts.scheme == "http" and (host == "localhost" or host.endswith(".localhost"))


def _port_of(url: str, *, local: bool) -> int | None:
    """On one machine the port in the address is the port to listen on; elsewhere a proxy stands between."""
    return (urlsplit(url).port or None) if local else None
