"""OAuth as clients walk through it, and as attackers try to (R-80, R-87)."""

import asyncio
import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from aiohttp import FormData, encode_basic_auth
from aiohttp.test_utils import TestClient
from sqlalchemy import select

from models.tables import AccessToken, Application, AuthorizationCode
from tests.server.api.browser import REDIRECT, Browser, sent_back
from tests.server.api.phone import Answer, Phone
from tests.time import Clock
from tests.world import World

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
SCOPES = "read write follow push"
VERIFIER = "a" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
async def browser(client: TestClient[Any, Any], world: World) -> Browser:
    return await Browser.of(client, world.ada)


async def register(anybody: Phone, **more: Any) -> dict[str, Any]:
    sent = {"client_name": "Tusky", "redirect_uris": REDIRECT, "scopes": SCOPES, **more}
    body: dict[str, Any] = (await anybody.post("/api/v1/apps", json=sent)).body
    return body


def query(app: dict[str, Any], **more: str) -> dict[str, str]:
    return {
        "client_id": app["client_id"],
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": SCOPES,
        **more,
    }


def exchange(app: dict[str, Any], code: str, **more: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "redirect_uri": REDIRECT,
        "code": code,
        **more,
    }


async def get_code(browser: Browser, app: dict[str, Any], **more: str) -> str:
    return sent_back(await browser.consent(query(app, **more)))["code"]


# The whole way


async def test_a_client_gets_a_token_and_acts_with_it(anybody: Phone, browser: Browser, client: Any) -> None:
    app = await register(anybody)

    back = sent_back(await browser.consent(query(app, state="so & so")))
    token = (await anybody.post("/oauth/token", data=exchange(app, back["code"]))).body

    assert back["state"] == "so & so"
    assert token["token_type"] == "Bearer"
    assert token["scope"] == SCOPES
    assert isinstance(token["created_at"], int)
    assert set(token) == {"access_token", "token_type", "scope", "created_at"}
    phone = Phone(client, token["access_token"])
    assert (await phone.get("/api/v1/accounts/verify_credentials")).body["username"] == "ada"
    assert (await phone.writes("Hello"))["application"]["name"] == "Tusky"


async def test_with_pkce_only_the_verifier_opens(anybody: Phone, browser: Browser) -> None:
    app = await register(anybody)
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}

    for wrong in ({}, {"code_verifier": "b" * 64}, {"code_verifier": CHALLENGE}, {"code_verifier": ""}):
        code = await get_code(browser, app, **pkce)
        refused = await anybody.post("/oauth/token", data=exchange(app, code, **wrong), status=400)
        assert refused.body["error"] == "invalid_grant"
    code = await get_code(browser, app, **pkce)
    await anybody.post("/oauth/token", data=exchange(app, code, code_verifier=VERIFIER))


async def test_a_client_without_its_secret_needs_pkce(anybody: Phone, browser: Browser) -> None:
    app = await register(anybody)
    public = {"client_secret": ""}

    bare = await get_code(browser, app)
    await anybody.post("/oauth/token", data=exchange(app, bare, **public), status=400)
    proven = await get_code(browser, app, code_challenge=CHALLENGE, code_challenge_method="S256")
    await anybody.post("/oauth/token", data=exchange(app, proven, code_verifier=VERIFIER, **public))


