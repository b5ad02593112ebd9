"""Filters as clients keep them, and what a status says of those that match it."""

import json
from typing import Any

import pytest

from models.base import now
from models.tables import Visibility
from server.api.entities import filtered
from tests.server.api.conftest import Hand, Statements
from tests.server.api.phone import Phone, upload
from tests.server.api.test_statements import WARM, count
from tests.world import World

V2, V1 = "/api/v2/filters", "/api/v1/filters"


async def filters_of(phone: Phone, *words: str, **more: Any) -> dict[str, Any]:
    """Make a filter; it as it came back."""
    wish = {"title": "Tea", "context": ["home"], "keywords_attributes": [{"keyword": word} for word in words], **more}
    made: dict[str, Any] = (await phone.post(V2, json=wish)).body
    return made


def titles(status: dict[str, Any]) -> list[str]:
    return [result["filter"]["title"] for result in status["filtered"]]


# Keeping them


async def test_a_filter_is_made_shown_changed_and_deleted(ada: Phone, grace: Phone) -> None:
    made = await filters_of(ada, "tea", "milk", filter_action="blur", context=["home", "thread"], expires_in=3600)
    path = f"{V2}/{made['id']}"
    tea, milk = made["keywords"]

    assert (made["title"], made["context"], made["filter_action"]) == ("Tea", ["home", "thread"], "blur")
    assert made["expires_at"].endswith("Z")
    assert tea == {"id": tea["id"], "keyword": "tea", "whole_word": True}
    assert made["statuses"] == []
    assert (await ada.get(path)).body == made
    assert (await ada.get(V2)).body == [made]
    assert (await grace.get(V2)).body == []

    wanted = [
        {"id": tea["id"], "_destroy": True},
        {"id": milk["id"], "keyword": "cream", "whole_word": "0"},
        {"keyword": "sugar"},
    ]
    changed = (await ada.put(path, json={"title": "Sweet", "expires_in": "", "keywords_attributes": wanted})).body

    assert [(each["keyword"], each["whole_word"]) for each in changed["keywords"]] == [
        ("cream", False),
        ("sugar", True),
    ]
    assert (changed["title"], changed["expires_at"], changed["context"]) == ("Sweet", None, ["home", "thread"])
    assert (await ada.delete(path)).body == {}
    await ada.get(path, status=404)


FORMS: list[tuple[str, str]] = [
    (
        "rows",
        "title=T&context[]=home&context[]=public&keywords_attributes[][keyword]=foo"
        "&keywords_attributes[][whole_word]=false&keywords_attributes[][keyword]=bar"
        "&keywords_attributes[][whole_word]=true",
    ),
    (
        "numbered",
        "title=T&context[]=home&context[]=public&keywords_attributes[0][keyword]=foo"
        "&keywords_attributes[0][whole_word]=0&keywords_attributes[1][keyword]=bar",
    ),
]


@pytest.mark.parametrize("form", [form for _, form in FORMS], ids=[name for name, _ in FORMS])
async def test_a_filter_may_come_as_a_form(ada: Phone, form: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    made = (await ada.post(V2, data=form, headers=headers)).body

    assert made["context"] == ["home", "public"]
    assert [(each["keyword"], each["whole_word"]) for each in made["keywords"]] == [("foo", False), ("bar", True)]
    assert (made["filter_action"], made["expires_at"]) == ("warn", None)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"context": ["home"]}, "Validation failed: Title can't be blank"),
    ({"title": " ", "context": ["home"]}, "Validation failed: Title can't be blank"),
    ({"title": "T"}, "Validation failed: Context can't be blank, Context None or invalid context supplied"),
    ({"title": "T", "context": ["moon"]}, "Validation failed: Context can't be blank, Context None or invalid"),
    ({"title": "T", "context": ["home"], "filter_action": "burn"}, "Validation failed: Action is not included"),
    ({"title": "T", "context": ["home"], "expires_in": "soon"}, "A value in this request"),
    ({"title": "T", "context": ["home"], "keywords_attributes": "x"}, "A value in this request"),
    ({"title": "T" * 300, "context": ["home"]}, "This text is too long"),
]


