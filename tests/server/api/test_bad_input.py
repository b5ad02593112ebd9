"""Whatever is sent to whichever endpoint, the answer is a refusal that clients can read, never a fault of ours.

All of this is made from the routes and from what they promise, so an endpoint that is new is asked as well.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from models import tokens
from models.tables import Access as Joining
from models.tables import Application
from server.api.contract.promises import Kind, Parameter
from server.api.contract.table import promise_of
from server.api.routes import table
from server.api.routing import Access, Route
from tests.server.api import story
from tests.server.api.conftest import Hand
from tests.server.api.phone import Answer, Phone
from tests.server.api.story import Story
from tests.world import World

ORIGIN = {"Origin": "https://phanpy.example"}
LIMITS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
REFUSALS = {400, 403, 404, 409, 413, 422, 501}
WRONG: dict[Kind, Any] = {
    Kind.TEXT: {"not": ["a", "text"]},
    Kind.FLAG: "perhaps",
    Kind.NUMBER: "many",
    Kind.ID: "one",
    Kind.MOMENT: "yesterday, or so",
    Kind.TEXTS: [{"not": "a text"}],
    Kind.IDS: ["one", {}],
    Kind.FILE: "not a file",
    Kind.TABLE: 7,
    Kind.TABLES: "none",
}
IN_ADDRESS: dict[Kind, str] = {Kind.FLAG: "perhaps", Kind.NUMBER: "many", Kind.ID: "one", Kind.IDS: "-1"}
HARMLESS = {"status": "Hello", "title": "Hello"}


@pytest.fixture
def settings() -> str:
    return "[limits]\napi_requests = 1000000\n"


def routes() -> list[Route]:
    return [route for route in table() if "{rest" not in route.path and route.path.startswith(("/api/", "/oauth/"))]


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def check(answer: Answer, *where: object, least: int = 200) -> None:
    """What holds for every answer there is: readable across origins, with what is left, in JSON, and no fault of ours;
    that errors have the shape of errors is looked at around every test."""
    is_other_form = answer.status == 501 and answer.body["code"] == "only_json"  # as oEmbed §2.3.1 wants it
    assert least <= answer.status < 500 or is_other_form, (*where, answer.status, answer.body)
    assert answer.headers["Access-Control-Allow-Origin"] == "*", where
    assert set(answer.headers) >= LIMITS, where
    assert answer.headers["Content-Type"].startswith("application/json"), where


async def asked(phone: Phone, route: Route, path: str, **more: Any) -> Answer:
    return await phone.ask(route.method, path, headers={**ORIGIN, **more.pop("headers", {})}, **more)


async def test_R_81_nobody_gets_in_without_the_right_token(world: World, hand: Hand, anybody: Phone) -> None:
    """None, one that is over, one for something else, and one that speaks for an application alone."""
    over, apps, narrow = await hand(world.ada, story.ALL), await hand(None, story.ALL), await hand(world.ada, "push")
    assert over.token is not None
    async with world.database.writing() as session:
        application = await session.get_one(Application, over.token.application_id)
        await tokens.revoke(session, application, over.text)

    for route in routes():
        is_open, is_persons = route.access is Access.PUBLIC, route.access in (Access.PERSON, Access.ADMIN)
        needs_more = bool(route.scopes) and "push" not in route.scopes
        for phone, refused, status, code in (
            (anybody, not is_open, 401, "token_needed"),
            (over, True, 401, "invalid_token"),
            (narrow, needs_more, 403, "insufficient_scope"),
            (apps, is_persons, 403, "person_needed"),
        ):
            if refused:
                answer = await asked(phone, route, Story.path(NOTHING, route.path))
                check(answer, name(route))
                assert (answer.status, answer.body["code"]) == (status, code), name(route)


NOTHING = Story(*[Phone(None)] * 4, {"group_key": "ungrouped-1"})  # type: ignore[arg-type]
"""Nothing is there: every id is 1."""


async def test_R_42_values_of_the_wrong_kind_and_none_at_all(world: World, hand: Hand) -> None:
    there = await story.told(world, hand)
    statuses: dict[str, set[int]] = {}

    for route, path, phone in _reachable(there):
        takes = promise_of(route.method, route.path).takes  # type: ignore[union-attr]
        seen = statuses.setdefault(name(route), set())
        for body in _bodies(takes):
            sent = {"json": body} if _has_body(route) else {"params": _in_address(takes, body)}
            answer = await asked(phone, route, path, **sent)
            check(answer, name(route), body)
            seen.add(answer.status)
            assert answer.status < 400 or answer.status in REFUSALS, (name(route), answer.status)

    named = {each for each, seen in statuses.items() if 422 in seen}
    assert len(named) > 40


def _reachable(there: Story) -> Iterator[tuple[Route, str, Phone]]:
    """Every route with an address that leads to something, and who may ask; what takes away goes last."""
    for route in sorted(routes(), key=lambda route: (route.method == "DELETE", "dismiss" in route.path)):
        yield route, there.path(route.path), there.alan if route.access is Access.ADMIN else there.ada


def _has_body(route: Route) -> bool:
    return route.method in ("POST", "PUT", "PATCH")


def _bodies(takes: tuple[Parameter, ...]) -> Iterator[dict[str, Any]]:
    """Nothing; everything of the wrong kind; texts that are too long; and what is in tables of the wrong kind."""
    if any(each.is_needed for each in takes) or not takes:
        yield {}
    if takes:
        yield {each.name: WRONG[each.kind] for each in takes}
        yield {each.name: "x" * 20_000 for each in takes if each.kind in (Kind.TEXT, Kind.TEXTS)} | _deep(takes)


def _deep(takes: tuple[Parameter, ...]) -> dict[str, Any]:
    tables = {each.name: {sub.name: WRONG[sub.kind] for sub in each.inner} for each in takes if each.inner}
    rows = {each.name for each in takes if each.kind is Kind.TABLES}
    return {key: [row] if key in rows else row for key, row in tables.items()}


def _in_address(takes: tuple[Parameter, ...], body: dict[str, Any]) -> list[tuple[str, str]]:
    kinds = {each.name: each.kind for each in takes}
    found = []
    for key, value in body.items():
        text = value[: 6000 // len(body)] if isinstance(value, str) else IN_ADDRESS.get(kinds[key], "?")
        found.append((f"{key}[]" if kinds[key] in (Kind.IDS, Kind.TEXTS) else key, text))
    return found


async def test_what_is_null_is_as_if_it_were_not_sent(world: World, hand: Hand) -> None:
    there = await story.told(world, hand)
    seen = 0

    for route, path, phone in _reachable(there):
        takes = promise_of(route.method, route.path).takes  # type: ignore[union-attr]
        given = {each.name: HARMLESS.get(each.name, "1") for each in takes if each.is_needed or each.name in HARMLESS}
        rest = [each.name for each in takes if each.name not in given]
        if not _has_body(route) or not rest:
            continue
        bare = await asked(phone, route, path, json=given)
        answer = await asked(phone, route, path, json=given | dict.fromkeys(rest))
        assert _code(answer) in (_code(bare), None, "not_found"), (name(route), rest, answer.body)
        seen += 1

    assert seen > 40


def _code(answer: Answer) -> str | None:
    return answer.body.get("code") if isinstance(answer.body, dict) and answer.status >= 400 else None


async def test_ids_of_others_of_nothing_and_of_no_number(world: World, hand: Hand) -> None:
    there = await story.told(world, hand)
    hidden = await world.alan.writes("Secret", group=await world.alan.founds("den", access=Joining.CLOSED))
    joan = await hand(world.joan, story.ALL)
    for route in routes():
        if "{" not in route.path or route.access is Access.ADMIN:
            continue
        for value in ("99999999999999999999999", str(hidden.id), "x%00y"):
            path = re.sub(r"\{\w+(?::[^/]*)?\}", value, route.path)
            answer = await asked(joan, route, path)
            check(answer, name(route), value)
            assert answer.status < 400 or answer.status in REFUSALS, (name(route), answer.status)
            assert "Secret" not in str(answer.body), name(route)
    for route in routes():  # what is Ada's own, asked by somebody who is not in her groups
        if _is_own(route):
            answer = await asked(joan, route, there.path(route.path))
            check(answer, name(route), least=400)


def _is_own(route: Route) -> bool:
    return re.match(r"/api/v1/(media|scheduled_statuses|notifications|conversations)/\{id", route.path) is not None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/nothing"), ("POST", "/api/v3/statuses"), ("DELETE", "/api/v1/timelines/home"),
        ("PATCH", "/api/v1/statuses/1"), ("GET", "/api/"), ("PUT", "/api/v1/%ff"), ("GET", "/api/v1//statuses/1"),
    ],
)  # fmt: skip
async def test_addresses_and_methods_that_do_not_exist(anybody: Phone, ada: Phone, method: str, path: str) -> None:
    for phone in (anybody, ada):
        answer = await phone.ask(method, path, headers=ORIGIN)

        check(answer, method, path, least=400)
        assert (answer.status, answer.body["code"]) == (404, "not_found")


async def test_bodies_that_are_not_what_they_say(ada: Phone) -> None:
    for route in routes():
        if not _has_body(route) or route.access is Access.ADMIN:
            continue
        for kind, data in (
            ("application/json", b'{"a":'),
            ("application/json", b"[[[[]]]]"),
            ("application/x-www-form-urlencoded", b"a[b]=1&a=2&a[]=3"),
            ("multipart/form-data; boundary=x", b"--y\r\nnothing"),
        ):
            answer = await asked(ada, route, Story.path(NOTHING, route.path), data=data, headers={"Content-Type": kind})
            check(answer, name(route), kind, least=400 if kind.endswith("json") else 200)
