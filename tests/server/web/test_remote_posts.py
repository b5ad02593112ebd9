"""How posts from elsewhere look on our pages: their emoji, their files, what could not be fetched (R-56)."""

import re
import threading
import time
from typing import Any

import pytest
from aiohttp import web

from models import actors, link_cards
from models.link_cards import Found
from models.posts import receiving
from models.posts.receiving import RemoteFile
from models.tables import Actor, ActorType, Post, Visibility
from models.text.sanitise import clean_stored
from server import recordings
from server.context import REMOTE_FILES, VISITS
from server.link_cards import WISHES
from tests.films import needs_video
from tests.server.web.browser import Browser
from tests.world import NORTHWIND, World

BLOB = f"http://{NORTHWIND}/blob.png"
CAMERA = f"http://{NORTHWIND}/files/1"


async def olaf(world: World) -> Actor:
    uri = f"http://{NORTHWIND}/u/olaf"
    async with world.database.writing() as session:
        return await actors.keep(
            session,
            actors.RemoteActor(
                uri=uri, type=ActorType.PERSON, host=NORTHWIND, username="olaf", url=uri, inbox=f"{uri}/inbox",
                display_name="Olaf :blob: <b>", emoji={"blob": BLOB},
            ),
        )  # fmt: skip


async def written(world: World, html: str, *files: RemoteFile) -> Post:
    author = await olaf(world)
    async with world.database.writing() as session:
        found = await receiving.receive(
            session,
            receiving.RemotePost(
                uri=f"{author.uri}/{time.monotonic_ns()}", url=None, author=author, visibility=Visibility.PUBLIC,
                html=html, files=files, emoji={"blob": BLOB},
            ),
        )  # fmt: skip
        assert found is not None
        return found


