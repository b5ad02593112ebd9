"""Three storeys, each may look down and never up; and a few things have one door only."""

import ast
import graphlib
import re
import sys
from collections.abc import Iterable, Iterator

import pytest

from tests.house.tree import Module, module, modules

OUTSIDE = {
    "models": {"sqlalchemy", "markdown", "bleach", "msgspec", "alembic", "aiosqlite", "asyncpg"},
    "federation": {"sqlalchemy", "markdown", "msgspec", "aiohttp", "cryptography", "multidict", "yarl"},
}
BELOW = {"models": {"models"}, "federation": {"models", "federation"}, "server": {"models", "federation", "server"}}
HALLS = ("server.web", "server.api", "server.admin")
ONE_DOOR = {
    "bleach": ("models/text/sanitise.py",),
    "markdown": ("models/text/markdown.py", "models/text/dialect.py", "models/text/blocks.py", "models/text/tables.py"),
    "alembic": ("models/migrations/",),
    "asyncpg": ("models/postgresql.py",),
    "PIL": ("server/images/encoding.py", "server/demo/"),  # the demo draws its pictures
    "av": ("server/recordings/encoding.py",),
    "blurhash": ("server/images/encoding.py",),
    "argon2": ("server/auth/passwords.py",),
}
OWN_ADDRESS_ONLY = "server/checks.py"  # `kontor check` asks this instance itself, whose address nobody else chooses
SENDERS = {  # all ask models/egress.py and tell the ledger before anything leaves
    "federation/delivery/courier.py",  # what models/deliveries.py queued
    "federation/push/sender.py",  # what models/pushes.py decided about just before
    "federation/handover.py",  # the check of a partner's server, whose answers cannot wait in a queue
}
NEVER = {"requests", "httpx", "urllib.request", "urllib3", "pickle", "shelve", "marshal", "telnetlib", "ftplib"}


def upward(of: Iterable[Module]) -> Iterator[str]:
    for each in of:
        for name in each.imports:
            if not _may_know(each.storey, name.partition(".")[0]):
                yield f"{each.file} imports {name}"


def _may_know(storey: str, package: str) -> bool:
    if package in BELOW:
        return package in BELOW[storey]
    return storey not in OUTSIDE or package in OUTSIDE[storey] or package in sys.stdlib_module_names


def sideways(of: Iterable[Module]) -> Iterator[str]:
    for each in of:
        own = next((hall for hall in HALLS if f"{each.name}.".startswith(hall + ".")), None)
        for name in each.imports:
            other = next((hall for hall in HALLS if f"{name}.".startswith(hall + ".")), None)
            if own and other and own != other:
                yield f"{each.file} imports {name}"


def circles(of: Iterable[Module]) -> Iterator[str]:
    """The first modules that need each other, if only for the name of a type: none is understood without the rest."""
    of = list(of)
    names = {each.name for each in of}
    needs = {each.name: {_room(name, names) for name in each.imports} - {None, each.name} for each in of}
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        yield " imports ".join(reversed(error.args[1]))


def _room(name: str, names: set[str]) -> str | None:
    """The module that an import reaches: what is named, or where that is from."""
    return next((each for each in (name, name.rpartition(".")[0]) if each in names), None)


def other_doors(of: Iterable[Module]) -> Iterator[str]:
    for each in of:
        for name in each.imports:
            doors = ONE_DOOR.get(name.partition(".")[0])
            if doors and not each.file.startswith(doors):
                yield f"{each.file} imports {name}"
            if any(f"{name}.".startswith(never + ".") for never in NEVER):
                yield f"{each.file} imports {name}"


def named(of: Iterable[Module], *names: str) -> Iterator[str]:
    """Where one of `names` is used, as a name of its own, an attribute or an import."""
    for each in of:
        uses = [(node.lineno, node.id) for node in each.nodes(ast.Name)]
        uses += [(node.lineno, node.attr) for node in each.nodes(ast.Attribute)]
        uses += [(node.lineno, alias.name) for node in each.nodes(ast.ImportFrom) for alias in node.names]
        yield from (f"{each.file}:{line} {used}" for line, used in uses if used in names)


def senders(of: Iterable[Module]) -> Iterator[str]:
    """Files that send something with the fetcher, instead of only asking."""
    for each in of:
        for node in each.nodes(ast.Attribute):
            if node.attr == "post" and _last_name(node.value) == "fetcher":
                yield each.file


def _last_name(expression: ast.expr) -> str:
    return expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")


ITS_ROOM = "models/postgresql.py"  # loaded where it is used, and nowhere at the top


