"""The start page: what is on it, what it costs, and the form that writes."""

from collections.abc import Callable
from typing import Any

import pytest

from models.tables import Reach
from tests.server.web.browser import Browser
from tests.server.web.conftest import Open
from tests.world import World


async def test_a_visitor_sees_the_company_s_door_and_no_word_of_its_people(world: World, visitor: Browser) -> None:
    await world.ada.writes("Secret plans")

    page = await visitor.get("/")

    assert page.status == 200
    assert "Lovelace" in page.words
    assert "/sign-in" in page.links
    assert "Secret plans" not in page.html
    assert "Alpine" not in page.words.title()


async def test_the_start_page_shows_what_the_company_and_one_s_groups_wrote(world: World, ada: Browser) -> None:
    to_all = await world.joan.writes("Lunch is ready")
    in_group = await world.alan.writes("Milling begins", group=world.alpine)

    page = await ada.get("/")

    assert page.posts == [str(in_group.id), str(to_all.id)]


async def test_R_70_a_colleague_outside_a_closed_group_does_not_see_its_posts(world: World, joan: Browser) -> None:
    await world.alan.writes("Milling begins", group=world.alpine)

    page = await joan.get("/")

    assert page.posts == []
    assert "Milling begins" not in page.html


async def test_each_post_says_in_words_who_gets_it(world: World, ada: Browser) -> None:
    await world.joan.writes("Lunch is ready")
    await world.alan.writes("Milling begins", group=world.alpine)

    page = await ada.get("/")

    assert "Internal – 4 people" in page.words
    assert "Partners – 2 companies, 1 person" in page.words


async def test_the_composer_names_every_place_with_who_will_get_it(world: World, ada: Browser) -> None:
    page = await ada.get("/")

    assert "This stays in the house: 4 people at Lovelace can read it." in page.words
    assert "1 person at Northwind" in page.words
    assert "Southwind (nobody there has joined yet)" in page.words
    assert "Before it leaves, a gatekeeper reads it." in page.words


async def test_a_suspended_company_is_not_among_those_who_get_a_post(world: World, ada: Browser) -> None:
    page = await ada.get("/")

    assert "Eastwind" not in page.words


async def test_older_and_newer_pages_hold_every_post_once(world: World, ada: Browser) -> None:
    written = [str((await world.ada.writes(f"Number {n}")).id) for n in range(45)]

    first = await ada.get("/")
    second = await ada.get(next(link for link in first.links if "before=" in link))
    third = await ada.get(next(link for link in second.links if "before=" in link))
    back = await ada.get(next(link for link in third.links if "after=" in link))

    assert first.posts + second.posts + third.posts == written[::-1]
    assert back.posts == second.posts
    assert not any("after=" in link for link in first.links)
    assert not any("before=" in link for link in third.links)


@pytest.mark.parametrize("posts", [2, 20], ids=["two posts", "a full page"])
async def test_the_start_page_costs_the_same_number_of_statements_however_much_is_on_it(
    world: World, ada: Browser, statements: Callable[[], Any], posts: int
) -> None:
    groups = [await world.alan.founds(f"group{n}", reach=Reach.PARTNERS) for n in range(3)]
    for group in groups:
        await world.ada.joins(group)
    for n in range(posts):
        root = await world.ada.writes(f"Number {n} @joan #tag{n}", group=groups[n % 3] if n % 2 else None)
        await world.alan.likes(root)

    with statements() as asked:
        page = await ada.get("/")

    assert len(page.posts) == posts
    assert len(asked) == 27, "\n\n".join(asked)


async def test_what_came_back_from_the_gate_is_a_duty_on_the_start_page(world: World, ada: Browser) -> None:
    post = await world.ada.writes("The price is 7", group=world.alpine)
    await world.grace.returns(post, "No prices, please")

    page = await ada.get("/")

    assert "1 post came back to you" in page.words
    assert f"/posts/{post.id}" in page.links
    assert "No prices, please" in page.words


async def test_a_reason_for_returning_is_between_gatekeeper_and_author(world: World, browser: Open) -> None:
    post = await world.ada.writes("The price is 7", group=world.alpine)
    await world.grace.returns(post, "No prices, please")

    page = await (await browser(world.alan)).get(f"/posts/{post.id}")

    assert "The price is 7" in page.words
    assert "No prices, please" not in page.html


async def test_the_page_speaks_the_language_of_whoever_asks(world: World, browser: Open) -> None:
    english = await (await browser(world.ada, language="en")).get("/")
    german = await (await browser(world.ada, language="de-AT, en;q=0.5")).get("/")

    assert "What would you like to share?" in english.words
    assert "Was möchtest du teilen?" in german.words
