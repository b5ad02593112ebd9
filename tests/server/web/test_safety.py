"""Blocking, reporting and dealing with reports in pages."""

import pytest
from sqlalchemy import select

from models import notifications
from models.posts import receiving
from models.posts.receiving import RemotePost
from models.reactions import receive_emoji
from models.tables import Actor, Featured, Post, Report, Visibility
from tests.server.web.browser import Browser
from tests.world import NORTHWIND, World


async def from_nora(world: World, number: int = 1) -> Post:
    async with world.database.writing() as session:
        post = await receiving.receive(
            session,
            RemotePost(
                uri=f"http://{NORTHWIND}/o/{number}",
                url=None,
                author=await session.get_one(Actor, world.nora.id),
                visibility=Visibility.PUBLIC,
                html=f"<p>Hello {number}</p>",
            ),
        )
    assert post is not None
    return post


async def reported(world: World) -> Report | None:
    async with world.database.reading() as session:
        return await session.scalar(select(Report))


async def test_somebody_is_blocked_and_unblocked_on_their_page(world: World, ada: Browser) -> None:
    await world.grace.writes("Good morning")
    page = await ada.get("/people/grace")
    assert "Good morning" in page.words

    page = await ada.follow(await ada.submit("/people/grace", "/people/grace/block", set="yes"))

    assert "You block Grace" in page.words
    assert "Good morning" not in page.words
    page = await ada.follow(await ada.submit("/people/grace", "/people/grace/block", set="no"))
    assert "Good morning" in page.words


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1", "x"])
async def test_what_is_no_number_names_no_post(world: World, ada: Browser, number: str) -> None:
    form = "/people/grace/report"
    assert (await ada.get(f"{form}?post={number}")).status == 200
    assert (await ada.submit(form, form, text=" ", post=number)).status == 422

    post = await world.ada.writes("First")
    edited = await ada.submit(f"/posts/{post.id}/edit", f"/posts/{post.id}", text="Second", revision=number)
    assert edited.status == 303


async def test_a_post_is_reported_and_dealt_with(world: World, ada: Browser, alan: Browser) -> None:
    post = await world.grace.writes("Rude words")
    page = await ada.get(f"/posts/{post.id}")
    assert f"/people/grace/report?post={post.id}" in page.links

    form = f"/people/grace/report?post={post.id}"
    refused = await ada.submit(form, "/people/grace/report", text=" ")
    assert refused.status == 422
    assert "Rude words" in (await ada.get(form)).words
    page = await ada.follow(await ada.submit(form, "/people/grace/report", text="This is rude", reason="violation"))
    assert "Those in charge look at it" in page.words

    await notifications.CONSUMER.catch_up(world.database)
    assert "Somebody reported Grace" in (await alan.get("/notifications")).words
    found = await reported(world)
    assert found is not None
    assert found.post_ids == [post.id]
    listed = await alan.get("/reports")
    assert "Against our rules" in listed.words
    page = await alan.get(f"/reports/{found.id}")
    assert "This is rude" in page.words
    assert "Rude words" in page.words
    page = await alan.follow(await alan.submit(f"/reports/{found.id}", f"/reports/{found.id}", set="yes"))
    assert "Nothing waits for you here" in page.words
    assert "Grace" in (await alan.get("/reports?done")).words
    assert "dealt with it" in (await alan.get(f"/reports/{found.id}")).words
    page = await alan.follow(await alan.submit(f"/reports/{found.id}", f"/reports/{found.id}", set="no"))
    assert "This is rude" in page.words


async def test_reports_are_for_those_in_charge_alone(world: World, ada: Browser, grace: Browser) -> None:
    post = await world.grace.writes("Rude words")
    await ada.submit(f"/people/grace/report?post={post.id}", "/people/grace/report", text="This is rude")
    found = await reported(world)
    assert found is not None
    for who in (ada, grace):
        for path in ("/reports", f"/reports/{found.id}"):
            assert (await who.get(path)).status in (403, 404)


async def test_forwarding_is_offered_for_people_elsewhere_only(world: World, ada: Browser) -> None:
    handle = f"nora@{NORTHWIND}"
    page = await ada.get(f"/people/{handle}/report")
    assert "Send it to Northwind" in page.words
    assert "Send it to" not in (await ada.get("/people/grace/report")).words
    await ada.submit(f"/people/{handle}/report", f"/people/{handle}/report", text="Rude", forward="yes")
    found = await reported(world)
    assert found is not None
    assert found.is_forwarded


async def test_emoji_are_shown_under_a_post_and_pinned_posts_on_top(world: World, ada: Browser) -> None:
    post = await from_nora(world)
    async with world.database.writing() as session:
        nora = await session.get_one(Actor, world.nora.id)
        stored = await session.get_one(Post, post.id)
        await receive_emoji(session, by=nora, post=stored, emoji="🎉", picture_url=None, uri="u")
        session.add(Featured(actor_id=nora.id, post_id=post.id))
    page = await ada.get(f"/posts/{post.id}")
    assert "🎉 1" in page.words
    assert "On top" in (await ada.get(f"/people/nora@{NORTHWIND}")).words