def loads_postgresql(of: Iterable[Module]) -> Iterator[str]:
    """Where its dialect is loaded whatever database there is: at the top of a module, or by an option of a table."""
    for each in of:
        imports = [node for node in each.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        for node in imports:
            words = ast.unparse(node)
            is_dialect = "dialects" in words and "postgresql" in words and each.file != ITS_ROOM
            is_room = words.startswith("from models") and re.search(r"\bpostgresql\b", words)
            if is_dialect or is_room:
                yield f"{each.file}:{node.lineno}"
        for option in each.nodes(ast.keyword):
            if (option.arg or "").startswith("postgresql_"):
                yield f"{each.file}:{option.value.lineno}"


def blocking_waits(of: Iterable[Module]) -> Iterator[str]:
    for each in of:
        if "sleep" not in each.source:
            continue
        for node in each.nodes(ast.Attribute):
            if node.attr == "sleep" and _last_name(node.value) == "time":
                yield f"{each.file}:{node.lineno}"
        for node in each.nodes(ast.ImportFrom):
            if node.module == "time" and "sleep" in {alias.name for alias in node.names}:
                yield f"{each.file}:{node.lineno}"


def test_nobody_looks_up():
    assert list(upward(modules())) == []


def test_no_modules_need_each_other():
    assert list(circles(modules())) == []


def test_a_circle_is_seen_and_told_in_its_order():
    first, second = (
        module("models.a", "from models.b import x"),
        module("models.b", "def f():\n    from models import a"),
    )

    assert list(circles([first, second])) in (
        ["models.a imports models.b imports models.a"],
        ["models.b imports models.a imports models.b"],
    )
    assert list(circles([first, module("models.b", "import json")])) == []


def test_web_api_and_admin_do_not_know_one_another():
    assert list(sideways(modules())) == []


def test_R_50_R_90_what_is_dangerous_or_outside_has_one_door():
    assert list(other_doors(modules())) == []


def test_R_32_only_the_guarded_fetch_opens_connections():
    openers = named(modules(), "ClientSession", "TCPConnector", "urlopen", "create_connection", "open_connection")
    assert [use for use in openers if not use.startswith(("federation/fetch", OWN_ADDRESS_ONLY))] == []


def test_only_who_asked_the_gate_and_told_the_ledger_sends_anything():
    assert set(senders(modules())) == SENDERS


def test_nothing_blocks_the_event_loop_by_sleeping():
    assert list(blocking_waits((*modules(), *modules("tests")))) == []


def test_postgresqls_dialect_is_loaded_where_the_database_is_one():
    assert [place for place in loads_postgresql(modules()) if not place.startswith("models/migrations/versions/")] == []


@pytest.mark.parametrize(
    ("check", "name", "source"),
    [
        (upward, "models.posts", "from server import web"),
        (upward, "models.posts", "import aiohttp"),
        (upward, "models.posts", "def f():\n    from federation.keys import x"),
        (upward, "models.kinds.note", "from ...server import x"),
        (upward, "federation.inbox", "import jinja2"),
        (upward, "federation.inbox", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import server.app"),
        (sideways, "server.web.posts", "from server.api import statuses"),
        (sideways, "server.web.posts", "from ..api.entities import status"),
        (sideways, "server.api", "import server.admin.reports"),
        (other_doors, "server.web.posts", "import bleach"),
        (other_doors, "models.text.clean", "from bleach.sanitizer import Cleaner"),
        (other_doors, "server.media", "from PIL import Image"),
        (other_doors, "server.media", "import av"),
        (other_doors, "federation.inbox", "from urllib.request import urlopen"),
        (senders, "server.web.posts", "await wire.fetcher.post(inbox, body, headers)"),
        (senders, "federation.upkeep.worker", "send = fetcher.post"),
        (loads_postgresql, "models.emoji", "from sqlalchemy.dialects import postgresql, sqlite"),
        (loads_postgresql, "models.emoji", "import sqlalchemy.dialects.postgresql"),
        (loads_postgresql, "models.emoji", "from models import postgresql, sqlite"),
        (loads_postgresql, "models.tables.posts", "Index(None, 'id', postgresql_where=IS_NEW)"),
        (blocking_waits, "server.workers", "import time\ntime.sleep(1)"),
        (blocking_waits, "server.workers", "from time import sleep"),
        (lambda of: named(of, "ClientSession"), "server.app", "import aiohttp\naiohttp.ClientSession()"),
        (lambda of: named(of, "ClientSession"), "server.app", "from aiohttp import ClientSession"),
    ],
)
def test_each_check_sees_what_it_is_for(check, name, source):
    assert list(check([module(name, source)]))
    assert not list(check([module(name, "import json\nfrom models.errors import NotFound\n")]))
