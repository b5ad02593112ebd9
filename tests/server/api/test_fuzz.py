"""Schemathesis asks at random what the description of the interface lets it ask: never a fault of ours.

A few requests of each endpoint, the same each time; `KONTOR_FUZZ=200` asks that many of each.
"""

import os
import re
from typing import Any

from aiohttp import FormData
from hypothesis import HealthCheck, Phase, given, seed, settings

from server.api.contract.openapi import description
from server.api.routes import table
from tests.server.api import story
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.server.api.story import Story
from tests.world import World

EXAMPLES = int(os.environ.get("KONTOR_FUZZ", "1"))
ENDS_IT_ALL = {"POST /oauth/revoke", "GET /oauth/authorize"}
"""What ends the token that is asked with, and a page."""
HARMLESS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def cases() -> list[tuple[str, list[Any]]]:
    """Every endpoint with what is asked of it."""
    import schemathesis  # takes a while, for whoever runs this test alone

    document = description(table(), title="Lovelace", version="1", base_url="http://lovelace.localhost")
    found = []
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = result.ok()
        if operation.label in ENDS_IT_ALL or "/streaming" in operation.label:  # a stream has no end to wait for
            continue
        found.append((operation.label, _made(operation)))
    return found


def _made(operation: Any) -> list[Any]:
    made: list[Any] = []

    @seed(7)
    @settings(
        max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=HARMLESS
    )
    @given(case=operation.as_strategy())
    def collect(case: Any) -> None:
        made.append(case)

    collect()
    return made


async def ask(phone: Phone, case: Any, there: Story) -> int:
    """The status of what a case asks; with ids that exist, where half of the cases have made-up ones."""
    from schemathesis.core import NOT_SET

    method, path = case.method, case.path
    is_real = len(str(case.path_parameters)) % 2 == 0 or EXAMPLES == 1
    path = there.path(path) if is_real else re.sub(r"\{(\w+)\}", lambda place: _place(case, place[1]), path)
    more: dict[str, Any] = {}
    if case.query:
        more["params"] = [
            (name, _text(value))
            for name, many in case.query.items()
            for value in (many if isinstance(many, list) else [many])
        ]
    if case.body is not NOT_SET and case.body is not None:
        more |= _sent(case)
    return (await phone.ask(method, path, **more)).status


def _place(case: Any, name: str) -> str:
    from urllib.parse import quote

    return quote(str(case.path_parameters[name]), safe="") or "1"


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)[:500]


def _sent(case: Any) -> dict[str, Any]:
    if case.media_type == "application/json" or not isinstance(case.body, dict):
        return {"json": case.body} if not isinstance(case.body, bytes) else {"data": case.body}
    form = FormData()
    for name, value in case.body.items():
        if not name.isprintable():  # our own client would not send it
            continue
        for each in value if isinstance(value, list) else [value]:
            data = each if isinstance(each, bytes) else _text(each)
            form.add_field(name, data, filename="x" if isinstance(each, bytes) else None)
    return {"data": form}


async def test_nothing_that_is_asked_at_random_is_our_fault(world: World, hand: Hand) -> None:
    there = await story.told(world, hand)
    faults = []
    for label, made in sorted(cases(), key=lambda found: found[0].startswith("DELETE")):
        phone = there.alan if "/admin/" in label else there.ada
        for case in made:
            status = await ask(phone, case, there)
            if status >= 500 and (status, case.path) != (501, "/api/oembed"):
                faults.append((label, status, case.path_parameters, case.query, case.body))

    assert faults == []