async def test_R_47_a_text_made_to_take_long_is_cleaned_while_others_are_served(
    world: World, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of such posts took twenty seconds in which nobody got an answer."""
    busy: list[threading.Thread] = []

    def noted(html: str, **more: Any) -> str:
        busy.append(threading.current_thread())
        return clean_stored(html, **more)

    monkeypatch.setattr("server.web.presenters.posts.clean_stored", noted)
    post = await written(world, f"<p>{'&amp;' * 65_000}</p>")

    assert "&amp;&amp;" in (await ada.get(f"/posts/{post.id}")).html
    assert busy
    assert threading.main_thread() not in busy


async def test_CNT_6_custom_emoji_are_our_copies_in_texts_and_names(world: World, ada: Browser) -> None:
    post = await written(world, "<p>Good :blob: day :other: <code>:blob:</code></p>")
    page = await ada.get(f"/posts/{post.id}")

    picture = (
        f'<img class="emoji" src="/media/emoji/{NORTHWIND}/blob" alt=":blob:" title=":blob:" width="20" height="20">'
    )
    assert f"Good {picture} day :other: <code>:blob:</code>" in page.html
    assert f"Olaf {picture} &lt;b&gt;" in page.html
    profile = await ada.get(f"/people/olaf@{NORTHWIND}")
    assert f"<h1>Olaf {picture} &lt;b&gt;</h1>" in profile.html
    assert f"http://{NORTHWIND}/blob.png" not in page.html + profile.html


async def test_CNT_7_a_film_elsewhere_is_our_copy_once_somebody_plays_it(
    world: World, ada: Browser, app: web.Application
) -> None:
    needs_video()
    film = RemoteFile(
        url=f"{CAMERA}.mp4", media_type="video/mp4", description="The mill", preview_url=f"{CAMERA}.png", duration=3.5
    )
    sound = RemoteFile(url=f"{CAMERA}.ogg", media_type="audio/ogg")
    post = await written(world, "<p>Look</p>", film, sound)
    page = await ada.get(f"/posts/{post.id}")
    app[REMOTE_FILES]._failures.put(f"{CAMERA}.mp4", "too_large")
    after = await ada.get(f"/posts/{post.id}")

    [video] = re.findall(r"<video[^>]*>.*?</video>", page.html)
    assert 'aria-label="The mill"' in video
    assert 'preload="none"' in video
    assert re.search(r'poster="/media/remote/\d+/preview"', video)
    assert re.search(r'<source src="/media/remote/\d+" type="video/mp4">', video)
    assert 'aria-label="Sound without description"' in page.html
    assert "media-src 'self'" in page.headers["Content-Security-Policy"]
    assert CAMERA not in page.html
    assert "This is too large to show here." in after.words


async def test_CNT_7_what_is_no_picture_is_an_honest_link_to_where_it_is(
    world: World, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "is_available", lambda: False)
    film = RemoteFile(url=f"{CAMERA}.mp4", media_type="video/mp4", description="The mill at work")
    post = await written(world, "<p>Look</p>", film)
    page = await ada.get(f"/posts/{post.id}")

    assert "File on another server The mill at work Open it at its source" in page.words
    assert f'<a href="{CAMERA}.mp4" rel="nofollow noopener noreferrer ugc">' in page.html
    assert f'src="{CAMERA}' not in page.html


async def test_R_46_a_linked_page_has_a_card_once_somebody_looked(
    world: World, ada: Browser, visitor: Browser, app: web.Application
) -> None:
    url = "https://news.example/1"
    post = await written(world, f'<p><a href="{url}">news</a></p>')
    before = await ada.get(f"/posts/{post.id}")
    assert app[WISHES].take() == [url]
    async with world.database.writing() as session:
        await link_cards.want(session, [url])
        card = (await link_cards.of_links(session, [url]))[url]
        found = Found(title="Steel <up>", description="By 2 %", provider="News", image_url=f"{url}.png")
        await link_cards.keep(session, card.id, found)
    after = await ada.get(f"/posts/{post.id}")

    assert 'class="card"' not in before.html
    assert "News Steel <up> By 2 %" in after.words
    assert f'<a class="card" href="{url}" rel="nofollow noopener noreferrer ugc">' in after.html
    assert f'src="/media/card/{card.id}"' in after.html
    assert app[WISHES].take() == []
    await visitor.get(f"/posts/{post.id}")
    assert app[WISHES].take() == []


async def test_a_profile_and_a_thread_elsewhere_say_that_they_are_a_part_and_are_looked_up(
    world: World, ada: Browser, visitor: Browser, app: web.Application
) -> None:
    post = await written(world, "<p>Look</p>")
    person = await ada.get(f"/people/olaf@{NORTHWIND}")
    thread = await ada.get(f"/posts/{post.id}")
    await visitor.get(f"/posts/{post.id}")

    uri = f"http://{NORTHWIND}/u/olaf"
    assert app[VISITS].asked == [uri, post.uri]  # type: ignore[attr-defined]
    for page, source in ((person, uri), (thread, post.uri)):
        assert "Here is the part that we know." in page.words
        assert f'<a href="{source}" rel="nofollow noopener noreferrer ugc">' in page.html
    own = await ada.get("/people/alan")
    assert "Here is the part" not in own.words
    assert len(app[VISITS].asked) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("reason", "words"),
    [("too_large", "too large to show"), ("unreadable", "could not be fetched"), ("unreachable", "could not be")],
)
async def test_CNT_7_a_picture_that_could_not_be_had_is_a_link_as_well(
    world: World, ada: Browser, app: web.Application, reason: str, words: str
) -> None:
    post = await written(world, "<p>Look</p>", RemoteFile(url=f"{CAMERA}.png", media_type="image/png"))
    before = await ada.get(f"/posts/{post.id}")
    app[REMOTE_FILES]._failures.put(f"{CAMERA}.png", reason)
    after = await ada.get(f"/posts/{post.id}")

    assert 'src="/media/remote/' in before.html
    assert 'src="/media/remote/' not in after.html
    assert words in after.words
