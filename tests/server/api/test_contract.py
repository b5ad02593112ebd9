"""What is promised to clients stands in one place, and every answer in these tests is held against it."""

import pytest
from aiohttp import web

from server.api.contract.people import Account, Marker
from server.api.contract.table import promise_of
from server.api.routes import table
from tests import contract


def test_every_route_promises_something() -> None:
    silent = [(each.method, each.path) for each in table() if promise_of(each.method, each.path) is None]

    assert silent == []


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