@pytest.mark.parametrize(
    "challenge",
    [
        {"code_challenge": CHALLENGE},
        {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
        {"code_challenge_method": "S256"},
    ],
)
async def test_a_challenge_that_proves_nothing_is_refused(
    anybody: Phone, browser: Browser, challenge: dict[str, str]
) -> None:
    app = await register(anybody)

    answer = await browser.ask("GET", f"/oauth/authorize?{urlencode(query(app, state='s', **challenge))}")

    assert sent_back(answer)["error"] == "invalid_request"
    assert sent_back(answer)["state"] == "s"


async def test_out_of_band_shows_the_code_on_a_page(anybody: Phone, browser: Browser) -> None:
    app = await register(anybody, redirect_uris=OUT_OF_BAND)

    page = await browser.consent(query(app, redirect_uri=OUT_OF_BAND))
    found = re.search(r'name="code" value="([^"]+)"', page.body)

    assert found is not None
    await anybody.post("/oauth/token", data=exchange(app, found[1], redirect_uri=OUT_OF_BAND))


async def test_whoever_is_not_signed_in_signs_in_first_and_comes_back(anybody: Phone, client: Any) -> None:
    app = await register(anybody)
    path = f"/oauth/authorize?{urlencode(query(app))}"

    door = await Browser(client).ask("GET", path)

    to, _, sent = door.headers["Location"].partition("?")
    back, _, kept = dict(parse_qsl(sent))["next"].partition("?")
    assert (door.status, to, back) == (303, "/sign-in", "/oauth/authorize")
    assert dict(parse_qsl(sent))["application"] == "Tusky"
    assert dict(parse_qsl(kept)) == query(app)


async def test_who_refuses_sends_the_client_away(anybody: Phone, browser: Browser, world: World) -> None:
    app = await register(anybody)

    back = sent_back(await browser.consent(query(app, state="s"), decision="deny"))

    assert (back["error"], back["state"]) == ("access_denied", "s")
    async with world.database.reading() as session:
        assert (await session.scalars(select(AuthorizationCode))).all() == []


async def test_consent_is_asked_every_time(anybody: Phone, browser: Browser) -> None:
    app = await register(anybody)
    await anybody.post("/oauth/token", data=exchange(app, await get_code(browser, app)))

    again = await browser.ask("GET", f"/oauth/authorize?{urlencode(query(app))}")

    assert again.status == 200
    assert 'value="allow"' in again.body


async def test_R_52_the_page_shows_names_as_text(anybody: Phone, browser: Browser) -> None:
    app = await register(anybody, client_name="<img src=x onerror=alert(1)>", website="https://evil.example/<b>")

    page = await browser.ask("GET", f"/oauth/authorize?{urlencode(query(app))}")

    assert "<img src=x" not in page.body
    assert "&lt;img src=x" in page.body


async def test_the_form_may_lead_on_to_the_application(anybody: Phone, browser: Browser) -> None:
    """Browsers follow the redirect of a form only where `form-action` lets them."""
    web = await register(anybody)
    phone = await register(anybody, redirect_uris="icecubesapp://")

    to_web = await browser.ask("GET", f"/oauth/authorize?{urlencode(query(web))}")
    to_phone = await browser.ask("GET", f"/oauth/authorize?{urlencode(query(phone, redirect_uri='icecubesapp://'))}")

    assert "form-action 'self' https://app.example;" in to_web.headers["Content-Security-Policy"]
    assert "form-action 'self' icecubesapp:;" in to_phone.headers["Content-Security-Policy"]


async def test_R_82_a_consent_from_another_site_is_refused(anybody: Phone, browser: Browser) -> None:
    app = await register(anybody)

    answer = await browser.ask("POST", "/oauth/authorize", data={**query(app), "decision": "allow"})

    assert answer.status == 403


# Codes


async def test_R_80_a_code_works_once_and_a_second_try_takes_the_token_away(
    anybody: Phone, browser: Browser, client: Any
) -> None:
    app = await register(anybody)
    code = await get_code(browser, app)
    token = (await anybody.post("/oauth/token", data=exchange(app, code))).body["access_token"]
    phone = Phone(client, token)
    await phone.get("/api/v1/timelines/home")

    again = await anybody.post("/oauth/token", data=exchange(app, code), status=400)

    assert again.body["error"] == "invalid_grant"
    await phone.get("/api/v1/timelines/home", status=401)


async def test_R_80_of_parallel_redemptions_one_wins_at_most(anybody: Phone, browser: Browser, world: World) -> None:
    app = await register(anybody)
    code = await get_code(browser, app)

    answers = await asyncio.gather(*(anybody.ask("POST", "/oauth/token", data=exchange(app, code)) for _ in range(10)))

    assert sorted(answer.status for answer in answers) == [200] + [400] * 9
    async with world.database.reading() as session:
        tokens = (await session.scalars(select(AccessToken).where(AccessToken.code_id.is_not(None)))).all()
    assert len(tokens) == 1


async def test_R_80_a_code_is_good_for_a_minute(anybody: Phone, browser: Browser, clock: Clock) -> None:
    app = await register(anybody)
    in_time, late = await get_code(browser, app), await get_code(browser, app)

    clock.advance(seconds=59)
    await anybody.post("/oauth/token", data=exchange(app, in_time))
    clock.advance(seconds=2)
    await anybody.post("/oauth/token", data=exchange(app, late), status=400)


async def test_R_80_a_code_is_bound_to_its_application_and_address(anybody: Phone, browser: Browser) -> None:
    two = f"{REDIRECT}\nhttps://app.example/other"
    app, other = await register(anybody, redirect_uris=two), await register(anybody)

    for wrong in (
        {"client_id": other["client_id"], "client_secret": other["client_secret"]},
        {"redirect_uri": "https://app.example/other"},
        {"redirect_uri": ""},
        {"code": "made up"},
    ):
        code = await get_code(browser, app)
        refused = await anybody.post("/oauth/token", data={**exchange(app, code), **wrong}, status=400)
        assert refused.body["error"] == "invalid_grant", wrong


# Addresses


NOT_REGISTERED = [
    f"{REDIRECT}/",
    f"{REDIRECT}?x=1",
    f"{REDIRECT}#x",
    "https://app.example/CB",
    "https://app.example:443/cb",
    "http://app.example/cb",
    "https://app.example.evil.example/cb",
    "https://app.example@evil.example/cb",
    "https://app.example/cb/../cb",
    "https://app.example/%63b",
    "//app.example/cb",
    "javascript:alert(1)",
    "",
]


async def test_R_87_nobody_is_sent_to_an_address_that_was_not_registered(anybody: Phone, browser: Browser) -> None:
    app = await register(anybody, redirect_uris=[REDIRECT, "https://app.example/second"])

    for given in NOT_REGISTERED:
        answer = await browser.ask("GET", f"/oauth/authorize?{urlencode(query(app, redirect_uri=given))}")
        assert answer.status == 400, given
        assert "Location" not in answer.headers, given


async def test_an_address_with_an_address_in_it_is_used_letter_by_letter(anybody: Phone, browser: Browser) -> None:
    odd = "https://elk.example/api/a%2Fb/oauth/https%3A%2F%2Felk.example?keep=this%20&x=%C3%BC"
    app = await register(anybody, redirect_uris=odd)

    answer = await browser.consent(query(app, redirect_uri=odd))

    assert answer.headers["Location"].startswith(odd + "&code=")


async def test_an_unknown_client_is_refused_on_a_page(browser: Browser) -> None:
    answer = await browser.ask(
        "GET", "/oauth/authorize?client_id=x&redirect_uri=https://evil.example&response_type=code"
    )

    assert answer.status == 400
    assert "Location" not in answer.headers


DANGEROUS = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://app.example/x",
    "https://app.example/cb#fragment",
    "/relative",
    "no-scheme",
    "https://",
    'https://app.example/"><script>',
]


