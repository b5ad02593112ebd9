"""What the house tells all its people, as clients read it, put it away, answer it, and hear of it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from models import announcements, emoji, journal
from models.announcements import EndsBeforeItBegins, NothingToSay, TextTooLong, Words
from models.base import now
from models.errors import NotAllowed
from models.tables import Announcement
from server.auth.scopes import Scopes
from server.streaming.connections import Connection
from server.streaming.streams import Stream
from server.streaming.telling import News, tell
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.time import Clock
from tests.world import World

KEYS = {
    "id",
    "content",
    "starts_at",
    "ends_at",
    "all_day",
    "published_at",
    "updated_at",
    "read",
    "mentions",
    "statuses",
    "tags",
    "emojis",
    "reactions",
}


async def announces(world: World, text: str, **more: Any) -> Announcement:
    async with world.database.writing() as session:
        return await announcements.announce(session, Words(text=text, **more), by=world.alan.staff)


async def strikes(world: World) -> int:
    async with world.database.writing() as session:
        return await announcements.strike(session)


async def test_an_announcement_has_every_key_and_says_what_it_names(ada: Phone, world: World) -> None:
    post = await ada.writes("The plan")
    async with world.database.writing() as session:
        await emoji.add_own(session, "tree", file="ab/tree.png", media_type="image/png", by=world.alan.staff)
    await announces(
        world,
        f"**Party** :tree: #Summer with @ada, see {post['url']}",
        starts_at=now() + timedelta(days=3),
        ends_at=now() + timedelta(days=4),
        is_all_day=True,
    )

    [told] = (await ada.get("/api/v1/announcements")).body

    assert told.keys() == KEYS
    assert "<strong>Party</strong>" in told["content"]
    assert (told["all_day"], told["read"], told["reactions"]) == (True, False, [])
    assert all(told[name].endswith("Z") for name in ("starts_at", "ends_at", "published_at", "updated_at"))
    assert [each["acct"] for each in told["mentions"]] == ["ada"]
    assert [each["name"] for each in told["tags"]] == ["summer"]
    assert told["statuses"] == [{"id": post["id"], "url": post["url"]}]
    assert [each["shortcode"] for each in told["emojis"]] == ["tree"]


async def test_who_put_an_announcement_away_sees_it_when_asking_for_those_too(
    ada: Phone, grace: Phone, world: World
) -> None:
    row = await announces(world, "The lift is out of order")

    for _ in range(2):
        assert (await ada.post(f"/api/v1/announcements/{row.id}/dismiss")).body == {}

    assert (await ada.get("/api/v1/announcements")).body == []
    [away] = (await ada.get("/api/v1/announcements?with_dismissed=true")).body
    assert (away["id"], away["read"]) == (str(row.id), True)
    assert (await grace.get("/api/v1/announcements")).ids == [str(row.id)]
    async with world.database.writing() as session:
        await announcements.change(session, row.id, Words(text="The lift works again"), by=world.alan.staff)
    [anew] = (await ada.get("/api/v1/announcements")).body
    assert (anew["content"], anew["read"]) == ("<p>The lift works again</p>", False)


async def test_signs_are_counted_and_say_which_are_ones_own(ada: Phone, grace: Phone, world: World) -> None:
    row = await announces(world, "We have a dog now")
    async with world.database.writing() as session:
        await emoji.add_own(session, "dog_of_house", file="ab/dog.png", media_type="image/png", by=world.alan.staff)
    path = f"/api/v1/announcements/{row.id}/reactions"
    for _ in range(2):
        await ada.put(f"{path}/🎉")
    await grace.put(f"{path}/🎉")
    await grace.put(f"{path}/dog_of_house")

    [told] = (await ada.get("/api/v1/announcements")).body
    party, dog = told["reactions"]

    assert party == {"name": "🎉", "count": 2, "me": True}
    assert (dog["name"], dog["count"], dog["me"]) == ("dog_of_house", 1, False)
    assert dog["url"] == dog["static_url"]
    await ada.delete(f"{path}/🎉")
    await ada.delete(f"{path}/🎉")
    [told] = (await ada.get("/api/v1/announcements")).body
    assert [(each["name"], each["count"], each["me"]) for each in told["reactions"]] == [
        ("🎉", 1, False),
        ("dog_of_house", 1, False),
    ]


async def test_bad_signs_and_unknown_announcements_are_refused(ada: Phone, world: World) -> None:
    row = await announces(world, "News")
    path = f"/api/v1/announcements/{row.id}/reactions"
    for name in ("hello", "nobody_knows_it", "🎉🎉"):
        assert (await ada.put(f"{path}/{name}", status=422)).body["code"] == "no_emoji"
    for sign in "🎉👍👎🚀🌳🍕🎈🐶":
        await ada.put(f"{path}/{sign}")
    assert (await ada.put(f"{path}/🌧", status=422)).body["code"] == "too_many_reactions"
    await ada.put("/api/v1/announcements/1/reactions/🎉", status=404)
    await ada.delete("/api/v1/announcements/1/reactions/🎉", status=404)
    await ada.post("/api/v1/announcements/1/dismiss", status=404)


async def test_an_announcement_is_there_from_its_time_to_its_end(ada: Phone, world: World, clock: Clock) -> None:
    later = now() + timedelta(hours=1)
    row = await announces(world, "At noon", published_at=later, ends_at=later + timedelta(hours=1))
    assert (await ada.get("/api/v1/announcements")).body == []
    await ada.post(f"/api/v1/announcements/{row.id}/dismiss", status=404)
    assert await strikes(world) == 0

    clock.advance(hours=1)
    assert await strikes(world) == 1
    assert await strikes(world) == 0
    assert (await ada.get("/api/v1/announcements")).ids == [str(row.id)]

    clock.advance(hours=1)
    assert await strikes(world) == 1
    assert await strikes(world) == 0
    assert (await ada.get("/api/v1/announcements?with_dismissed=1")).body == []


async def test_only_admins_announce_and_not_just_anything(world: World) -> None:
    async with world.database.writing() as session:
        with pytest.raises(NotAllowed):
            await announcements.announce(session, Words(text="Hello"), by=world.ada.staff)
        with pytest.raises(NotAllowed):
            announcements.all_of_house(world.grace.staff)
    with pytest.raises(NothingToSay):
        await announces(world, "  ")
    with pytest.raises(TextTooLong):
        await announces(world, "x" * 5001)
    with pytest.raises(EndsBeforeItBegins):
        await announces(world, "Over", ends_at=now() - timedelta(hours=1))


async def test_the_emoji_of_the_house_are_shown_in_profiles_and_posts(ada: Phone, world: World) -> None:
    async with world.database.writing() as session:
        await emoji.add_own(session, "tree", file="ab/tree.png", media_type="image/png", by=world.alan.staff)
    status = await ada.writes("Under the :tree:")
    line = {"name": "Seat", "value": "the :tree:"}
    account = (await ada.patch("/api/v1/accounts/update_credentials", json={"fields_attributes": [line]})).body

    for shown in (status, account):
        [told] = shown["emojis"]
        assert told["shortcode"] == "tree"
        assert f"/media/emoji/{world.database.instance.host}/tree?until=" in told["url"]

    poll = {"options": ["the :tree:", "the :sea:"], "expires_in": 3600}
    asked = (await ada.writes("Where?", poll=poll))["poll"]
    assert [told["shortcode"] for told in asked["emojis"]] == ["tree"]
    assert (await ada.get(f"/api/v1/polls/{asked['id']}")).body["emojis"] == asked["emojis"]

    async with world.database.writing() as session:
        [row] = await emoji.all_own(session)
        await emoji.remove_own(session, row.id, by=world.alan.staff)
    after = (await ada.get(f"/api/v1/statuses/{status['id']}")).body
    assert (after["emojis"], after["account"]["emojis"], "Under the :tree:" in after["content"]) == ([], [], True)


async def test_L9_outside_nobody_learns_of_announcements_and_their_emoji(
    anybody: Phone, hand: Hand, world: World
) -> None:
    await announces(world, "Secret")
    await anybody.get("/api/v1/announcements", status=401)
    app = await hand(None)
    assert (await app.ask("GET", "/api/v1/announcements")).status in (401, 403, 422)
    assert (await app.ask("GET", "/api/v1/custom_emojis")).body == []


async def test_open_streams_hear_of_announcements_signs_and_ends(
    app: web.Application, ada: Phone, world: World
) -> None:
    row = await announces(world, "News")
    await ada.put(f"/api/v1/announcements/{row.id}/reactions/🎉")
    joan = Connection(world.joan.staff, 1, Scopes.parse("read"), {Stream("user")})
    entries = [
        journal.Announced(row.id),
        journal.AnnouncementReacted(row.id, "🎉"),
        journal.AnnouncementReacted(row.id, "🌳"),
        journal.AnnouncementOver(row.id),
    ]

    await tell(app, [joan], News.of(entries))

    heard = [(event.name, json.loads(event.payload or b"null")) for event in joan._early]
    assert [name for name, _ in heard] == [
        "announcement",
        "announcement.reaction",
        "announcement.reaction",
        "announcement.delete",
    ]
    told = heard[0][1]
    assert told.keys() == KEYS - {"read"}
    assert told["reactions"] == [{"name": "🎉", "count": 1}]
    assert heard[1][1] == {"name": "🎉", "count": 1, "announcement_id": str(row.id)}
    assert heard[2][1] == {"name": "🌳", "count": 0, "announcement_id": str(row.id)}
    assert heard[3][1] == row.id


async def test_R_81_announcements_take_their_scopes(hand: Hand, world: World) -> None:
    row = await announces(world, "News")
    narrow = await hand(world.ada, "read")
    await narrow.get("/api/v1/announcements")
    await narrow.post(f"/api/v1/announcements/{row.id}/dismiss", status=403)
    await narrow.put(f"/api/v1/announcements/{row.id}/reactions/🎉", status=403)
