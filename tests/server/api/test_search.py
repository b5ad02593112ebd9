"""Search through the client API."""

import pytest

from federation.errors import ProtocolError
from models import trigrams
from models.tables import Reach
from tests.server.api.conftest import Elsewhere
from tests.server.api.phone import Phone
from tests.world import World


async def test_people_groups_posts_and_tags_are_found(ada: Phone, world: World) -> None:
    post = await world.ada.writes("The alpine case #alpine2")

    found = (await ada.get("/api/v2/search?q=alpine")).body

    assert [account["acct"] for account in found["accounts"]] == ["alpine"]
    assert [status["id"] for status in found["statuses"]] == [str(post.id)]
    assert [tag["name"] for tag in found["hashtags"]] == ["alpine2"]


@pytest.mark.parametrize("kind", ["accounts", "statuses", "hashtags"])
async def test_the_other_lists_are_there_and_empty_when_one_is_asked_for(ada: Phone, world: World, kind: str) -> None:
    await world.ada.writes("The alpine case #alpine2")

    found = (await ada.get(f"/api/v2/search?q=alpine&type={kind}")).body

    assert {name for name, entries in found.items() if entries} == {kind}
    assert set(found) == {"accounts", "statuses", "hashtags"}


async def test_an_address_finds_the_one_thing_it_names(ada: Phone, world: World) -> None:
    post = await world.ada.writes("Here")
    status = (await ada.get(f"/api/v1/statuses/{post.id}")).body

    for address in (status["url"], status["uri"]):
        found = (await ada.get("/api/v2/search", params={"q": address})).body
        assert [entry["id"] for entry in found["statuses"]] == [status["id"]]
    found = (await ada.get("/api/v2/search", params={"q": status["account"]["url"]})).body
    assert [entry["id"] for entry in found["accounts"]] == [str(world.ada.id)]


async def test_somebody_not_met_before_is_met_when_the_client_asks_for_it(
    ada: Phone, world: World, elsewhere: Elsewhere
) -> None:
    elsewhere.found = world.nora

    quietly = (await ada.get("/api/v2/search?q=@new@elsewhere.example")).body["accounts"]
    assert (quietly, elsewhere.asked) == ([], [])
    resolved = (await ada.get("/api/v2/search?q=@new@elsewhere.example&resolve=true&type=accounts")).body

    assert elsewhere.asked == ["@new@elsewhere.example"]
    assert [account["id"] for account in resolved["accounts"]] == [str(world.nora.id)]


async def test_a_post_not_met_before_is_met_by_its_address(ada: Phone, world: World, elsewhere: Elsewhere) -> None:
    elsewhere.found = await world.grace.writes("As if from elsewhere")

    found = (await ada.get("/api/v2/search?q=https://elsewhere.example/1&resolve=true")).body

    assert [status["id"] for status in found["statuses"]] == [str(elsewhere.found.id)]


async def test_words_are_not_asked_of_the_wire(ada: Phone, elsewhere: Elsewhere) -> None:
    for query in ("just some words", "@grace", "#tag", "a@b c"):
        await ada.get("/api/v2/search", params={"q": query, "resolve": "true"})

    assert elsewhere.asked == []


async def test_a_visitor_makes_us_ask_nobody(anybody: Phone, elsewhere: Elsewhere, world: World) -> None:
    elsewhere.found = world.nora

    found = (await anybody.get("/api/v2/search?q=@new@elsewhere.example&resolve=true")).body

    assert (found["accounts"], elsewhere.asked) == ([], [])


@pytest.mark.parametrize("fault", [ProtocolError(), TimeoutError()], ids=["refused", "too slow"])
async def test_a_server_that_fails_is_an_empty_answer(ada: Phone, elsewhere: Elsewhere, fault: Exception) -> None:
    elsewhere.fault = fault

    found = (await ada.get("/api/v2/search?q=https://broken.example/1&resolve=1")).body

    assert elsewhere.asked == ["https://broken.example/1"]
    assert found == {"accounts": [], "statuses": [], "hashtags": []}


