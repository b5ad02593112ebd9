"""What web clients meet when something is wrong: JSON, always readable across origins, never a trace."""

import gzip
from typing import Any

import pytest
from aiohttp import web

from server.context import CONFIG
from tests.server.api.phone import Phone
from tests.world import World

EVERYWHERE = "Access-Control-Allow-Origin"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing/here", 404),
        ("DELETE", "/api/v1/timelines/home", 404),
        ("GET", "/api/v9/x", 404),
        ("GET", "/api/v1/statuses/1", 404),
        ("GET", "/api/v1/statuses/99999999999999999999999999", 404),
        ("GET", "/api/v1/accounts/none", 404),
        ("GET", "/api/v1/timelines/home", 401),
        ("POST", "/oauth/token", 400),
        ("POST", "/oauth/revoke", 401),
    ],
)
async def test_every_refusal_is_json_and_open_to_web_clients(
    anybody: Phone, method: str, path: str, status: int
) -> None:
    answer = await anybody.ask(method, path, headers={"Origin": "https://phanpy.example"})

    assert answer.status == status
    assert answer.headers[EVERYWHERE] == "*"
    assert isinstance(answer.body["error"], str)


async def test_R_71_what_is_hidden_reads_like_what_never_was(joan: Phone, world: World) -> None:
    hidden = await world.ada.writes("Secret", group=world.alpine)

    paths = ("", "/context", "/source", "/history", "/favourited_by", "/reblogged_by", "/card")
    for path in paths:
        here = await joan.ask("GET", f"/api/v1/statuses/{hidden.id}{path}")
        never = await joan.ask("GET", f"/api/v1/statuses/12345{path}")
        assert (here.status, here.body) == (never.status, never.body) == (404, never.body), path
    for verb in ("favourite", "unfavourite", "bookmark", "unbookmark", "reblog", "unreblog", "unpin", "unmute"):
        here = await joan.ask("POST", f"/api/v1/statuses/{hidden.id}/{verb}")
        never = await joan.ask("POST", f"/api/v1/statuses/12345/{verb}")
        assert (here.status, here.body) == (never.status, never.body) == (404, never.body), verb
    for method in ("PUT", "DELETE"):
        here = await joan.ask(method, f"/api/v1/statuses/{hidden.id}", json={"status": "x"})
        never = await joan.ask(method, "/api/v1/statuses/12345", json={"status": "x"})
        assert (here.status, here.body) == (never.status, never.body) == (404, never.body), method
    reply = {"status": "x", "in_reply_to_id": str(hidden.id)}
    here = await joan.ask("POST", "/api/v1/statuses", json=reply)
    never = await joan.ask("POST", "/api/v1/statuses", json={**reply, "in_reply_to_id": "12345"})
    assert (here.status, here.body) == (never.status, never.body) == (404, never.body)


@pytest.mark.parametrize("path", ["/api/v1/statuses", "/oauth/token", "/oauth/revoke", "/.well-known/anything"])
async def test_a_preflight_lets_clients_send_what_they_send(anybody: Phone, path: str) -> None:
    headers = {
        "Origin": "https://phanpy.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }

    answer = await anybody.ask("OPTIONS", path, headers=headers)

    assert answer.status == 204
    assert answer.headers[EVERYWHERE] == "*"
    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"authorization", "content-type", "idempotency-key"} <= allowed
    methods = {name.strip() for name in answer.headers["Access-Control-Allow-Methods"].split(",")}
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= methods


async def test_pagers_and_limits_are_readable_across_origins(ada: Phone) -> None:
    exposed = (await ada.get("/api/v1/timelines/home")).headers["Access-Control-Expose-Headers"]

    assert {"Link", "X-RateLimit-Remaining"} <= {name.strip() for name in exposed.split(",")}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="half"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(b'{"status": "\xff"}', id="no UTF-8"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
async def test_json_that_is_none_is_refused(ada: Phone, body: bytes) -> None:
    answer = await ada.ask("POST", "/api/v1/statuses", data=body, headers={"Content-Type": "application/json"})

    assert answer.status == 400
    assert answer.body["code"] == "unreadable"


@pytest.mark.parametrize(
    "sent",
    [{"status": ["x"]}, {"status": {"a": 1}}, {"media_ids": "seven"}, {"sensitive": "maybe"}, {"poll": 7}],
)
async def test_R_42_values_of_the_wrong_kind_are_named(ada: Phone, sent: dict[str, Any]) -> None:
    answer = await ada.ask("POST", "/api/v1/statuses", json={"status": "Hello", **sent})

    assert answer.status == 422
    assert list(answer.body["details"]) == list(sent)


async def test_R_40_a_body_that_is_too_large_is_refused(ada: Phone) -> None:
    answer = await ada.ask("POST", "/api/v1/statuses", json={"status": "x" * 300_000})

    assert answer.status == 413
    assert answer.headers[EVERYWHERE] == "*"


async def test_R_40_a_compressed_body_is_refused_unread(ada: Phone) -> None:
    bomb = gzip.compress(b"status=" + b"a" * 1_000_000)
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"}
    answer = await ada.ask("POST", "/api/v1/statuses", data=bomb, headers=headers)

    assert answer.status == 415
    assert "error" in answer.body


async def test_R_43_a_nul_is_left_out_of_texts_and_questions(ada: Phone) -> None:
    status = await ada.writes("Hel\x00lo")

    assert status["content"] == "<p>Hello</p>"
    await ada.get("/api/v1/accounts/lookup", params={"acct": "gr\x00ace"})
    await ada.get("/api/v1/timelines/tag/x%00y")
    await ada.get("/api/v2/search", params={"q": "a\x00b"})


async def test_R_96_our_own_fault_shows_no_trace(
    ada: Phone, app: web.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.api.entities.shelf import Shelf

    async def broken(*_: Any) -> Any:
        raise RuntimeError("SELECT secret FROM everything")

    monkeypatch.setattr(Shelf, "statuses", broken)
    await ada.ask("POST", "/api/v1/statuses", json={"status": "Hello"})
    answer = await ada.ask("GET", "/api/v1/timelines/home")

    assert answer.status == 500
    assert answer.headers[EVERYWHERE] == "*"
    assert "secret" not in str(answer.body)
    assert isinstance(answer.body["error"], str)


async def test_refusals_speak_the_readers_language(ada: Phone, anybody: Phone, app: web.Application) -> None:
    assert app[CONFIG].instance.default_language == "en"

    german = await ada.ask("GET", "/api/v1/statuses/1", headers={"Accept-Language": "de-AT"})
    english = await ada.ask("GET", "/api/v1/statuses/1", headers={"Accept-Language": "fr"})

    assert english.body["error"] == "This does not exist, or you may not see it."
    assert german.body["error"] != english.body["error"]


async def test_nothing_is_kept_by_caches(ada: Phone) -> None:
    answer = await ada.get("/api/v1/timelines/home")

    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Authorization" in answer.headers["Vary"]
