"""Looks whether an instance is well: every fault and every remark with its place and what to do about it.

Nothing is changed. The checks that need no running server come first; whether people and partners reach us is asked
over the same address that they use.
"""

import asyncio
import contextlib
import errno
import shutil
import socket
import stat
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from msgspec import Struct
from sqlalchemy import exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from federation.addresses import is_localhost
from federation.keys import KeyRing
from federation.sealing import KeyUnreadable
from models import halts, ledger, migrations, trigrams
from models.database import Database, Unreachable
from models.tables import (
    Account,
    Actor,
    Group,
    HaltReason,
    JournalEntry,
    Key,
    MemberRole,
    Membership,
    MemberState,
    Parked,
    Reach,
    Received,
    ReceivedState,
    Role,
)
from server.config import Config, ConfigError, Finding

_MEGABYTE = 1_048_576
_DISK_FAULT = 200 * _MEGABYTE
_DISK_NOTE = 2048 * _MEGABYTE
_CLOCK_FAULT = timedelta(minutes=1)
_OLDEST_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_PATIENCE_SECONDS = 10
_SHOWN = 5


class Grade(StrEnum):
    """How bad it is: a fault must be mended, a note should be known."""

    FAULT = "fault"
    NOTE = "note"


class Remark(Struct, frozen=True):
    """What a check has to say."""

    grade: Grade
    finding: Finding


Check = AsyncIterator[Remark]


def fault(place: str, problem: str, fix: str) -> Remark:
    return Remark(Grade.FAULT, Finding(place, problem, fix))


def note(place: str, problem: str, fix: str) -> Remark:
    return Remark(Grade.NOTE, Finding(place, problem, fix))


async def check(path: Path, *, database_of: Callable[[Config], Database]) -> list[Remark]:
    """Everything there is to say about the instance configured in `path`; empty when all is well."""
    try:
        config = Config.load(path)
    except ConfigError as error:
        return [Remark(Grade.FAULT, finding) for finding in error.findings]
    remarks = [*secrets_kept(config), *development(config), *media_directory(config), *disk(config)]
    database = database_of(config)
    try:
        remarks += await _database(config, database)
    finally:
        await database.close()
    return remarks + [remark async for remark in server(config)]


# Files


def secrets_kept(config: Config) -> Iterable[Remark]:
    """The secret key belongs to the server's user alone."""
    in_file = config.secrets.key_file
    place = config.path.parent / in_file if in_file else config.path
    mode = stat.S_IMODE(place.stat().st_mode)
    if mode & (stat.S_IRGRP | stat.S_IROTH | stat.S_IWGRP | stat.S_IWOTH):
        yield fault(
            str(place), f"Others may read or write the secret key (mode {mode:04o}).", f"Run: chmod 600 {place}"
        )


def development(config: Config) -> Iterable[Remark]:
    """The development setting must not be forgotten on a server that others reach."""
    opened = [*config.development.insecure_hosts, *config.development.private_networks]
    if not opened:
        return
    place = f"{config.path.name} [development]"
    problem = f"Development setting: plain http and private addresses are allowed ({', '.join(opened)})."
    if is_localhost(urlsplit(config.base_url).hostname or ""):
        yield note(place, problem, "Right for tests on one machine, never on a server that others reach.")
    else:
        yield fault(place, problem, "Remove the table [development]: this instance has a public address.")


def media_directory(config: Config) -> Iterable[Remark]:
    folder = config.media_directory
    place = f"{config.path.name} [media] directory = {folder}"
    if not folder.exists():
        yield fault(place, "The media directory is missing.", f"Run: mkdir -p {folder}")
        return
    probe = folder / ".kontor-check"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        yield fault(place, f"Nothing can be written there: {error.strerror}.", "Give it to the user that runs Kontor.")


def disk(config: Config) -> Iterable[Remark]:
    """Room for uploads, and for SQLite, which must never run out of it."""
    places = {config.media_directory, config.path.parent}
    for place in sorted(place for place in places if place.exists()):
        free = shutil.disk_usage(place).free
        problem = f"Only {free // _MEGABYTE} MB are free."
        if free < _DISK_FAULT:
            yield fault(str(place), problem, "Make room: without it nothing can be posted.")
            return
        if free < _DISK_NOTE:
            yield note(str(place), problem, "Make room in time.")
            return


# Database


async def _database(config: Config, database: Database) -> list[Remark]:
    place = database.url.render_as_string(hide_password=True)
    fix = f"Run: kontor migrate --config {config.path}"
    if not database.is_there:
        return [fault(place, "There is no database here.", fix)]
    try:
        await database.reach()
    except Unreachable as reason:
        fix = f"Start it, or mend [database] url in {config.path}."
        return [fault(place, f"The database cannot be opened: {reason}.", fix)]
    current, newest = await migrations.current(database), migrations.newest()
    if current != newest:
        state = "is empty" if current is None else f"is at migration {current}"
        return [fault(place, f"The database {state}, this release needs {newest}.", fix)]
    found: list[Remark] = []
    async with database.reading() as session:
        for ask in (chain, halted, keys, people, gates, clock, parked, search):
            found += [remark async for remark in ask(session, config)]
    return found


