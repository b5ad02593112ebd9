"""How often clients may ask."""

import re

import pytest
from aiohttp import web

from server.api.limits import TOKENS, WINDOW, Allowance, TooManyRequests
from tests.server.api.phone import Phone


@pytest.fixture
def settings() -> str:
    return "[limits]\napi_requests = 3\n"


async def test_R_83_an_account_that_asks_too_often_waits(ada: Phone, grace: Phone) -> None:
    left = [(await ada.get("/api/v1/lists")).headers["X-RateLimit-Remaining"] for _ in range(3)]

    refused = await ada.get("/api/v1/lists", status=429)

    assert left == ["2", "1", "0"]
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    await grace.get("/api/v1/lists")


async def test_what_is_left_is_said_in_numbers_and_a_time(ada: Phone) -> None:
    headers = (await ada.get("/api/v1/lists")).headers

    assert headers["X-RateLimit-Limit"] == "3"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", headers["X-RateLimit-Reset"])


async def test_R_83_visitors_are_counted_by_address_whatever_they_forward(anybody: Phone) -> None:
    for number in range(3):
        await anybody.get("/api/v2/instance", headers={"X-Forwarded-For": f"198.51.100.{number}"})

    await anybody.get("/api/v2/instance", headers={"X-Forwarded-For": "198.51.100.9"}, status=429)


async def test_R_83_applications_cannot_be_registered_without_end(anybody: Phone) -> None:
    statuses = [
        (await anybody.ask("POST", "/api/v1/apps", json={"client_name": "x", "redirect_uris": "app://x"})).status
        for _ in range(5)
    ]

    assert statuses[0] == 200
    assert statuses[-1] == 429


async def test_R_83_tokens_cannot_be_tried_without_end(anybody: Phone, app: web.Application) -> None:
    """Secrets and codes are guessed at the same address, so it has a count of its own."""
    app[TOKENS].most = 2
    sent = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "guess"}

    statuses = [(await anybody.ask("POST", path, data=sent)).status for path in ["/oauth/token", "/oauth/revoke"] * 2]

    assert statuses == [401, 401, 429, 429]


def test_a_new_window_begins_when_the_old_one_is_over() -> None:
    allowance = Allowance(1)
    allowance.spend("ada", at=1000.0)
    with pytest.raises(TooManyRequests):
        allowance.spend("ada", at=1000.0 + WINDOW - 1)

    assert allowance.spend("ada", at=1000.0 + WINDOW)["X-RateLimit-Remaining"] == "0"


def test_without_a_limit_nothing_is_counted() -> None:
    allowance = Allowance(0)

    assert [allowance.spend("ada") for _ in range(1000)] == [{}] * 1000
