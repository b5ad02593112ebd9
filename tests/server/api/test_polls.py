"""Polls through the client API."""

from typing import Any

from models import polls
from tests.server.api.conftest import Statements
from tests.server.api.phone import Phone
from tests.server.api.test_shapes import POLL, STATUS, faults
from tests.server.api.test_statements import WARM, count
from tests.time import Clock
from tests.world import World

LUNCH = {"options": ["Soup", "Salad"], "expires_in": 600}


async def asks(ada: Phone, **more: Any) -> dict[str, Any]:
    return await ada.writes("What shall we eat?", poll={**LUNCH, **more})


async def test_a_poll_is_asked_answered_and_counted(ada: Phone, grace: Phone, anybody: Phone) -> None:
    status = await asks(ada)
    assert faults(status, STATUS) == {}
    assert (status["poll"]["voted"], status["poll"]["own_votes"]) == (True, [])
    path = f"/api/v1/polls/{status['poll']['id']}"

    before = (await grace.get(path)).body
    after = (await grace.post(f"{path}/votes", json={"choices": ["1"]})).body

    assert faults(before, POLL) == {}
    assert (before["voted"], before["own_votes"], before["expired"], before["multiple"]) == (False, [], False, False)
    assert (after["voted"], after["own_votes"], after["votes_count"], after["voters_count"]) == (True, [1], 1, 1)
    assert after["options"] == [{"title": "Soup", "votes_count": 0}, {"title": "Salad", "votes_count": 1}]
    again = await grace.post(f"{path}/votes", json={"choices": [0]}, status=422)
    assert again.body["code"] == "already_voted"
    assert (await ada.post(f"{path}/votes", json={"choices": [0]}, status=422)).body["code"] == "own_poll"
    await anybody.get(path, status=404)


async def test_a_form_asks_as_json_does(ada: Phone, grace: Phone) -> None:
    form = [
        ("status", "What shall we eat?"),
        ("poll[options][]", "Soup"),
        ("poll[options][]", "Salad"),
        ("poll[expires_in]", "3600"),
        ("poll[multiple]", "true"),
        ("poll[hide_totals]", "true"),
    ]
    poll = (await ada.post("/api/v1/statuses", data=form)).body["poll"]

    voted = await grace.post(f"/api/v1/polls/{poll['id']}/votes", data=[("choices[]", "0"), ("choices[]", "1")])

    assert voted.body["multiple"] is True
    assert voted.body["own_votes"] == [0, 1]
    assert [option["votes_count"] for option in voted.body["options"]] == [None, None]
    assert (voted.body["votes_count"], voted.body["voters_count"]) == (2, 1)


NO_POLLS: list[tuple[dict[str, Any], str]] = [
    ({"options": ["Soup"], "expires_in": 600}, "bad_poll"),
    ({"options": ["Soup", "Soup"], "expires_in": 600}, "bad_poll"),
    ({"options": ["Soup", "Salad"]}, "bad_poll"),
    ({"options": ["Soup", "Salad"], "expires_in": 10}, "bad_poll_duration"),
    ({"options": [["Soup"], "Salad"], "expires_in": 600}, "bad_value"),
    ({"options": ["Soup", "Salad"], "expires_in": "soon"}, "bad_value"),
]


async def test_what_is_no_poll_is_refused_and_nothing_is_posted(ada: Phone) -> None:
    for poll, code in NO_POLLS:
        answer = await ada.post("/api/v1/statuses", json={"status": "Which?", "poll": poll}, status=422)
        assert answer.body["code"] == code, poll
    assert (await ada.get("/api/v1/timelines/home")).body == []


async def test_what_is_no_answer_is_refused(ada: Phone, grace: Phone) -> None:
    poll = (await asks(ada))["poll"]
    wrong: list[list[Any]] = [[], ["2"], ["0", "1"], ["-1"], ["x"], [10**30]]

    for choices in wrong:
        await grace.post(f"/api/v1/polls/{poll['id']}/votes", json={"choices": choices}, status=422)

    assert (await grace.get(f"/api/v1/polls/{poll['id']}")).body["votes_count"] == 0


async def test_R_71_who_does_not_see_the_post_gets_the_same_as_for_no_poll(ada: Phone, joan: Phone) -> None:
    status = await ada.writes("Which price? @alpine", poll=LUNCH)
    hidden, nothing = f"/api/v1/polls/{status['poll']['id']}", "/api/v1/polls/123456"

    assert (await joan.get(hidden, status=404)).body == (await joan.get(nothing, status=404)).body
    voted = [await joan.post(f"{path}/votes", json={"choices": ["0"]}, status=404) for path in (hidden, nothing)]
    assert voted[0].body == voted[1].body


async def test_after_its_end_a_poll_is_over_and_its_voters_are_told(
    ada: Phone, grace: Phone, world: World, clock: Clock
) -> None:
    poll = (await asks(ada))["poll"]
    await grace.post(f"/api/v1/polls/{poll['id']}/votes", json={"choices": ["0"]})
    clock.advance(minutes=10)

    assert (await grace.get(f"/api/v1/polls/{poll['id']}")).body["expired"] is True
    async with world.database.writing() as session:
        await polls.strike(session)
    await world.settle()

    [told] = (await grace.get("/api/v1/notifications?types[]=poll")).body
    assert (told["type"], told["status"]["poll"]["id"], told["account"]["username"]) == ("poll", poll["id"], "ada")


async def test_an_edit_of_the_answers_begins_anew_and_the_history_has_both(ada: Phone, grace: Phone) -> None:
    status = await asks(ada)
    await grace.post(f"/api/v1/polls/{status['poll']['id']}/votes", json={"choices": ["0"]})
    path = f"/api/v1/statuses/{status['id']}"

    same = (await ada.put(path, json={"status": "What shall we eat today?", "poll": LUNCH})).body["poll"]
    other = {"options": ["Soup", "Cake"], "expires_in": 600}
    changed = (await ada.put(path, json={"status": "What shall we eat?", "poll": other})).body["poll"]
    none = (await ada.put(path, json={"status": "We eat soup"})).body["poll"]

    assert (same["id"], same["votes_count"]) == (status["poll"]["id"], 1)
    assert (changed["votes_count"], [option["title"] for option in changed["options"]]) == (0, ["Soup", "Cake"])
    assert none is None
    history = (await grace.get(f"{path}/history")).body
    assert [edit["poll"] and [option["title"] for option in edit["poll"]["options"]] for edit in history] == [
        ["Soup", "Salad"],
        ["Soup", "Salad"],
        ["Soup", "Cake"],
        None,
    ]


async def test_a_page_with_polls_costs_the_same_for_few_and_many(
    ada: Phone, grace: Phone, statements: Statements
) -> None:
    counts = []
    for _ in range(3):
        await asks(ada)
        await grace.get("/api/v1/timelines/home")
        # a token or a number that is kept for some seconds may be asked for again in one of them
        counts.append(min([await count(statements, grace, "/api/v1/timelines/home") for _ in range(2)]))

    assert counts == [WARM + 3] * 3


async def test_clients_are_told_how_large_a_poll_may_be(anybody: Phone) -> None:
    limits = (await anybody.get("/api/v2/instance")).body["configuration"]["polls"]

    assert limits == {
        "max_options": 10,
        "max_characters_per_option": 100,
        "min_expiration": 300,
        "max_expiration": 2_629_746,
    }
