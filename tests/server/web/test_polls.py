"""Polls in pages, as they work before JavaScript arrives."""

from datetime import timedelta

import pytest

from models import polls
from models.polls import PollDraft
from tests.server.web.browser import Browser
from tests.time import Clock
from tests.world import World

LUNCH = PollDraft(options=("Soup", "Salad <b>"), lasts=timedelta(hours=1))


async def path_of(world: World, post, verb: str) -> str:
    async with world.database.reading() as session:
        ids = await polls.ids_of(session, [post.id], outside=False)
        return f"/polls/{ids[post.id]}/{verb}"


async def test_a_poll_is_asked_in_the_composer_and_answered_in_the_feed(
    world: World, ada: Browser, grace: Browser
) -> None:
    fields = {"poll-1": "Soup", "poll-2": "", "poll-3": "Salad", "poll-lasts": "3600"}
    await ada.follow(await ada.submit("/", "/posts", text="What shall we eat?", **fields))
    [post] = await world.ada.home()
    vote = await path_of(world, post, "votes")
    before = await grace.get("/")
    assert "Choose one answer" in before.words
    assert "Nobody" not in before.words or "0 people have voted" in before.words

    after = await grace.follow(await grace.submit("/", vote, choice="1"))

    assert "Your vote is counted." in after.words
    assert "1 person has voted" in after.words
    assert "1 vote · 100 %" in after.words
    assert "Your answer" in after.words
    assert vote not in [form.action for form in after.forms]
    again = await grace.fill(before.form(vote), choice="0")
    assert again.status == 422
    assert "You have voted in this poll already." in again.words


async def test_a_refused_poll_comes_back_with_what_was_typed(world: World, ada: Browser) -> None:
    page = await ada.submit("/", "/posts", text="What?", **{"poll-1": "Soup", "poll-lasts": "3600"})

    assert page.status == 422
    assert "two to ten different answers" in page.words
    assert 'value="Soup"' in page.html
    assert await world.ada.home() == []


async def test_several_answers_may_be_chosen_and_counts_may_wait(world: World, grace: Browser, ada: Browser) -> None:
    draft = PollDraft(options=("Soup", "Salad"), lasts=timedelta(hours=1), is_multiple=True, hides_totals=True)
    post = await world.ada.writes("What?", poll=draft)
    vote = await path_of(world, post, "votes")

    await grace.submit("/", vote, ("choice", "0"), ("choice", "1"))
    page = await grace.get(f"/posts/{post.id}")

    assert "1 person has voted" in page.words
    assert "counts are shown at the end" in page.words
    assert "%" not in page.words
    ended = await ada.follow(await ada.submit(f"/posts/{post.id}", await path_of(world, post, "end")))
    assert "The poll is over. Everybody sees the result." in ended.words
    assert "1 vote · 100 %" in ended.words


async def test_R_52_answers_are_text(world: World, grace: Browser) -> None:
    post = await world.ada.writes("What?", poll=LUNCH)

    page = await grace.get(f"/posts/{post.id}")

    assert "Salad <b>" in page.words
    assert "Salad <b>" not in page.html


async def test_its_author_sees_the_result_and_no_form(world: World, ada: Browser) -> None:
    post = await world.ada.writes("What?", poll=LUNCH)

    page = await ada.get(f"/posts/{post.id}")

    assert [form.action for form in page.forms if "/votes" in form.action] == []
    assert "End the poll now" in page.words


async def test_editing_the_text_keeps_the_votes_and_other_answers_begin_anew(
    world: World, ada: Browser, grace: Browser
) -> None:
    post = await world.ada.writes("What?", poll=LUNCH)
    await grace.submit("/", await path_of(world, post, "votes"), choice="0")

    await ada.submit(f"/posts/{post.id}/edit", f"/posts/{post.id}", text="What, then?")
    assert "1 person has voted" in (await grace.get("/")).words
    await ada.submit(f"/posts/{post.id}/edit", f"/posts/{post.id}", **{"poll-3": "Bread"})
    page = await grace.get("/")
    assert "0 people have voted" in page.words
    assert "Bread" in page.words
    await ada.submit(f"/posts/{post.id}/edit", f"/posts/{post.id}", **{"poll-1": "", "poll-2": "", "poll-3": ""})
    assert "people have voted" not in (await grace.get("/")).words


async def test_a_gatekeeper_sees_what_is_asked_before_it_leaves(world: World, grace: Browser) -> None:
    await world.ada.writes("Which price?", group=world.alpine, poll=LUNCH)

    page = await grace.get("/approvals")

    assert page.words.count("Soup") >= 2
    assert [form.action for form in page.forms if "/votes" in form.action] == []


async def test_a_gatekeeper_sees_which_answers_are_new(world: World, grace: Browser) -> None:
    post = await world.ada.writes("Which price?", group=world.alpine, poll=LUNCH)
    await world.grace.approves(post)
    await world.ada.edits(post, "Which price?", poll=PollDraft(options=("Soup", "Cake"), lasts=timedelta(hours=1)))

    page = await grace.get("/approvals")

    assert "<ins" in page.html
    assert "Cake" in page.html.partition("<ins")[2][:200]


async def test_when_it_is_over_who_voted_reads_so_in_the_inbox(world: World, grace: Browser, clock: Clock) -> None:
    post = await world.ada.writes("What?", poll=LUNCH)
    await grace.submit("/", await path_of(world, post, "votes"), choice="0")
    clock.advance(hours=1)
    async with world.database.writing() as session:
        await polls.strike(session)
    await world.settle()

    page = await grace.get("/notifications")
    assert "is over: see the result" in page.words, page.words


@pytest.mark.parametrize("choice", ["7", "x", ""])
async def test_what_is_no_answer_is_refused(world: World, grace: Browser, choice: str) -> None:
    post = await world.ada.writes("What?", poll=LUNCH)

    answer = await grace.submit("/", await path_of(world, post, "votes"), choice=choice)

    assert answer.status == 422
