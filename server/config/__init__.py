"""The configuration of an instance: instance.toml, read once at the start into frozen, typed tables.

An unknown key, a wrong value or a missing secret stops the start; the message names the place and the line to write.
These messages are for whoever runs the server and are English, like the keys they speak of.
"""

import base64
import binascii
import ipaddress
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .checking import faults
from .example import example, rendered
from .hosts import is_insecure_host, networks
from .reading import ConfigError, Finding, Places, parse, tables
from .schema import (
    DatabaseTable,
    DevelopmentTable,
    FederationTable,
    InstanceTable,
    LimitsTable,
    LogTable,
    MediaTable,
    PostsTable,
    PushTable,
    SecretsTable,
    ServerTable,
    SignInTable,
)

__all__ = ["KEY_BYTES", "Config", "ConfigError", "Finding", "example", "new_key", "rendered", "write_key"]

KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything from one instance.toml. Paths in it are relative to the folder it is in."""

    path: Path
    instance: InstanceTable
    server: ServerTable
    database: DatabaseTable
    secrets: SecretsTable
    federation: FederationTable
    development: DevelopmentTable
    posts: PostsTable
    media: MediaTable
    sign_in: SignInTable
    push: PushTable
    limits: LimitsTable
    log: LogTable
    secret_key: bytes
    """The 32 bytes of `[secrets]`, wherever they were."""

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """The configuration in `path`.

        Raises:
            ConfigError: with every fault found in it, not only the first.
        """
        file = Path(path)
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            fix = f"Make one: kontor init --config {file} --name … --url … --admin … --email …"
            raise ConfigError([Finding(str(file), "There is no such file.", fix)]) from None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "It is not UTF-8"
            raise ConfigError([Finding(str(file), f"{reason}.", "Give a readable text file.")]) from None
        return cls.parse(text, path=file)

    @classmethod
    def parse(cls, text: str, *, path: Path) -> Self:
        """The configuration in `text`, as if it stood in the file `path`. Raises like `load`."""
        places = Places(text, path.name)
        read, found = tables(parse(text, file=path.name), places)
        found += faults(read, places)
        key: bytes | None = None
        try:
            key = _secret_key(read["secrets"], path.parent, places)
        except ConfigError as error:
            found += error.findings
        if found or key is None:
            raise ConfigError(found)
        return cls(path=path.absolute(), secret_key=key, **read)

    @property
    def host(self) -> str:
        """Host and, unless it is the usual one, port: what stands behind the @ in our handles."""
        return _netloc(urlsplit(self.instance.url))

    @property
    def base_url(self) -> str:
        """The scheme and host that every one of our addresses begins with; no slash at the end."""
        return f"{urlsplit(self.instance.url).scheme}://{self.host}"

    @property
    def is_https(self) -> bool:
        """Whether people reach us by https, so that cookies may insist on it."""
        return self.base_url.startswith("https:")

    @property
    def database_url(self) -> str:
        """For SQLAlchemy: with the asynchronous driver, and an absolute path for SQLite."""
        url = self.database.url
        if not url.startswith("sqlite"):
            return url.replace("postgresql://", "postgresql+asyncpg://", 1)
        name = url.partition(":///")[2]
        return url if name in {"", ":memory:"} else f"sqlite+aiosqlite:///{self._resolved(name)}"

    @property
    def media_directory(self) -> Path:
        """Where uploads are kept."""
        return self._resolved(self.media.directory)

    @property
    def time_zone(self) -> ZoneInfo:
        """Time zone of dates for people; UTC on a machine that knows no time zones."""
        try:
            return ZoneInfo(self.instance.time_zone)
        except ZoneInfoNotFoundError:
            return ZoneInfo("UTC")

    @property
    def private_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Networks in which other servers may be although they are not on the internet."""
        return networks(self.development.private_networks)

    @property
    def trusted_proxies(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Whose forwarding headers are believed."""
        return networks(self.server.trusted_proxies)

    def is_insecure_host(self, host: str) -> bool:
        """Whether plain http is allowed with `host`, given with or without its port."""
        return is_insecure_host(host, self.development.insecure_hosts)

    def _resolved(self, name: str) -> Path:
        return (self.path.parent / name).resolve()


def new_key() -> str:
    """A new secret key as `[secrets] key` or its file holds it."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def write_key(path: Path) -> None:
    """Write a new key into a new file that only its owner can read (mode 0600).

    Raises:
        FileExistsError: nothing is overwritten; the old key may still be needed.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(new_key() + "\n")


def _secret_key(table: SecretsTable, folder: Path, places: Places) -> bytes:
    line = f'key = "{new_key()}"'
    if table.key is not None and table.key_file is not None:
        problem = "Both key and key_file are given."
        raise ConfigError([Finding(places.of("secrets"), problem, "Leave one of them out.")])
    if table.key is not None:
        return _decoded(table.key, places.of("secrets", "key"), line)
    if table.key_file is None:
        raise ConfigError(
            [Finding(places.of("secrets"), "The secret key is missing.", f"Write under [secrets]: {line}")]
        )
    file = folder / table.key_file
    place = places.of("secrets", "key_file")
    try:
        text = file.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        fix = f"Make it: (umask 077; openssl rand -base64 {KEY_BYTES} > {file})"
        raise ConfigError([Finding(place, f"{file} cannot be read: {error.strerror}.", fix)]) from None
    return _decoded(text, f"{place} ({file})", f"one line such as {new_key()}")


def _decoded(text: str, place: str, line: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError([Finding(place, "This is not base64.", f"Write {line}")]) from None
    if len(key) != KEY_BYTES:
        problem = f"The key has {len(key)} bytes, it needs {KEY_BYTES}."
        raise ConfigError([Finding(place, problem, f"Write {line}")])
    return key


def _netloc(parts: SplitResult) -> str:
    name = (parts.hostname or "").rstrip(".")
    name = f"[{name}]" if ":" in name else name
    usual = {"http": 80, "https": 443}[parts.scheme]
    return name if parts.port in {None, usual} else f"{name}:{parts.port}"
