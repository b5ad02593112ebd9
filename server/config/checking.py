"""What must be true of values beyond their types: addresses, languages, networks, and what goes together."""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .hosts import is_insecure_host, network_problem, pattern_problem
from .reading import Finding, Places

LANGUAGES = ("de", "en")
"""Those with a catalogue in server/locales; English is the language of the messages themselves."""


def faults(tables: Mapping[str, Any], places: Places) -> list[Finding]:
    """Every fault in the values of `tables`, which may lack those whose keys are missing."""
    found = _server(tables, places) + _database(tables, places) + _development(tables, places)
    if "instance" in tables:
        found += _instance(tables, places)
    return found


def _instance(tables: Mapping[str, Any], places: Places) -> list[Finding]:
    instance = tables["instance"]
    found: list[Finding] = []
    if not instance.name.strip() or len(instance.name) > 100:
        found.append(
            Finding(places.of("instance", "name"), "The name is empty or too long.", "Use 1 to 100 characters.")
        )
    if problem := _url_problem(instance.url, tables["development"].insecure_hosts):
        found.append(Finding(places.of("instance", "url"), *problem))
    unknown = [language for language in instance.languages if language not in LANGUAGES]
    if unknown or not instance.languages:
        problem_text = f"There are no texts in {', '.join(unknown)}." if unknown else "No language is left."
        found.append(Finding(places.of("instance", "languages"), problem_text, f"Choose from {', '.join(LANGUAGES)}."))
    elif instance.default_language not in instance.languages:
        fix = f"Choose from {', '.join(instance.languages)}."
        found.append(Finding(places.of("instance", "default_language"), "It is not among the languages.", fix))
    return found + _time_zone(instance.time_zone, places)


def _time_zone(name: str, places: Places) -> list[Finding]:
    try:
        ZoneInfo("Europe/Berlin")
    except ZoneInfoNotFoundError:
        return []  # a machine without time zones shows UTC
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return [
            Finding(places.of("instance", "time_zone"), f'There is no time zone "{name}".', "Europe/Berlin is one.")
        ]
    return []


def _url_problem(url: str, insecure_hosts: tuple[str, ...]) -> tuple[str, str] | None:
    example = "For example: https://social.muster.example"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "This is no web address.", example
    if parts.scheme not in {"http", "https"} or not host or any(character.isspace() for character in url):
        return "This is no web address.", example
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
        return "Only scheme, host and port can be in it.", f"Write {parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if not host.isascii() or "_" in host:
        return "The host must be written in ASCII.", f"Write {_ascii(host)}" if not host.isascii() else example
    if parts.scheme == "http" and not is_insecure_host(host, insecure_hosts):
        fix = 'Use https; on one machine for a test: [development] insecure_hosts = ["*.localhost"].'
        return "Plain http is refused.", fix
    return None


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return "another one"


def _server(tables: Mapping[str, Any], places: Places) -> list[Finding]:
    server = tables["server"]
    found: list[Finding] = []
    if server.port > 65_535:
        found.append(Finding(places.of("server", "port"), f"{server.port} is no port.", "Ports end at 65535."))
    for proxy in server.trusted_proxies:
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            fix = 'Write addresses or networks: ["127.0.0.1", "10.0.0.0/24"].'
            found.append(Finding(places.of("server", "trusted_proxies"), f'"{proxy}" is no address.', fix))
    if server.workers > 1 and tables["database"].url.startswith("sqlite"):
        fix = "Use PostgreSQL, or workers = 1."
        found.append(Finding(places.of("server", "workers"), "SQLite serves one web process.", fix))
    return found


def _database(tables: Mapping[str, Any], places: Places) -> list[Finding]:
    url = tables["database"].url
    if url.startswith(("sqlite:///", "sqlite+aiosqlite:///")):
        return []
    if url.startswith(("postgresql://", "postgresql+asyncpg://")) and urlsplit(url).path.strip("/"):
        return []
    fix = "Write sqlite:///kontor.sqlite3 or postgresql+asyncpg://user:password@host/database."
    return [Finding(places.of("database", "url"), "This database cannot be used.", fix)]


def _development(tables: Mapping[str, Any], places: Places) -> list[Finding]:
    development = tables["development"]
    found = [
        Finding(places.of("development", "insecure_hosts"), f'"{pattern}": {problem}', "Name each host in full.")
        for pattern in development.insecure_hosts
        if (problem := pattern_problem(pattern))
    ]
    return found + [
        Finding(places.of("development", "private_networks"), f'"{name}": {problem}', 'For example "127.0.0.0/8".')
        for name in development.private_networks
        if (problem := network_problem(name))
    ]