@pytest.mark.parametrize(("wish", "error"), REFUSED)
async def test_what_cannot_be_a_filter_is_refused_in_words(ada: Phone, wish: dict[str, Any], error: str) -> None:
    answer = await ada.post(V2, json=wish, status=422)

    assert answer.body["error"].startswith(error)
    assert (await ada.get(V2)).body == []


async def test_keywords_and_statuses_have_addresses_of_their_own(ada: Phone, grace: Phone, world: World) -> None:
    made = await filters_of(ada, "tea")
    post = await world.grace.writes("Hello")
    path = f"{V2}/{made['id']}"

    added = (await ada.post(f"{path}/keywords", json={"keyword": "milk", "whole_word": "false"})).body
    assert (await ada.get(f"{path}/keywords")).body == [*made["keywords"], added]
    assert (await ada.get(f"{V2}/keywords/{added['id']}")).body == added
    changed = (await ada.put(f"{V2}/keywords/{added['id']}", json={"keyword": "cream"})).body
    assert changed == {"id": added["id"], "keyword": "cream", "whole_word": False}
    blank = await ada.post(f"{path}/keywords", json={"keyword": ""}, status=422)
    assert blank.body["error"] == "Validation failed: Keyword can't be blank"
    entry = (await ada.post(f"{path}/statuses", json={"status_id": post.id})).body
    assert entry == {"id": entry["id"], "status_id": str(post.id)}
    assert (await ada.post(f"{path}/statuses", json={"status_id": str(post.id)})).body == entry
    assert (await ada.get(f"{path}/statuses")).body == [entry]
    assert (await ada.get(f"{V2}/statuses/{entry['id']}")).body == entry
    await ada.post(f"{path}/statuses", json={"status_id": 17}, status=404)
    await ada.post(f"{path}/statuses", json={}, status=422)
    for other in (
        f"{path}/keywords",
        f"{path}/statuses",
        f"{V2}/keywords/{added['id']}",
        f"{V2}/statuses/{entry['id']}",
    ):
        await grace.get(other, status=404)

    assert (await ada.delete(f"{V2}/keywords/{added['id']}")).body == {}
    assert (await ada.delete(f"{V2}/statuses/{entry['id']}")).body == {}
    assert (await ada.get(path)).body == made


async def test_a_keyword_of_another_filter_is_none_of_this_one(ada: Phone) -> None:
    one, other = await filters_of(ada, "tea"), await filters_of(ada, "milk")
    wanted = [{"id": other["keywords"][0]["id"], "keyword": "x"}]

    await ada.put(f"{V2}/{one['id']}", json={"keywords_attributes": wanted}, status=404)

    assert (await ada.get(f"{V2}/{other['id']}")).body == other


async def test_older_clients_know_each_keyword_as_a_filter(ada: Phone, grace: Phone) -> None:
    wish = {"phrase": "tea", "context": ["home", "account"], "irreversible": True, "expires_in": 60}
    made = (await ada.post(V1, json=wish)).body
    path = f"{V1}/{made['id']}"

    assert (made["phrase"], made["whole_word"], made["irreversible"]) == ("tea", False, True)
    assert made["context"] == ["home", "account"]
    assert (await ada.get(path)).body == made
    assert (await ada.get(V1)).body == [made]
    [newer] = (await ada.get(V2)).body
    assert (newer["title"], newer["filter_action"], newer["keywords"][0]["id"]) == ("tea", "hide", made["id"])
    changed = (await ada.put(path, json={"phrase": "milk", "context": ["home"], "whole_word": True})).body
    assert changed == {**made, "phrase": "milk", "context": ["home"], "whole_word": True}
    assert (await ada.get(V2)).body[0]["title"] == "milk"
    await grace.get(path, status=404)

    assert (await ada.delete(path)).body == {}
    assert (await ada.get(V2)).body == []
    blank = await ada.post(V1, json={"phrase": "", "context": ["home"]}, status=422)
    assert blank.body["error"] == "Validation failed: Phrase can't be blank"