async def test_R_80_dangerous_redirect_addresses_are_refused(anybody: Phone) -> None:
    for uri in DANGEROUS:
        answer = await anybody.post("/api/v1/apps", json={"client_name": "x", "redirect_uris": uri}, status=422)
        assert answer.body["code"] == "bad_redirect_uri", uri


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("app://x", ["app://x"]),
        ("app://x\nhttps://a.example/", ["app://x", "https://a.example/"]),
        (["app://x", OUT_OF_BAND], ["app://x", OUT_OF_BAND]),
        ("mastodon-android-auth://callback", ["mastodon-android-auth://callback"]),
        ("http://127.0.0.1:1234/cb", ["http://127.0.0.1:1234/cb"]),
    ],
)
async def test_redirect_addresses_come_in_every_form(anybody: Phone, sent: Any, expected: list[str]) -> None:
    app = await register(anybody, redirect_uris=sent)

    assert app["redirect_uris"] == expected
    assert app["redirect_uri"] == "\n".join(expected)
    assert (app["name"], len(app["vapid_key"])) == ("Tusky", 87)  # 65 bytes in base64url
    assert app["id"].isdigit()


async def test_an_application_registers_by_form_and_multipart_too(anybody: Phone) -> None:
    sent = {"client_name": "Tusky", "redirect_uris": "app://x", "scopes": "read", "website": "https://t.example"}
    multipart = FormData(default_to_multipart=True)
    for name, value in sent.items():
        multipart.add_field(name, value)

    by_form = (await anybody.post("/api/v1/apps", data=sent)).body
    by_multipart = (await anybody.post("/api/v1/apps", data=multipart)).body

    for app in (by_form, by_multipart):
        assert (app["scopes"], app["website"]) == (["read"], "https://t.example")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"client_name": " "}, "name_missing"),
        ({"client_name": "x" * 201}, "text_too_long"),
        ({"website": "javascript:alert(1)"}, "bad_website"),
        ({"redirect_uris": []}, "bad_redirect_uri"),
    ],
)
async def test_R_48_an_application_has_its_limits(anybody: Phone, wrong: dict[str, Any], code: str) -> None:
    sent = {"client_name": "Tusky", "redirect_uris": "app://x", **wrong}

    assert (await anybody.post("/api/v1/apps", json=sent, status=422)).body["code"] == code


