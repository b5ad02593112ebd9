"""Reports as those in charge deal with them in their clients."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models import actors, reports
from models.tables import Actor, ActorType, Report, Role
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.world import NORTHWIND, Person, World, hire

REPORTS = "/api/v1/admin/reports"
KEYS = {
    "id",
    "action_taken",
    "action_taken_at",
    "category",
    "comment",
    "forwarded",
    "created_at",
    "updated_at",
    "account",
    "target_account",
    "assigned_account",
    "action_taken_by_account",
    "statuses",
    "rules",
}

Noted = Callable[[], Awaitable[list[str]]]


async def reported(by: Person, about: Actor | Person, *posts: Any, text: str = "Look at this") -> Report:
    async with by.database.writing() as session:
        actor = await actors.one(session, by.staff, about.id)
        return await reports.report(session, actor, by=by.staff, post_ids=[post.id for post in posts], text=text)


async def test_a_report_has_all_that_one_needs_to_judge_it(alan: Phone, world: World) -> None:
    open_post, private = await world.ada.writes("Rude"), await world.ada.tells(world.joan, text="Ruder")
    made = await reported(world.joan, world.ada, open_post, private)

    shown = (await alan.get(f"{REPORTS}/{made.id}")).body

    assert set(shown) == KEYS
    assert (shown["comment"], shown["category"], shown["action_taken"]) == ("Look at this", "other", False)
    assert (shown["account"]["username"], shown["target_account"]["username"]) == ("joan", "ada")
    assert shown["target_account"]["email"] == world.ada.email
    assert [status["id"] for status in shown["statuses"]] == [str(open_post.id)]  # a report opens no closed door
    assert (shown["rules"], shown["assigned_account"], shown["action_taken_by_account"]) == ([], None, None)
    assert (await alan.get(REPORTS)).body == [shown]


async def test_reports_are_sorted_by_state_and_by_whom_they_concern(alan: Phone, world: World) -> None:
    done = await reported(world.joan, world.grace)
    elsewhere = await reported(world.ada, world.nora)
    about_ada = await reported(world.joan, world.ada)
    await reported(world.joan, world.alan)  # about who looks: not theirs to judge
    await alan.post(f"{REPORTS}/{done.id}/resolve")
    table = {
        "": [about_ada, elsewhere],
        "?resolved=true": [done],
        f"?account_id={world.joan.id}": [about_ada],
        f"?target_account_id={world.nora.id}": [elsewhere],
        f"?by_target_domain={NORTHWIND}": [elsewhere],
        "?limit=1": [about_ada],
    }

    found = {query: (await alan.get(REPORTS + query)).ids for query in table}

    assert found == {query: [str(each.id) for each in wanted] for query, wanted in table.items()}
    assert await alan.follow_pages(f"{REPORTS}?limit=1") == found[""]


async def test_a_report_is_dealt_with_reopened_and_sorted_and_the_log_says_who(
    alan: Phone, world: World, noted: Noted
) -> None:
    made = await reported(world.joan, world.ada)
    await noted()

    solved = (await alan.post(f"{REPORTS}/{made.id}/resolve")).body
    opened = (await alan.post(f"{REPORTS}/{made.id}/reopen")).body
    sorted_ = (await alan.put(f"{REPORTS}/{made.id}", json={"category": "spam", "rule_ids": []})).body
    same = (await alan.put(f"{REPORTS}/{made.id}", json={})).body

    assert (solved["action_taken"], solved["action_taken_by_account"]["username"]) == (True, "alan")
    assert solved["action_taken_at"] == solved["updated_at"]
    assert (opened["action_taken"], opened["action_taken_by_account"], opened["action_taken_at"]) == (False, None, None)
    assert (sorted_["category"], same["category"]) == ("spam", "spam")
    assert await noted() == ["report_dealt_with", "report_reopened", "report_sorted"]
    await alan.put(f"{REPORTS}/{made.id}", json={"category": "boring"}, status=422)


async def test_somebody_in_charge_looks_after_a_report(alan: Phone, hand: Hand, world: World, noted: Noted) -> None:
    made = await reported(world.joan, world.ada)
    other = await hand(await hire(world.database, "anna", Role.ADMIN), "admin:write")
    await noted()

    kept = (await alan.post(f"{REPORTS}/{made.id}/assign_to_self")).body
    await alan.post(f"{REPORTS}/{made.id}/assign_to_self")
    taken = (await other.post(f"{REPORTS}/{made.id}/assign_to_self")).body
    free = (await alan.post(f"{REPORTS}/{made.id}/unassign")).body

    assert (kept["assigned_account"]["username"], taken["assigned_account"]["username"]) == ("alan", "anna")
    assert (free["assigned_account"], free["action_taken"]) == (None, False)
    assert await noted() == ["report_kept", "report_kept", "report_let_go"]


@pytest.mark.parametrize("act", ["", "/resolve", "/reopen", "/assign_to_self", "/unassign"])
async def test_a_report_about_oneself_does_not_exist(alan: Phone, world: World, act: str) -> None:
    made = await reported(world.joan, world.alan)
    for number in (made.id, 123):
        await alan.ask("GET", f"{REPORTS}/{number}")
        answer = await alan.ask("POST" if act else "GET", f"{REPORTS}/{number}{act}")
        assert answer.status == 404


async def test_a_server_that_names_nobody_speaks_for_itself(alan: Phone, world: World) -> None:
    """DISC-17: what came in the name of a server is shown as from it."""
    async with world.database.writing() as session:
        about = await session.get_one(Actor, world.ada.id)
        for number in (1, 2):
            told = reports.RemoteReport(
                uri=f"http://{NORTHWIND}/flags/{number}",
                host=NORTHWIND if number == 1 else "x.example",
                by=None,
                about=about,
            )
            await reports.receive(session, told)
        await actors.keep(
            session,
            actors.RemoteActor(
                uri=f"http://{NORTHWIND}/actor",
                type=ActorType.APPLICATION,
                host=NORTHWIND,
                username=NORTHWIND,
                url=f"http://{NORTHWIND}/about",
                inbox=f"http://{NORTHWIND}/inbox",
            ),
        )

    unknown, known = (await alan.get(REPORTS)).body

    assert known["account"]["domain"] == NORTHWIND
    assert (unknown["account"]["username"], unknown["account"]["account"]["acct"]) == (
        "x.example",
        "x.example@x.example",
    )