async def test_an_older_client_does_not_change_what_it_cannot_show(ada: Phone) -> None:
    made = await filters_of(ada, "tea", "milk")
    path = f"{V1}/{made['keywords'][0]['id']}"

    refused = await ada.put(path, json={"phrase": "tea", "context": ["public"]}, status=422)
    alone = (await ada.put(path, json={"phrase": "coffee", "context": ["home"]})).body
    await ada.delete(path)

    assert refused.body["code"] == "shared_filter"
    assert alone["phrase"] == "coffee"
    [left] = (await ada.get(V2)).body
    assert (left["title"], [each["keyword"] for each in left["keywords"]]) == ("Tea", ["milk"])


# What a status says


async def test_a_status_says_which_filters_match_it_and_by_what(ada: Phone, grace: Phone, world: World) -> None:
    post = await world.grace.writes("Tea and milk")
    made = await filters_of(ada, "tea", "milk", "coffee", filter_action="hide")
    other = await filters_of(ada, "nothing", title="Named")
    await ada.post(f"{V2}/{other['id']}/statuses", json={"status_id": post.id})
    path = f"/api/v1/statuses/{post.id}"

    found = (await ada.get(path)).body["filtered"]

    heads = [{name: each[name] for name in each if name not in ("keywords", "statuses")} for each in (made, other)]
    assert found == [
        {"filter": heads[0], "keyword_matches": ["tea", "milk"], "status_matches": None},
        {"filter": heads[1], "keyword_matches": None, "status_matches": [str(post.id)]},
    ]
    assert (await grace.get(path)).body["filtered"] == []
    home = (await ada.get("/api/v1/timelines/home")).body
    assert [titles(status) for status in home] == [["Tea", "Named"]]  # what hides it is the client


async def test_everything_that_a_post_says_is_looked_through(
    ada: Phone, grace: Phone, subtests: pytest.Subtests
) -> None:
    media = (await grace.post("/api/v2/media", data=upload(description="A picture of zebras"))).body
    options = {"options": ["Lions", "Tigers"], "expires_in": 3600}
    statuses = {
        "lynx": await grace.writes("A LYNX"),
        "wolf": await grace.writes("x", spoiler_text="of wolf"),
        "zebras": await grace.writes("x", media_ids=[media["id"]]),
        "tigers": await grace.writes("x", poll=options),
        "#bears": await grace.writes("x #Bears"),
        "fish.example/sharks": await grace.writes("[here](https://fish.example/sharks?x=1)"),
        "@joan": await grace.writes("@joan"),
    }
    await filters_of(ada, *statuses)

    for word, status in statuses.items():
        with subtests.test(word):
            [result] = (await ada.get(f"/api/v1/statuses/{status['id']}")).body["filtered"]
            assert result["keyword_matches"] == [word]


async def test_the_address_of_the_house_is_in_every_tag_and_matches_none(ada: Phone, grace: Phone) -> None:
    status = await grace.writes("#tag @joan")
    await filters_of(ada, "lovelace", "tags")

    assert (await ada.get(f"/api/v1/statuses/{status['id']}")).body["filtered"] == []


async def test_filters_are_asked_wherever_a_status_is_shown(
    ada: Phone, grace: Phone, world: World, subtests: pytest.Subtests
) -> None:
    await filters_of(ada, "tea", context=["public"])
    top = await ada.writes("Top #x")
    post = await grace.writes("Tea #x @ada", in_reply_to_id=top["id"])
    quoting = await grace.writes("Look", quoted_status_id=post["id"])
    await world.settle()
    await ada.post(f"/api/v1/statuses/{post['id']}/bookmark")
    await ada.post(f"/api/v1/statuses/{post['id']}/favourite")
    lists = {
        "/api/v1/timelines/home": lambda body: body,
        "/api/v1/timelines/public": lambda body: body,
        "/api/v1/timelines/tag/x": lambda body: body,
        f"/api/v1/accounts/{world.grace.id}/statuses": lambda body: body,
        f"/api/v1/statuses/{top['id']}/context": lambda body: body["descendants"],
        "/api/v1/bookmarks": lambda body: body,
        "/api/v1/favourites": lambda body: body,
        "/api/v2/search?q=tea&type=statuses": lambda body: body["statuses"],
        "/api/v1/notifications": lambda body: [line["status"] for line in body],
        "/api/v2/notifications": lambda body: body["statuses"],
    }
    for path, statuses in lists.items():
        with subtests.test(path):
            found = {status["id"]: titles(status) for status in statuses((await ada.get(path)).body)}
            assert found[post["id"]] == ["Tea"]

    outer = (await ada.get(f"/api/v1/statuses/{quoting['id']}")).body
    assert (titles(outer), titles(outer["quote"]["quoted_status"])) == ([], ["Tea"])
    posted = await ada.writes("My tea")
    assert titles(posted) == ["Tea"]