# Scopes


async def test_a_token_has_the_scopes_asked_for_and_no_more(anybody: Phone, browser: Browser, client: Any) -> None:
    app = await register(anybody)
    code = await get_code(browser, app, scope="read:statuses")

    token = (await anybody.post("/oauth/token", data=exchange(app, code, scope=SCOPES))).body

    assert token["scope"] == "read:statuses"
    phone = Phone(client, token["access_token"])
    await phone.get("/api/v1/timelines/home")
    await phone.post("/api/v1/statuses", json={"status": "x"}, status=403)


@pytest.mark.parametrize("scope", ["read everything", "write", "admin:read"])
async def test_more_than_was_registered_is_refused(anybody: Phone, browser: Browser, scope: str) -> None:
    app = await register(anybody, scopes="read")

    answer = await browser.ask("GET", f"/oauth/authorize?{urlencode(query(app, scope=scope))}")

    assert sent_back(answer)["error"] == "invalid_scope"


@pytest.mark.parametrize("kind", ["token", "code token", ""])
async def test_R_80_there_is_no_implicit_grant(anybody: Phone, browser: Browser, kind: str) -> None:
    app = await register(anybody)

    answer = await browser.ask("GET", f"/oauth/authorize?{urlencode(query(app, response_type=kind))}")

    assert sent_back(answer)["error"] == "unsupported_response_type"


# The token address


async def test_R_80_there_is_no_password_grant(anybody: Phone) -> None:
    app = await register(anybody)
    sent = {**exchange(app, ""), "grant_type": "password", "username": "ada", "password": "x"}

    assert (await anybody.post("/oauth/token", data=sent, status=400)).body["error"] == "unsupported_grant_type"


async def test_an_application_gets_a_token_for_itself(anybody: Phone, client: Any) -> None:
    app = await register(anybody)
    credentials = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    sent = {"grant_type": "client_credentials", "scope": "read", **credentials}

    token = (await anybody.post("/oauth/token", json=sent)).body
    phone = Phone(client, token["access_token"])

    assert token["scope"] == "read"
    shown = (await phone.get("/api/v1/apps/verify_credentials")).body
    assert (shown["name"], shown["id"]) == ("Tusky", app["id"])
    assert "client_secret" not in shown
    await phone.get("/api/v1/timelines/home", status=403)
    refused = {**sent, "client_secret": "wrong"}
    assert (await anybody.post("/oauth/token", json=refused, status=401)).body["error"] == "invalid_client"


