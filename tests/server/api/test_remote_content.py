"""What clients are shown of posts and people elsewhere: emoji, cards, files; all of it through us (R-53, R-56)."""

import pytest
from aiohttp import web

from models import actors, link_cards
from models.groups import NotAMember
from models.link_cards import Found
from models.posts import receiving
from models.posts.receiving import RemoteFile
from models.tables import Actor, ActorType, Visibility
from server import recordings
from server.context import REMOTE_FILES, VISITS
from tests.films import needs_video
from tests.server.api.phone import Phone
from tests.world import NORTHWIND, World

URI = f"http://{NORTHWIND}/u/olaf"
BLOB = f"http://{NORTHWIND}/blob.png"
PAGE = "https://news.example/1"


class Noted:
    """Visits that note whom and what was looked at."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def person(self, actor: Actor) -> None:
        self.asked.append(actor.uri)

    async def thread(self, post: object) -> None:
        self.asked.append(str(getattr(post, "uri", "")))


class Copies:
    """Copies of files, none of which was made yet."""

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}

    def failure(self, url: str) -> str | None:
        return self.failures.get(url)


@pytest.fixture
async def app(app: web.Application) -> web.Application:
    """The same as in all tests of the API, with visits and copies."""
    app[VISITS] = Noted()  # type: ignore[assignment]
    app[REMOTE_FILES] = Copies()  # type: ignore[assignment]
    return app


@pytest.fixture
def visits(app: web.Application) -> Noted:
    return app[VISITS]  # type: ignore[return-value]


@pytest.fixture
async def post(world: World) -> str:
    """A post by Olaf of Northwind with an emoji, a film and a link; its id here."""
    async with world.database.writing() as session:
        olaf = await actors.keep(
            session,
            actors.RemoteActor(
                uri=URI, type=ActorType.PERSON, host=NORTHWIND, username="olaf", url=URI, inbox=f"{URI}/inbox",
                display_name="Olaf :blob:", emoji={"blob": BLOB, "unused": BLOB},
            ),
        )  # fmt: skip
        found = await receiving.receive(
            session,
            receiving.RemotePost(
                uri=f"{URI}/1", url=None, author=olaf, visibility=Visibility.PUBLIC,
                html=f'<p>:blob: <a href="{PAGE}">news</a></p>', emoji={"blob": BLOB, "unused": BLOB},
                files=[RemoteFile(url=f"{URI}/film.mp4", media_type="video/mp4", description="The mill")],
            ),
        )  # fmt: skip
        assert found is not None
        return str(found.id)


async def test_R_42_a_group_elsewhere_that_nobody_asked_to_join_can_be_named_and_followed(
    ada: Phone, world: World
) -> None:
    """It is known by something that it did, and we have no mirror of it."""
    uri = f"http://{NORTHWIND}/g/steel"
    async with world.database.writing() as session:
        group = await actors.keep(
            session,
            actors.RemoteActor(
                uri=uri, type=ActorType.GROUP, host=NORTHWIND, username="steel", url=uri, inbox=f"{uri}/inbox",
                is_locked=True,
            ),
        )  # fmt: skip
    named = await ada.post("/api/v1/statuses", json={"status": f"Ask @steel@{NORTHWIND}"}, status=403)
    assert named.body["error"] == NotAMember.message()
    path = f"/api/v1/accounts/{group.id}"
    assert (await ada.post(f"{path}/unfollow")).body["requested"] is False
    assert (await ada.post(f"{path}/follow")).body["requested"] is True
    assert (await ada.post(f"{path}/unfollow")).body["requested"] is False


async def test_CNT_6_custom_emoji_come_with_our_copies_and_only_those_that_are_used(ada: Phone, post: str) -> None:
    status = (await ada.get(f"/api/v1/statuses/{post}")).body

    for shown in (status, status["account"]):
        [emoji] = shown["emojis"]
        assert emoji["shortcode"] == "blob"
        assert f"/media/emoji/{NORTHWIND}/blob?until=" in emoji["url"] == emoji["static_url"]
    assert BLOB not in str(status)


async def test_R_56_a_film_elsewhere_is_our_copy(ada: Phone, post: str) -> None:
    needs_video()
    [file] = (await ada.get(f"/api/v1/statuses/{post}")).body["media_attachments"]

    assert (file["type"], file["remote_url"], file["preview_url"]) == ("video", None, None)
    assert "/media/remote/" in file["url"]
    assert URI not in str(file)


async def test_R_56_what_we_cannot_show_is_named_with_where_it_is(
    ada: Phone, post: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "is_available", lambda: False)
    [file] = (await ada.get(f"/api/v1/statuses/{post}")).body["media_attachments"]

    assert (file["type"], file["url"], file["remote_url"]) == ("unknown", f"{URI}/film.mp4", f"{URI}/film.mp4")
    assert (file["preview_url"], file["description"]) == (None, "The mill")


@pytest.mark.parametrize("reason", ["too_large", "unreadable", "unreachable"])
async def test_CNT_7_a_film_that_cannot_be_copied_is_named_with_where_it_is(
    ada: Phone, post: str, app: web.Application, reason: str
) -> None:
    needs_video()
    path, failures = f"/api/v1/statuses/{post}", app[REMOTE_FILES].failures  # type: ignore[attr-defined]
    [before] = (await ada.get(path)).body["media_attachments"]
    failures[f"{URI}/film.mp4"] = reason
    [after] = (await ada.get(path)).body["media_attachments"]
    failures.clear()
    [again] = (await ada.get(f"{path}?again")).body["media_attachments"]

    assert before["type"] == again["type"] == "video"
    if reason == "unreachable":  # for an hour only, and perhaps not for everybody
        assert after == before
    else:
        assert (after["type"], after["remote_url"], after["url"]) == ("unknown", *[f"{URI}/film.mp4"] * 2)


async def test_L11_a_card_comes_once_the_page_was_asked(ada: Phone, world: World, post: str) -> None:
    assert (await ada.get(f"/api/v1/statuses/{post}")).body["card"] is None
    assert (await ada.get(f"/api/v1/statuses/{post}/card")).body == {}
    async with world.database.writing() as session:
        await link_cards.want(session, [PAGE])
        card_id = (await link_cards.of_links(session, [PAGE]))[PAGE].id
        found = Found(title="Steel", provider="News", image_url=f"{PAGE}.png", image_width=12, image_height=9)
        await link_cards.keep(session, card_id, found)

    card = (await ada.get(f"/api/v1/statuses/{post}")).body["card"]
    assert (card["url"], card["title"], card["provider_name"], card["type"]) == (PAGE, "Steel", "News", "link")
    assert (card["width"], card["height"], card["provider_url"]) == (12, 9, "https://news.example")
    assert f"/media/card/{card_id}?until=" in card["image"]
    assert (await ada.get(f"/api/v1/statuses/{post}/card")).body["title"] == "Steel"
    await ada.post(f"/api/v1/statuses/{post}/reblog")
    [line] = [each for each in (await ada.get("/api/v1/timelines/home")).body if each["reblog"]]
    assert (line["card"], line["reblog"]["card"]["title"]) == (None, "Steel")


async def test_looking_at_a_person_or_a_thread_elsewhere_asks_there_for_more(
    ada: Phone, anybody: Phone, world: World, visits: Noted, post: str
) -> None:
    account = (await ada.get(f"/api/v1/statuses/{post}")).body["account"]["id"]
    await ada.get(f"/api/v1/accounts/{account}/statuses")
    await ada.get(f"/api/v1/accounts/{account}/statuses", params={"max_id": post})
    await ada.get(f"/api/v1/accounts/{world.alan.id}/statuses")
    await ada.get(f"/api/v1/statuses/{post}/context")
    await anybody.get(f"/api/v1/statuses/{post}/context", status=404)

    assert visits.asked == [URI, f"{URI}/1"]
