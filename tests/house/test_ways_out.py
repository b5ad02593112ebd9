"""Whatever leaves with something in it passes the gate and stands in the ledger first: there are two ways out.

What is queued was entered by `models.deliveries` and is sent by the courier; the check of a partner's server asks and
enters itself. Connections of any other sort are made in one place, which refuses private addresses.
"""

import ast
from collections.abc import Iterable, Iterator

import pytest

from tests.house.tree import Module, module, modules

SENDERS = {
    "federation/delivery/courier.py": "what was queued",
    "federation/handover.py": "the check of a partner's server",
}
CONNECTS = {
    "federation/fetch.py": "every request to others",
    "server/checks.py": "this server asks itself, from outside",
}
CLIENTS = {"ClientSession", "request", "urlopen", "HTTPConnection", "HTTPSConnection"}
LIBRARIES = {"aiohttp", "urllib.request", "http.client", "requests", "httpx"}


def senders(of: Iterable[Module]) -> Iterator[str]:
    """Files that call `post` of a fetcher."""
    for each in of:
        for node in ast.walk(each.tree):
            if isinstance(node, ast.Attribute) and node.attr == "post" and _last(node.value) == "fetcher":
                yield each.file


def connectors(of: Iterable[Module]) -> Iterator[str]:
    """Files that make HTTP requests with a client of their own."""
    for each in of:
        imported = {name.rpartition(".") for name in each.imports()}
        if any(library in LIBRARIES and name in CLIENTS for library, _, name in imported):
            yield each.file
        for node in ast.walk(each.tree):
            if isinstance(node, ast.Attribute) and node.attr in CLIENTS and ast.unparse(node.value) in LIBRARIES:
                yield each.file


def _last(expression: ast.expr) -> str:
    return expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")


def test_only_who_asked_the_gate_and_told_the_ledger_sends_anything():
    assert set(senders(modules())) == set(SENDERS)


def test_only_the_guarded_fetcher_connects_to_others():
    assert set(connectors(modules())) == set(CONNECTS)


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (senders, "await wire.fetcher.post(inbox, body, headers)"),
        (senders, "send = fetcher.post"),
        (connectors, "import aiohttp\nasync with aiohttp.ClientSession() as client: ..."),
        (connectors, "from aiohttp import ClientSession"),
        (connectors, "import urllib.request\nurllib.request.urlopen('https://x.example')"),
    ],
)
def test_each_check_sees_what_it_is_for(check, source):
    assert list(check([module("server.web.posts", source)])) == ["server/web/posts.py"]


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (senders, "await wire.fetcher.get(url)"),
        (senders, "@routes.post('/posts')\nasync def create(request): ..."),
        (connectors, "from aiohttp import web\nrequest: web.Request"),
    ],
)
def test_each_check_lets_through_what_is_right(check, source):
    assert not list(check([module("server.web.posts", source)]))