async def chain(session: AsyncSession, _config: Config) -> Check:
    broken = await ledger.verify(session)
    if broken:
        lines = ", ".join(map(str, broken[:_SHOWN])) + (" …" if len(broken) > _SHOWN else "")
        fix = "Somebody changed the database by hand: compare these lines with a backup."
        yield fault(f"ledger line {lines}", "The chain of hashes does not hold.", fix)


async def halted(session: AsyncSession, _config: Config) -> Check:
    halt = await halts.current(session)
    if halt is None:
        return
    why = {
        HaltReason.ADMIN: "An admin halted them",
        HaltReason.BACKUP: "This database is a backup",
        HaltReason.OUTDATED: "This database is older than what was done here",
    }[halt.reason]
    since = halt.began_at.isoformat(timespec="minutes")
    yield note("deliveries", f"Nothing is sent to anybody. {why} ({since}).", "Run: kontor federation resume")


async def keys(session: AsyncSession, config: Config) -> Check:
    """Every private key must open with the secret of this configuration."""
    ring = KeyRing(config.secret_key)
    owners = select(Actor).where(exists().where(Key.actor_id == Actor.id, Key.private.is_not(None)))
    unreadable = []
    for actor in (await session.scalars(owners.order_by(Actor.id))).all():
        try:
            await ring.ensure_in(session, actor.id)
        except KeyUnreadable:
            unreadable.append(actor.username)
    if unreadable:
        names = ", ".join(unreadable[:_SHOWN]) + (" …" if len(unreadable) > _SHOWN else "")
        fix = "Put back the key that this instance was made with; it is in your backup of the key file."
        yield fault(f"{config.path.name} [secrets]", f"It does not open the private keys of {names}.", fix)


async def people(session: AsyncSession, config: Config) -> Check:
    admin = select(Account.id).where(Account.role == Role.ADMIN, Account.disabled_at.is_(None)).limit(1)
    if await session.scalar(admin) is None:
        fix = f"Run: kontor person add NAME --email E --role admin --config {config.path}"
        yield fault("people", "Nobody is admin.", fix)


async def gates(session: AsyncSession, config: Config) -> Check:
    """A gate that nobody keeps holds everything for ever."""
    of_company = select(Account.id).where(Account.role == Role.GATEKEEPER, Account.disabled_at.is_(None)).limit(1)
    if await session.scalar(of_company) is not None:
        return
    named = (
        exists()
        .where(Membership.group_id == Group.id, Membership.state == MemberState.MEMBER)
        .where(Membership.role == MemberRole.GATEKEEPER)
        .where(exists().where(Account.actor_id == Membership.actor_id, Account.disabled_at.is_(None)))
    )
    unkept = (
        select(Actor.username)
        .join(Group, Group.id == Actor.id)
        .where(Group.is_gated, Group.reach != Reach.INTERNAL, Group.archived_at.is_(None), Actor.host == "", ~named)
    )
    for username in await session.scalars(unkept.order_by(Actor.username)):
        fix = f"Run: kontor person add NAME --email E --role gatekeeper --config {config.path}"
        yield fault(f"group {username}", "It has a gate, and nobody keeps it: nothing will ever leave.", fix)


async def clock(session: AsyncSession, _config: Config) -> Check:
    """Signatures carry the time; a clock that is wrong by minutes is refused by partners."""
    here = datetime.now(UTC)
    fix = "Let the machine keep time: timedatectl set-ntp true"
    if here < _OLDEST_TIME:
        yield fault("clock", f"It shows {here:%Y-%m-%d %H:%M} UTC, before this release was made.", fix)
    newest = await session.scalar(select(func.max(JournalEntry.at)))
    if newest is not None and newest - here > _CLOCK_FAULT:
        yield fault("clock", f"It shows {here:%Y-%m-%d %H:%M} UTC, but something happened at {newest:%H:%M}.", fix)
    if session.get_bind().dialect.name == "postgresql":
        there = await session.scalar(text("SELECT clock_timestamp()"))
        if isinstance(there, datetime) and abs(there - datetime.now(UTC)) > _CLOCK_FAULT:
            yield fault("clock", f"The database's machine shows {there.astimezone(UTC):%Y-%m-%d %H:%M} UTC.", fix)


async def parked(session: AsyncSession, _config: Config) -> Check:
    """What was set aside after it failed again and again."""
    entries = await session.scalar(select(func.count()).select_from(Parked)) or 0
    received = select(func.count()).select_from(Received).where(Received.state == ReceivedState.PARKED)
    count = entries + (await session.scalar(received) or 0)
    if count:
        yield note("queues", f"{count} entries were set aside because they kept failing.", "See the log for them.")


