"""What somebody does not want to read: filters as forms, and what they do to the pages."""

import pytest

from models import filters
from models.filters import KeywordWish, Wish
from models.tables import Filter
from tests.server.web.browser import Browser
from tests.world import Person, World

LIST, NEW = "/settings/filters", "/settings/filters/new"


async def of(world: World, person: Person) -> list[Filter]:
    async with world.database.reading() as session:
        return list(await session.scalars(filters.listed(person.staff)))


async def filtered(world: World, word: str, action: str, *contexts: str) -> None:
    wish = Wish(title="Sports", contexts=contexts, action=action, keywords=[KeywordWish(keyword=word)])
    async with world.database.writing() as session:
        await filters.create(session, wish, by=world.ada.staff)


async def test_a_filter_is_made_changed_and_deleted(world: World, ada: Browser, joan: Browser) -> None:
    typed = {"title": "Sports", "word-new-1": "match", "word-new-2": "a goal", "whole-new-2": "", "lasts": "86400"}
    page = await ada.follow(await ada.submit(NEW, LIST, **typed))
    assert "Sports match, a goal" in page.words
    [made] = await of(world, world.ada)
    assert [(row.keyword, row.whole_word) for row in made.keywords] == [("match", True), ("a goal", False)]
    assert (tuple(made.contexts), made.action, made.expires_at is not None) == (filters.CONTEXTS, "warn", True)

    at, (match, goal) = f"{LIST}/{made.id}", made.keywords
    assert "It counts until" in (await ada.get(at)).words
    words = {f"word-{match.id}": "", f"word-{goal.id}": "the goal", f"whole-{goal.id}": "on", "word-new-1": "cup"}
    places = {f"in-{name}": "" for name in filters.CONTEXTS if name != "home"}
    await ada.submit(at, at, action="hide", **words, **places)
    [changed] = await of(world, world.ada)
    assert [(row.keyword, row.whole_word) for row in changed.keywords] == [("the goal", True), ("cup", True)]
    assert (changed.contexts, changed.action, changed.expires_at) == (["home"], "hide", made.expires_at)

    assert (await joan.get(at)).status == 404
    assert "Nothing is filtered." in (await joan.get(LIST)).words
    await ada.submit(LIST, at + "/end")
    assert await of(world, world.ada) == []


async def test_a_form_that_is_refused_keeps_what_was_typed(world: World, ada: Browser) -> None:
    nowhere = {f"in-{name}": "" for name in filters.CONTEXTS}
    page = await ada.submit(NEW, LIST, **{"title": "Sports", "word-new-1": "match", **nowhere})
    assert page.status == 422
    assert (page.form(LIST).get("title"), page.form(LIST).get("word-new-1")) == ("Sports", "match")
    assert (await ada.submit(NEW, LIST, **{"title": " ", "word-new-1": "match"})).status == 422
    assert await of(world, world.ada) == []


async def test_a_filter_that_warns_folds_the_post_under_its_name(world: World, ada: Browser, joan: Browser) -> None:
    post = await world.grace.writes("What a match yesterday")
    await filtered(world, "match", "warn", "public", "thread")
    await filtered(world, "yesterday", "warn", "home")

    assert (await ada.get("/people/grace")).words.count("Filtered") == 0
    assert "Filtered" not in (await ada.get(f"/posts/{post.id}")).words
    assert "Filtered: Sports" in (await ada.get(f"/posts/{post.id}/item")).words
    assert "Filtered" not in (await joan.get(f"/posts/{post.id}/item")).words
    own = await world.ada.writes("My match yesterday")
    assert "Filtered" not in (await ada.get(f"/posts/{own.id}/item")).words


@pytest.mark.parametrize(("path", "context"), [("/people/grace", "account"), ("/tags/cup", "public")])
async def test_a_filter_that_hides_leaves_the_post_out(world: World, ada: Browser, path: str, context: str) -> None:
    post = await world.grace.writes("What a match in the #cup")
    await world.grace.writes("Coffee after the #cup")
    await filtered(world, "match", "hide", context, "home")

    page = await ada.get(path)
    assert ("What a match" in page.words, "Coffee" in page.words) == (False, True)
    assert (await ada.get(f"/posts/{post.id}/item")).status == 404
    assert "What a match" in (await ada.get(f"/posts/{post.id}")).words


async def test_the_inbox_heeds_filters_too(world: World, ada: Browser) -> None:
    await world.grace.writes("A match, @ada?")
    await world.joan.writes("A goal, @ada!")
    await world.settle()
    await filtered(world, "match", "hide", "notifications")
    await filtered(world, "goal", "warn", "notifications")

    page = await ada.get("/notifications")
    assert ("match" in page.words, "A goal" in page.words, "Filtered: Sports" in page.words) == (False, False, True)


async def test_in_a_conversation_nothing_is_left_out(world: World, ada: Browser) -> None:
    post = await world.grace.writes("Lunch?")
    await world.joan.replies(post, "After the match")
    await filtered(world, "match", "hide", "thread")

    assert "Filtered: Sports" in (await ada.get(f"/posts/{post.id}")).words