async def test_R_70_nobody_finds_what_they_may_not_read(joan: Phone, world: World) -> None:
    """L9: clients are shown what the pages show."""
    post = await world.ada.writes("Unobtainium #unobtainium", group=world.alpine)

    for query in ("Unobtainium", "#unobtainium", post.uri, post.url):
        found = (await joan.get("/api/v2/search", params={"q": query})).body
        assert found == {"accounts": [], "statuses": [], "hashtags": []}, query


async def test_a_visitor_finds_no_words_that_wait_at_a_gate(anybody: Phone, world: World) -> None:
    news = await world.alan.founds("news", reach=Reach.PUBLIC, is_gated=True)
    post = await world.alan.writes("We are hiring", group=news)
    await world.grace.approves(post)
    await world.alan.edits(post, "We are buying Northwind #merger")

    assert (await anybody.get("/api/v2/search?q=Northwind")).body["statuses"] == []
    assert (await anybody.get("/api/v2/search?q=merger")).body["hashtags"] == []
    assert (await anybody.get("/api/v1/timelines/tag/merger")).body == []
    shown = (await anybody.get(f"/api/v1/statuses/{post.id}")).body
    assert (shown["content"], shown["tags"], shown["edited_at"]) == ("<p>We are hiring</p>", [], None)
    assert shown["kontor"] is None
    history = (await anybody.get(f"/api/v1/statuses/{post.id}/history")).body
    assert [edit["content"] for edit in history] == ["<p>We are hiring</p>"]


async def test_parts_of_words_are_found_before_and_after_they_are_in_the_index(ada: Phone, world: World) -> None:
    post = await world.ada.writes("Die Schichtübergabe beginnt")

    for _ in range(2):
        for query in ("übergabe BEGINNT", "SCHICHTÜ", "di"):
            found = (await ada.get("/api/v2/search", params={"q": query, "type": "statuses"})).body["statuses"]
            assert [status["id"] for status in found] == [str(post.id)], query
        async with world.database.writing() as session:
            await trigrams.take_in(session)


async def test_pages_of_results_go_by_offset(ada: Phone, world: World) -> None:
    ids = [str((await world.ada.writes(f"apple {number}")).id) for number in range(3)][::-1]

    first = (await ada.get("/api/v2/search?q=apple&type=statuses&limit=2")).body["statuses"]
    second = (await ada.get("/api/v2/search?q=apple&type=statuses&limit=2&offset=2")).body["statuses"]

    assert [status["id"] for status in (*first, *second)] == ids


async def test_the_older_search_names_tags_plainly(ada: Phone, world: World) -> None:
    await world.ada.writes("#alpine2")

    found = (await ada.get("/api/v1/search?q=alpine2")).body

    assert found["hashtags"] == ["alpine2"]


async def test_people_are_found_for_completion(ada: Phone) -> None:
    assert [account["acct"] for account in (await ada.get("/api/v1/accounts/search?q=gra")).body] == ["grace"]


async def test_a_visitor_does_not_learn_what_a_public_answer_answers_while_that_waits(
    anybody: Phone, ada: Phone, world: World
) -> None:
    news = await world.alan.founds("news", reach=Reach.PUBLIC, is_gated=True)
    held = await world.alan.writes("Held", group=news)
    answer = await world.alan.replies(held, "Out already")
    await world.grace.approves(answer)

    outside = (await anybody.get(f"/api/v1/statuses/{answer.id}")).body
    inside = (await ada.get(f"/api/v1/statuses/{answer.id}")).body

    assert (outside["in_reply_to_id"], outside["in_reply_to_account_id"]) == (None, None)
    assert inside["in_reply_to_id"] == str(held.id)
    assert (await anybody.get(f"/api/v1/statuses/{answer.id}/context")).body["ancestors"] == []
