"""Signing in and out: cookies, one sentence for all that is wrong, guesses slowed down, nowhere else to land."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from sqlalchemy.ext.asyncio import AsyncSession

from models import accounts
from models.database import Database
from models.tables import Account, Role, SignIn
from server.auth import passwords
from server.auth.attempts import Attempts, TooManyAttempts
from server.config import Config, new_key
from server.context import CONFIG
from server.web import cookies
from server.web.answers import local_path
from tests.server.web.browser import HOST, Browser
from tests.server.web.conftest import Open
from tests.time import Clock
from tests.world import HOME, Person, World, hire

PASSWORD = "a sentence that nobody guesses"


@pytest.fixture
async def emma(world: World) -> Person:
    return await hire(world.database, "emma", password_hash=await passwords.hash_password(PASSWORD))


@pytest.mark.parametrize("name", ["emma", "EMMA", "@emma", "emma@lovelace.example"])
async def test_somebody_signs_in_by_name_or_address_and_lands_where_they_wanted(
    emma: Person, visitor: Browser, name: str
) -> None:
    page = await visitor.submit("/sign-in?next=/groups", "/sign-in", username=name, password=PASSWORD)

    assert (page.status, page.location) == (303, "/groups")
    assert (await visitor.get("/groups")).status == 200


async def test_who_asks_for_a_page_inside_signs_in_and_comes_back_to_it(emma: Person, visitor: Browser) -> None:
    door = await visitor.get("/search?q=two words")
    page = await visitor.follow(door)
    inside = await visitor.fill(page.form("/sign-in"), username="emma", password=PASSWORD)

    assert door.status == 303
    assert inside.location == "/search?q=two+words"


async def test_R_82_the_cookie_is_for_this_server_alone_and_out_of_reach_of_scripts(
    emma: Person, visitor: Browser
) -> None:
    page = await visitor.submit("/sign-in", "/sign-in", username="emma", password=PASSWORD)

    cookie = next(value for value in page.headers.getall("Set-Cookie") if value.startswith("kontor="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_R_82_where_there_is_tls_the_cookie_is_bound_to_it(tmp_path: Path) -> None:
    """RFC 6265bis §4.1.3.2: browsers take a `__Host-` cookie only from this host, over TLS, for all of it."""
    text = f'[instance]\nname = "Lovelace"\nurl = "https://lovelace.example"\n[secrets]\nkey = "{new_key()}"\n'
    app = web.Application()
    app[CONFIG] = Config.parse(text, path=tmp_path / "instance.toml")
    answer = web.Response()

    cookies.sign_in(make_mocked_request("GET", "/", app=app), answer, "token")

    [cookie] = answer.cookies.values()
    assert cookie.key == "__Host-kontor"
    assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")


async def test_R_84_an_unknown_name_and_a_wrong_password_look_the_same(emma: Person, visitor: Browser) -> None:
    wrong = await visitor.submit("/sign-in", "/sign-in", username="emma", password="something else")
    unknown = await visitor.submit("/sign-in", "/sign-in", username="emmo", password="something else")

    assert wrong.status == unknown.status == 422
    assert "The name or the password is not right." in wrong.words
    assert wrong.html.replace("emma", "emmo") == unknown.html


async def test_R_84_an_unknown_name_costs_the_same_work(
    emma: Person, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str | None] = []

    async def verify(hashed: str | None, password: str) -> bool:
        compared.append(hashed)
        return False

    monkeypatch.setattr(passwords, "verify", verify)
    await visitor.submit("/sign-in", "/sign-in", username="emma", password="x")
    await visitor.submit("/sign-in", "/sign-in", username="nobody", password="x")

    assert len(compared) == 2
    assert compared[1] is None


async def test_somebody_disabled_is_told_no_more_than_a_stranger(world: World, emma: Person, visitor: Browser) -> None:
    async with world.database.writing() as session:
        await accounts.disable(session, await accounts.by_username(session, "emma"))

    page = await visitor.submit("/sign-in", "/sign-in", username="emma", password=PASSWORD)

    assert page.status == 422
    assert "The name or the password is not right." in page.words


class TestGuessing:
    """R-83: limits per account and per address, and headers do not move them."""

    @pytest.fixture
    def settings(self) -> str:
        return "[sign_in]\nattempts_per_minute = 3\n"

    @pytest.fixture(autouse=True)
    def cheap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def verify(hashed: str | None, password: str) -> bool:
            return hashed is not None and password == PASSWORD

        monkeypatch.setattr(passwords, "verify", verify)

    async def test_R_83_after_some_wrong_passwords_the_account_waits_a_minute(
        self, emma: Person, visitor: Browser, clock: Clock
    ) -> None:
        for _ in range(3):
            await visitor.submit("/sign-in", "/sign-in", username="emma", password="guess")
        refused = await visitor.submit("/sign-in", "/sign-in", username="emma", password=PASSWORD)
        clock.advance(seconds=61)
        later = await visitor.submit("/sign-in", "/sign-in", username="emma", password=PASSWORD)

        assert refused.status == 429
        assert int(refused.headers["Retry-After"]) in range(1, 62)
        assert "wait a minute" in refused.words
        assert later.status == 303

    async def test_R_83_an_address_that_tries_many_names_waits_too(self, emma: Person, visitor: Browser) -> None:
        for name in ("anna", "berta", "carla"):
            await visitor.submit("/sign-in", "/sign-in", username=name, password="guess")
        page = await visitor.submit("/sign-in", "/sign-in", username="emma", password=PASSWORD)

        assert page.status == 429

    async def test_R_83_no_header_from_outside_gives_somebody_another_address(
        self, emma: Person, visitor: Browser
    ) -> None:
        for n in range(3):
            form = (await visitor.get("/sign-in")).form("/sign-in")
            said = {"csrf_token": form.get("csrf_token"), "username": f"name{n}", "password": "guess", "next": "/"}
            await visitor.send("/sign-in", said, **{"X-Forwarded-For": f"10.0.0.{n}"})
        page = await visitor.submit("/sign-in", "/sign-in", username="emma", password=PASSWORD)

        assert page.status == 429

    async def test_getting_in_gives_the_account_its_attempts_back(self) -> None:
        attempts, keys = Attempts(3), ["account emma", "address here"]
        attempts.begin(keys)
        attempts.begin(keys)
        attempts.succeeded(*keys)
        attempts.begin(keys)
        attempts.begin(["account emma"])
        attempts.begin(["account emma"])
        with pytest.raises(TooManyAttempts):
            attempts.begin(["account emma"])
        attempts.begin(["address here"])
        with pytest.raises(TooManyAttempts):
            attempts.begin(["address here"])

    async def test_R_83_guesses_at_the_same_time_get_no_further_than_one_after_another(
        self, emma: Person, visitor: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        compared: list[str] = []

        async def verify(hashed: str | None, password: str) -> bool:
            compared.append(password)
            await asyncio.sleep(0)
            return False

        monkeypatch.setattr(passwords, "verify", verify)
        form = (await visitor.get("/sign-in")).form("/sign-in")
        said = {"csrf_token": form.get("csrf_token"), "username": "emma", "next": "/"}

        pages = await asyncio.gather(
            *(visitor.send("/sign-in", {**said, "password": f"guess {number}"}) for number in range(12))
        )

        assert len(compared) == 3
        assert sorted(page.status for page in pages) == [422] * 3 + [429] * 9


async def test_signing_out_ends_the_sign_in_on_the_server_too(world: World, ada: Browser) -> None:
    cookie = dict(ada.cookies)
    page = await ada.submit("/", "/sign-out")
    again = await Browser(ada.client, cookies=cookie).get("/groups")

    assert (page.status, page.location) == (303, "/sign-in")
    assert "kontor" not in ada.cookies
    assert again.status == 303


async def test_R_82_signing_in_again_ends_the_sign_in_before(world: World, emma: Person, browser: Open) -> None:
    here = await browser(emma)
    before = here.cookies["kontor"]
    page = await here.get("/settings")
    said = {"csrf_token": page.token, "username": "emma", "password": PASSWORD, "next": "/"}
    await here.send("/sign-in", said)

    assert here.cookies["kontor"] != before
    async with world.database.reading() as session:
        assert await accounts.signed_in(session, before) is None
        assert await accounts.signed_in(session, here.cookies["kontor"]) is not None


async def _last(world: World, person: Person, clock: Clock) -> None:
    """Let the sign-ins of somebody last for a month from now on."""
    async with world.database.writing() as session:
        for row in (await session.scalars(accounts.sign_ins(person.staff))).all():
            row.expires_at = clock.now + (row.expires_at - row.created_at) * 30


async def test_a_browser_in_use_stays_signed_in_and_one_left_alone_does_not(
    world: World, emma: Person, browser: Open, clock: Clock
) -> None:
    used, left = await browser(emma), await browser(emma)
    await _last(world, emma, clock)

    for _ in range(3):
        clock.advance(days=14)
        page = await used.get("/groups")
        assert page.status == 200
    assert (await left.get("/groups")).status == 303


async def test_a_page_that_lets_a_sign_in_last_on_never_holds_two_connections(
    world: World, emma: Person, browser: Open, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, held, most = await browser(emma), 0, {"reading": 0, "writing": 0}

    def counting(name: str) -> Any:
        opened = getattr(Database, name)

        @contextlib.asynccontextmanager
        async def counted(database: Database) -> AsyncIterator[AsyncSession]:
            nonlocal held
            held += 1
            most[name] = max(most[name], held)
            try:
                async with opened(database) as session:
                    yield session
            finally:
                held -= 1

        return counted

    await _last(world, emma, clock)
    for name in most:
        monkeypatch.setattr(Database, name, counting(name))
    clock.advance(days=1)
    assert (await used.get("/groups")).status == 200
    assert most == {"reading": 1, "writing": 1}


GOALS = [
    ("/groups", "/groups"),
    ("/search?q=a&page=2", "/search?q=a&page=2"),
    ("", "/"),
    ("groups", "/"),
    ("//mallory.example", "/"),
    ("/\\mallory.example", "/"),
    ("/\t/mallory.example", "/"),
    ("/ /mallory.example", "/"),
    ("https://mallory.example", "/"),
    ("https:/mallory.example", "/"),
    ("javascript:alert(1)", "/"),
    ("/x\r\nSet-Cookie: a=b", "/"),
    ("/" + "x" * 3000, "/"),
    ("\\\\mallory.example", "/"),
]


@pytest.mark.parametrize(("wanted", "goal"), GOALS, ids=[wanted[:30] or "nothing" for wanted, _ in GOALS])
def test_R_87_nobody_is_sent_to_another_server(wanted: str, goal: str) -> None:
    assert local_path(wanted) == goal


class TestForms:
    """R-82: a form must come from our own page."""

    async def test_a_form_without_the_token_is_refused_and_changes_nothing(self, world: World, ada: Browser) -> None:
        page = await ada.send("/posts", {"text": "forged"})

        assert page.status == 403
        assert [post.source for post in await world.ada.home()] == []

    async def test_the_token_of_another_browser_is_none(self, world: World, ada: Browser, joan: Browser) -> None:
        stolen = (await joan.get("/")).token

        page = await ada.send("/posts", {"text": "forged", "csrf_token": stolen})

        assert page.status == 403

    @pytest.mark.parametrize(
        ("origin", "status"),
        [(HOME, 303), ("http://mallory.localhost:8009", 403), ("null", 403), (f"https://{HOST}.mallory.example", 403)],
        ids=["ours", "another site", "null", "one that begins like ours"],
    )
    async def test_a_form_from_another_site_is_refused_even_with_a_token(
        self, world: World, ada: Browser, origin: str, status: int
    ) -> None:
        token = (await ada.get("/")).token

        page = await ada.send("/posts", {"text": "hello", "csrf_token": token}, Origin=origin)

        assert page.status == status

    async def test_every_form_that_changes_something_needs_the_token(self, app: web.Application, ada: Browser) -> None:
        refused: dict[str, Any] = {}
        for resource in app.router.resources():
            if any(r.method == "POST" and r.handler.__module__.startswith("server.web") for r in resource):
                path = resource.canonical.replace("{handle}", "alpine")
                for name in (
                    "post_id",
                    "actor_id",
                    "partner_id",
                    "group_id",
                    "notification_id",
                    "token_id",
                    "sign_in_id",
                ):
                    path = path.replace(f"{{{name}}}", "1")
                refused[path] = (await ada.send(path, {"set": "yes"})).status
        assert len(refused) > 30
        assert {path: status for path, status in refused.items() if status != 403} == {}


async def test_the_password_is_hashed_anew_when_it_was_hashed_weakly(
    world: World, emma: Person, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "needs_rehash", lambda hashed: True)
    async with world.database.reading() as session:
        before = (await session.get_one(Account, emma.staff.account_id)).password_hash

    page = await visitor.submit("/sign-in", "/sign-in", username="emma", password=PASSWORD)

    async with world.database.reading() as session:
        after = (await session.get_one(Account, emma.staff.account_id)).password_hash
    assert page.status == 303
    assert after != before
    assert await passwords.verify(after, PASSWORD)


async def test_a_sign_in_tells_browsers_apart_and_keeps_no_more(world: World, emma: Person, visitor: Browser) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    form = (await visitor.get("/sign-in")).form("/sign-in")
    said = {"csrf_token": form.get("csrf_token"), "username": "emma", "password": PASSWORD, "next": "/"}
    await visitor.send("/sign-in", said, **{"User-Agent": agent})

    async with world.database.reading() as session:
        row = (await session.scalars(accounts.sign_ins(emma.staff))).first()
    assert isinstance(row, SignIn)
    assert row.browser == "Firefox, Linux"
    assert emma.staff.role == Role.STAFF