async def test_the_secret_comes_as_basic_too(anybody: Phone, browser: Browser) -> None:
    app = await register(anybody)
    sent = exchange(app, await get_code(browser, app))
    del sent["client_id"], sent["client_secret"]

    async def status_with(secret: str) -> int:
        headers = {"Authorization": encode_basic_auth(app["client_id"], secret)}
        return (await anybody.ask("POST", "/oauth/token", data=sent, headers=headers)).status

    assert await status_with("wrong") == 401
    assert await status_with(app["client_secret"]) == 200


async def test_an_application_that_is_forgotten_is_told_so(anybody: Phone) -> None:
    sent = exchange({"client_id": "gone", "client_secret": "x"}, "code")

    answer = await anybody.post("/oauth/token", data=sent, status=401)

    assert answer.body["error"] == "invalid_client"


async def test_tokens_are_kept_by_no_cache(anybody: Phone) -> None:
    app = await register(anybody)
    sent = {"grant_type": "client_credentials", "scope": "read", **{k: app[k] for k in ("client_id", "client_secret")}}

    answer = await anybody.post("/oauth/token", data=sent)

    assert answer.headers["Cache-Control"] == "no-store"


async def test_R_80_secrets_are_hashes_in_the_database(anybody: Phone, browser: Browser, world: World) -> None:
    app = await register(anybody)
    code = await get_code(browser, app)
    token = (await anybody.post("/oauth/token", data=exchange(app, code))).body["access_token"]

    async with world.database.reading() as session:
        rows = [
            row
            for table in (Application, AccessToken, AuthorizationCode)
            for row in await session.scalars(select(table))
        ]
    stored = "".join(str(vars(row)) for row in rows)
    assert not any(secret in stored for secret in (app["client_secret"], code, token))


# Revocation


async def revoke(anybody: Phone, app: dict[str, Any], token: str, **more: str) -> Answer:
    sent = {"client_id": app["client_id"], "client_secret": app["client_secret"], "token": token, **more}
    return await anybody.ask("POST", "/oauth/revoke", data=sent)


async def test_a_revoked_token_opens_nothing(anybody: Phone, browser: Browser, client: Any) -> None:
    app = await register(anybody)
    token = (await anybody.post("/oauth/token", data=exchange(app, await get_code(browser, app)))).body["access_token"]
    phone = Phone(client, token)
    await phone.get("/api/v1/timelines/home")

    assert (await revoke(anybody, app, token)).status == 200
    await phone.get("/api/v1/timelines/home", status=401)
    assert (await revoke(anybody, app, token)).status == 200
    assert (await revoke(anybody, app, "never was")).status == 200


async def test_R_80_another_application_revokes_nothing(anybody: Phone, browser: Browser, client: Any) -> None:
    app, other = await register(anybody), await register(anybody)
    token = (await anybody.post("/oauth/token", data=exchange(app, await get_code(browser, app)))).body["access_token"]

    await revoke(anybody, other, token)
    assert (await revoke(anybody, app, token, client_secret="wrong")).status == 401

    await Phone(client, token).get("/api/v1/timelines/home")


# Metadata


async def test_the_metadata_says_what_is_there(anybody: Phone) -> None:
    answer = await anybody.get("/.well-known/oauth-authorization-server")

    base = answer.body["issuer"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.body["code_challenge_methods_supported"] == ["S256"]
    assert answer.body["response_types_supported"] == ["code"]
    assert answer.body["authorization_endpoint"] == f"{base}/oauth/authorize"
    assert answer.body["token_endpoint"] == f"{base}/oauth/token"
    assert {"read", "write", "follow", "push", "profile"} <= set(answer.body["scopes_supported"])