async def test_a_boost_says_it_outside_and_inside(ada: Phone, world: World) -> None:
    post = await world.joan.writes("Tea")
    boost = await world.grace.boosts(post)
    await ada.post(f"/api/v1/accounts/{world.grace.id}/follow")
    named = await filters_of(ada, title="Named")
    await ada.post(f"{V2}/{named['id']}/statuses", json={"status_id": boost.id})
    await filters_of(ada, "tea")

    shown = (await ada.get(f"/api/v1/statuses/{boost.id}")).body

    assert (titles(shown), titles(shown["reblog"])) == (["Named", "Tea"], ["Tea"])
    assert shown["filtered"][0]["status_matches"] == [str(boost.id)]
    assert shown["filtered"][1]["keyword_matches"] == ["tea"]


async def test_a_filter_holds_until_it_expires_and_an_edited_post_is_looked_through_anew(
    ada: Phone, grace: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filters_of(ada, "tea", expires_in=60)
    status = await grace.writes("Tea")
    path = f"/api/v1/statuses/{status['id']}"
    assert titles((await ada.get(path)).body) == ["Tea"]

    await grace.put(path, json={"status": "Coffee"})
    assert titles((await ada.get(path)).body) == []
    await grace.put(path, json={"status": "Tea again"})
    assert titles((await ada.get(path)).body) == ["Tea"]

    moment = now()
    monkeypatch.setattr(filtered, "now", lambda: moment.replace(year=moment.year + 1))
    assert titles((await ada.get(f"{path}?later=1")).body) == []


async def test_another_phone_of_the_same_person_knows_at_once(ada: Phone, hand: Hand, world: World) -> None:
    second = await hand(world.ada)
    post = await world.grace.writes("Tea")
    path = f"/api/v1/statuses/{post.id}"
    assert titles((await second.get(path)).body) == []

    made = await filters_of(ada, "tea")
    assert titles((await second.get(path)).body) == ["Tea"]
    await ada.put(f"{V2}/{made['id']}", json={"title": "Other"})
    assert titles((await second.get(path)).body) == ["Other"]
    await ada.delete(f"{V2}/{made['id']}")
    assert titles((await second.get(path)).body) == []


async def test_L9_a_filter_tells_nothing_of_what_one_may_not_see(ada: Phone, joan: Phone, world: World) -> None:
    secret = await world.ada.writes("Tea in secret", group=world.alpine)
    message = await world.ada.writes("Tea @grace", visibility=Visibility.DIRECT)
    made = await filters_of(joan, "tea")

    for post in (secret, message):
        await joan.get(f"/api/v1/statuses/{post.id}", status=404)
        await joan.post(f"{V2}/{made['id']}/statuses", json={"status_id": str(post.id)}, status=404)
    assert "Tea in secret" not in json.dumps((await joan.get(V2)).body)


async def test_only_who_has_filters_pays_for_them_and_only_once(
    ada: Phone, grace: Phone, world: World, statements: Statements
) -> None:
    path = "/api/v1/timelines/home"
    await world.grace.writes("Tea")
    for phone in (ada, grace):
        await phone.get(path)

    await filters_of(ada, "tea")
    first = await count(statements, ada, path)
    again = await count(statements, ada, path)
    without = await count(statements, grace, path)

    assert (first, again, without) == (WARM + 3, WARM, WARM)
