"""What is promised to clients stands in one place, and every answer in these tests is held against it."""

import ast

import pytest
from aiohttp import web

from server.api.contract.people import Account, Marker
from server.api.contract.table import promise_of, promises
from server.api.routes import table
from tests import contract
from tests.house.tree import modules


def test_every_route_promises_something() -> None:
    silent = [(each.method, each.path) for each in table() if promise_of(each.method, each.path) is None]

    assert silent == []


UNUSED = {
    "POST /api/v1/accounts": {"date_of_birth", "invite_code"},  # nobody signs up
    "POST /api/v1/admin/accounts/{}/action": {
        "send_email_notification",
        "warning_preset_id",
    },  # admins write themselves
    "GET /api/v1/accounts/relationships": {"with_suspended"},  # all are answered
    "GET /api/v2/search": {"exclude_unreviewed"},  # nothing is reviewed
    "POST /api/v1/statuses/{}/translate": {"lang"},  # nothing is translated
    "POST /api/v1/admin/canonical_email_blocks": {"canonical_email_hash"},  # there are none
    "GET /api/oembed": {"maxheight"},  # of frames, which there are none of
    "GET /.well-known/webfinger": {"resource"},  # read by the wire
}
"""What clients may send and no code of this interface looks for, because there is nothing it could change."""
PATTERNS = ("for_", "filter_", "tag_", "instance_", "data.alerts.")
"""Names that are put together where they are read."""


def test_what_is_said_to_be_read_is_read_somewhere() -> None:
    read = {
        node.value
        for each in modules("server")
        if not each.file.startswith("server/api/contract/")
        for node in each.nodes(ast.Constant)
        if isinstance(node.value, str)
    }
    unread = {}
    for (method, path), promise in promises().items():
        names = {name for name in promise.names if not name.startswith(PATTERNS)}
        missing = {name for name in names if name.rpartition(".")[2] not in read}
        if missing:
            unread[f"{method} {path}"] = missing

    assert unread == UNUSED


def answer(body: bytes, *, status: int = 200, kind: str = "application/json", **headers: str) -> web.Response:
    return web.Response(body=body, status=status, content_type=kind, headers=headers)


MARKER = b'{"last_read_id":"1","version":2,"updated_at":"2026-01-31T12:34:56.789Z"}'
LISTS = "/api/v1/lists"


@pytest.mark.parametrize(
    ("path", "response", "said"),
    [
        ("/api/v1/new", answer(b"[]"), "nothing is promised there"),
        (LISTS, answer(b"{}"), "Expected `array`"),
        (LISTS, answer(b"[]", status=206), "promised are [200]"),
        (LISTS, answer(b"[]", kind="text/html"), "text/html where JSON is promised"),
        (LISTS, answer(b"[]", Link='</api/v1/lists>; rel="next"'), "no client can read this Link"),
        (LISTS, answer(b"{}", status=404), "missing required field `error`"),
        ("/api/v1/markers", answer(b'{"home":null}'), "Expected `object`, got `null` - at `$.home`"),
        ("/api/v1/markers", answer(b'{"home":%s}' % MARKER.replace(b".789", b"")), "at `$.home.updated_at`"),
        ("/api/v1/markers", answer(b'{"home":%s}' % MARKER.replace(b'"1"', b"1")), "got `int` - at `$.home"),
        ("/api/v1/markers", answer(b'{"home":%s}' % MARKER.replace(b"}", b',"x":1}')), "unknown field `x`"),
    ],
)
def test_a_breach_is_seen_and_named(path: str, response: web.Response, said: str) -> None:
    [fault] = list(contract.faults("GET", path, path, response))[:1]

    assert said in fault


def test_what_is_as_promised_is_no_breach() -> None:
    assert contract.misfit(MARKER, Marker) is None
    assert contract.misfit(b'{"home":%s}' % MARKER, Account) is not None
    assert list(contract.faults("GET", LISTS, LISTS, answer(b"[]"))) == []
    assert list(contract.faults("GET", LISTS, LISTS, answer(b'{"error":"x"}', status=401))) == []


def test_a_test_that_saw_a_breach_fails_and_the_next_begins_anew() -> None:
    contract.breaches.append("GET /x → 200: wrong")

    with pytest.raises(AssertionError, match="GET /x → 200: wrong"):
        contract.insist()
    contract.insist()