async def search(session: AsyncSession, _config: Config) -> Check:
    """Whether words are found without reading all posts."""
    lack = await trigrams.lack(session)
    if lack is trigrams.Lack.EXTENSION:
        fix = "Install postgresql-contrib, run CREATE EXTENSION pg_trgm as owner of the database, start Kontor anew."
        yield note("search", "Each search reads all posts: PostgreSQL has no pg_trgm here.", fix)
    elif lack is trigrams.Lack.INDEX:
        fix = "Kontor makes it while it runs, in a minute for a million posts; if this stays, see its log."
        yield note("search", "Each search reads all posts: the index of them is not complete.", fix)


# The running server


async def server(config: Config) -> Check:
    """Whether our port is free or ours, and whether our address leads to us."""
    place = f"{config.server.bind}:{config.server.port}"
    is_free, refused = await asyncio.to_thread(_try_port, config.server.bind, config.server.port)
    if refused:
        yield fault(place, refused, f"Mend [server] bind and port in {config.path}.")
        return
    if is_free:
        fix = f"Start it: kontor serve --config {config.path}"
        yield note(place, "Nothing serves here, so nobody could be asked whether we are reached.", fix)
        return
    async with _client() as client:
        is_ours, reason = await _answers(client, config, f"http://{_local_address(config)}")
        if not is_ours:
            fix = f"Stop that program, or choose another [server] port in {config.path}."
            yield fault(place, f"Something else listens here ({reason}).", fix)
            return
        for look in (_nodeinfo, _webfinger):
            async for remark in look(client, config):
                yield remark


def _try_port(bind: str, port: int) -> tuple[bool, str]:
    try:
        infos = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return False, f"{bind} is no address of this machine."
    for family, kind, protocol, _, address in infos:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                return False, "" if error.errno == errno.EADDRINUSE else f"{error.strerror}."
    return True, ""


def _local_address(config: Config) -> str:
    bind = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.server.bind, config.server.bind)  # noqa: S104 - asked, not bound
    return f"[{bind}]:{config.server.port}" if ":" in bind else f"{bind}:{config.server.port}"


@contextlib.asynccontextmanager
async def _client() -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(resolver=_LocalNames(), force_close=True)
    patience = aiohttp.ClientTimeout(total=_PATIENCE_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=patience, trust_env=False) as client:
        yield client


class _LocalNames(AbstractResolver):
    """The system's names, and those below localhost, which are this machine (RFC 6761 §6.3) though few systems know."""

    def __init__(self) -> None:
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return await self._system.resolve("127.0.0.1" if is_localhost(host) else host, port, family)

    async def close(self) -> None:
        await self._system.close()


async def _answers(client: aiohttp.ClientSession, config: Config, base: str) -> tuple[bool, str]:
    """Whether the server at `base` is this instance; if not, why we think so."""
    links, reason = await _json(client, f"{base}/.well-known/nodeinfo", host=config.host)
    if links is None:
        return False, reason
    found = links.get("links")
    hrefs = [str(link.get("href")) for link in found if isinstance(link, dict)] if isinstance(found, list) else []
    if any(href.startswith(f"{config.base_url}/") for href in hrefs):
        return True, ""
    return False, "its NodeInfo is not ours"


async def _json(
    client: aiohttp.ClientSession, url: str, *, host: str | None = None
) -> tuple[dict[str, object] | None, str]:
    """The JSON object at `url`, or why there is none."""
    try:
        async with client.get(url, headers={"Host": host} if host else None, allow_redirects=False) as answer:
            if answer.status != 200:
                return None, f"it answers {answer.status}"
            value = await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return None, " ".join(str(error).split()) or type(error).__name__
    return (value, "") if isinstance(value, dict) else (None, "it answers something else")


async def _nodeinfo(client: aiohttp.ClientSession, config: Config) -> Check:
    is_ours, reason = await _answers(client, config, config.base_url)
    if not is_ours:
        fix = "Let DNS and the reverse proxy lead this address here, with the Host header as it came."
        yield fault(f"{config.base_url}/.well-known/nodeinfo", f"Our address does not lead to us: {reason}.", fix)


async def _webfinger(client: aiohttp.ClientSession, config: Config) -> Check:
    """The one name that everybody may look up is the server's own."""
    url = f"{config.base_url}/.well-known/webfinger?resource=acct:{config.host}@{config.host}"
    found, reason = await _json(client, url)
    if found is None:
        fix = "Let the reverse proxy pass /.well-known/webfinger here, with its query."
        yield fault(url, f"Partners cannot find our names: {reason}.", fix)
    elif found.get("subject") != f"acct:{config.host}@{config.host}":
        yield fault(url, "Another server answers for our names.", "Let this address lead here.")
