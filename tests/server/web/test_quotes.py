"""Quotes in pages: the inset, the honest gap, and taking one's post out."""

import pytest

from models import quotes
from models.interactions import QuotePolicy
from tests.server.web.browser import Browser
from tests.world import World


async def test_a_post_is_quoted_from_the_feed_and_shown_inside(world: World, ada: Browser, grace: Browser) -> None:
    post = await world.ada.writes("The **new** case is here")
    feed = await grace.get("/")
    assert f"/?quote={post.id}#compose" in feed.links

    form = await grace.get(f"/?quote={post.id}")
    assert "The new case is here" in form.words
    sent = await grace.submit(f"/?quote={post.id}", "/posts", text="Look at that")
    page = await grace.follow(sent)

    assert page.html.count('class="quote"') == 1
    assert 'cite="/posts/' in page.html
    assert "Take my post out of this one" not in page.words
    own = await ada.get("/")
    assert "Take my post out of this one" in own.words


async def test_its_author_takes_a_post_out_of_a_quote(world: World, ada: Browser, joan: Browser) -> None:
    post = await world.ada.writes("News")
    quote = await world.grace.writes("Look", quote_of_id=post.id)

    page = await ada.follow(await ada.submit("/", f"/posts/{post.id}/quotes/{quote.id}/revocation"))

    assert "Your post is not shown there any more." in page.words
    assert "Its author took back that this post is quoted." in (await joan.get(f"/posts/{quote.id}")).words


async def test_who_may_not_read_what_is_quoted_reads_that(world: World, joan: Browser, ada: Browser) -> None:
    post = await world.ada.writes("Prices", group=world.alpine)
    refused = await ada.submit(f"/?quote={post.id}", "/posts", text="Look", group="")
    assert refused.status == 422
    assert "This post cannot be quoted there" in refused.words
    assert 'name="quote"' in refused.html
    assert "Look" in refused.html

    await ada.submit(f"/?quote={post.id}", "/posts", text="Look")
    [quote, _post] = await world.ada.home()
    assert quote.group_id == world.alpine.id
    assert (await joan.get(f"/posts/{quote.id}")).status == 404
    assert (await joan.get(f"/?quote={post.id}")).html.count("Prices") == 0


async def test_a_deleted_post_leaves_an_honest_gap(world: World, joan: Browser) -> None:
    post = await world.ada.writes("News")
    quote = await world.grace.writes("Look", quote_of_id=post.id)
    await world.ada.deletes(post)

    page = await joan.get(f"/posts/{quote.id}")

    assert "The post that is quoted here was deleted." in page.words
    assert "News" not in page.words


@pytest.mark.parametrize("wanted", list(QuotePolicy))
async def test_an_author_says_who_may_quote(world: World, ada: Browser, grace: Browser, wanted: QuotePolicy) -> None:
    post = await world.ada.writes("News")

    page = await ada.follow(await ada.submit("/", f"/posts/{post.id}/quoting", quoting=str(wanted)))

    assert "Saved." in page.words
    offered = f"/?quote={post.id}#compose" in (await grace.get("/")).links
    assert offered is (wanted is not QuotePolicy.NOBODY)
    assert f"/?quote={post.id}#compose" in page.links


async def test_what_is_no_such_choice_is_refused(world: World, ada: Browser) -> None:
    post = await world.ada.writes("News")

    answer = await ada.submit("/", f"/posts/{post.id}/quoting", quoting="everybody")

    assert answer.status == 422
    async with world.database.reading() as session:
        assert await quotes.of_post(session, post.id) is None


async def test_visitors_see_a_quote_as_it_left(world: World, visitor: Browser) -> None:
    group = await world.alan.founds("open", reach="public")
    await world.ada.joins(group)
    post = await world.ada.writes("Public news", group=group)
    quote = await world.ada.writes("Look", group=group, quote_of_id=post.id)

    page = await visitor.get(f"/posts/{quote.id}")

    assert "Public news" in page.words
    assert "Take my post out" not in page.words
