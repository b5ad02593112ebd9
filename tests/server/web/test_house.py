"""What admins say in the name of the house, and everybody reads."""

import io

import pytest
from PIL import Image

from models import actors, announcements
from tests.server.web.browser import Browser
from tests.server.web.test_posts import picture
from tests.world import World


async def test_an_announcement_is_on_everybodys_start_page_until_they_put_it_away(
    world: World, alan: Browser, ada: Browser, joan: Browser
) -> None:
    await alan.submit("/house", "/house/announcements", text="The **lift** is out of order")

    page = await ada.get("/")
    assert "<strong>lift</strong>" in page.html
    async with world.database.reading() as session:
        [(row, _)] = await announcements.listed(session, world.ada.staff)
    await ada.submit("/", f"/announcements/{row.id}/dismissal")
    assert "The lift" not in (await ada.get("/")).words
    assert "lift" in (await joan.get("/")).words
    at = f"/house/announcements/{row.id}"
    assert (await alan.get(at)).form(at).get("text") == "The **lift** is out of order"
    assert (await alan.submit(at, at, text=" ")).status == 422
    changed = await alan.follow(await alan.submit(at, at, text="The lift is in order", ends_at="2199-01-01T08:00"))
    assert "The lift is in order" in changed.words
    assert 'value="2199-01-01T08:00"' in (await alan.get(at)).html
    assert "The lift is in order" in (await ada.get("/")).words  # also for who put it away
    assert (await ada.get(at)).status == 403
    assert (await alan.get("/house/announcements/1")).status == 404
    assert "lift" in (await alan.get("/house")).words
    await alan.submit("/house", f"/house/announcements/{row.id}/end")
    assert "lift" not in (await joan.get("/")).words


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"text": " "}, "Write what everybody should know."),
        ({"text": "x", "starts_at": "soon"}, "This is no date with a time."),
        ({"text": "x", "ends_at": "2001-01-01T10:00"}, "It ends before it begins"),
    ],
    ids=["empty", "no time", "over"],
)
async def test_a_refused_announcement_keeps_what_was_typed(
    world: World, alan: Browser, typed: dict[str, str], sentence: str
) -> None:
    page = await alan.submit("/house", "/house/announcements", **typed)

    assert page.status == 422
    assert sentence in page.words
    assert page.form("/house/announcements").get("text") == typed["text"]


async def test_what_the_company_says_about_itself_is_read_outside(
    world: World, alan: Browser, visitor: Browser
) -> None:
    assert (await visitor.get("/about/privacy")).status == 404
    await alan.submit(
        "/house", "/house/texts", about="We build **engines**.", privacy="We keep little.", contact="door@a.example"
    )

    door = await visitor.get("/about")

    assert "<strong>engines</strong>" in door.html
    assert "mailto:door@a.example" in door.html
    assert "We keep little." in (await visitor.get("/about/privacy")).words
    refused = await alan.submit("/house", "/house/texts", contact="call me", about="Kept")
    assert refused.status == 422
    assert refused.form("/house/texts").get("about") == "Kept"


async def test_an_emoji_of_the_house_has_a_picture_that_everybody_may_fetch(
    world: World, alan: Browser, visitor: Browser
) -> None:
    await alan.submit("/house", "/house/emoji", ("picture", picture()), shortcode="engine", category="Works")

    page = await alan.get("/house")
    assert ":engine:" in page.words
    [path] = {part.split('"')[0] for part in page.html.split('src="') if part.startswith("/media/own-emoji/")}
    async with visitor.client.get(path) as answer:
        assert (answer.status, answer.content_type) == (200, "image/png")
    async with world.database.writing() as session:
        await actors.change_profile(session, by=world.ada.staff, display_name="Ada :engine:")
    post = await world.ada.writes("Look :engine: and `:engine:`")
    shown = await alan.get(f"/posts/{post.id}")
    sources = {part.split('"')[0] for part in shown.html.split('<img class="emoji" src="')[1:]}
    assert (len(sources), shown.html.count('<img class="emoji"') >= 2, ":engine:" in shown.words) == (1, True, True)
    async with alan.client.get(sources.pop(), cookies=alan.cookies) as answer:
        assert (answer.status, answer.content_type) == (200, "image/png")
    again = await alan.submit("/house", "/house/emoji", ("picture", picture()), shortcode="engine")
    assert again.status == 422
    assert "The house has an emoji of that name already." in again.words


async def test_an_emoji_is_a_small_picture(world: World, alan: Browser) -> None:
    out = io.BytesIO()
    Image.effect_noise((400, 400), 90).save(out, "PNG")
    for data in (out.getvalue(), b"no picture"):
        page = await alan.submit("/house", "/house/emoji", ("picture", data), shortcode="large")
        assert page.status == 422


async def test_only_admins_keep_the_house(world: World, ada: Browser, grace: Browser) -> None:
    for browser in (ada, grace):
        assert (await browser.get("/house")).status == 403
        token = (await browser.get("/settings")).token
        for path in ("texts", "announcements", "emoji", "announcements/1/end", "emoji/1/end"):
            assert (await browser.send(f"/house/{path}", {"csrf_token": token, "text": "x"})).status == 403
