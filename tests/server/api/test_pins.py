"""Posts on top of one's profile, threads one wants to hear nothing of, and the rest of what hangs on a status."""

import json

from aiohttp import web
from sqlalchemy import select

from models import journal, threads
from models.database import Database
from models.tables import Media
from server.auth.scopes import Scopes
from server.streaming.connections import Connection
from server.streaming.streams import Stream
from server.streaming.telling import News, tell
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone, upload
from tests.world import World


async def test_posts_of_ones_own_stand_on_top_of_ones_profile(ada: Phone, grace: Phone, world: World) -> None:
    one, two = await ada.writes("One"), await ada.writes("Two")
    assert one["pinned"] is False

    pinned = (await ada.post(f"/api/v1/statuses/{one['id']}/pin")).body

    assert pinned["pinned"] is True
    assert (await ada.post(f"/api/v1/statuses/{one['id']}/pin")).body["pinned"] is True
    path = f"/api/v1/accounts/{world.ada.id}/statuses?pinned=true"
    assert (await grace.get(path)).ids == (await ada.get(path)).ids == [one["id"]]
    assert "pinned" not in (await grace.get(f"/api/v1/statuses/{one['id']}")).body
    listed = {each["id"]: each["pinned"] for each in (await ada.get("/api/v1/timelines/home")).body}
    assert listed == {one["id"]: True, two["id"]: False}

    assert (await ada.post(f"/api/v1/statuses/{one['id']}/unpin")).body["pinned"] is False
    assert (await ada.post(f"/api/v1/statuses/{one['id']}/unpin")).body["pinned"] is False
    assert (await ada.get(path)).body == []


async def test_five_posts_stand_on_top_and_a_deleted_one_makes_room(ada: Phone) -> None:
    ids = [(await ada.writes(f"Number {number}"))["id"] for number in range(6)]
    for post_id in ids[:5]:
        await ada.post(f"/api/v1/statuses/{post_id}/pin")

    refused = await ada.post(f"/api/v1/statuses/{ids[5]}/pin", status=422)

    assert refused.body["code"] == "too_many_pins"
    limit = (await ada.get("/api/v2/instance")).body["configuration"]["accounts"]["max_pinned_statuses"]
    assert limit == 5
    await ada.delete(f"/api/v1/statuses/{ids[0]}")
    await ada.post(f"/api/v1/statuses/{ids[5]}/pin")


async def test_what_is_not_ones_own_or_is_for_some_by_name_stands_on_top_of_nothing(
    ada: Phone, grace: Phone, joan: Phone, world: World
) -> None:
    public = await ada.writes("Mine")
    letter = await ada.writes("Between us @grace", visibility="direct")
    boost = (await ada.post(f"/api/v1/statuses/{(await grace.writes('Hers'))['id']}/reblog")).body

    assert (await grace.post(f"/api/v1/statuses/{public['id']}/pin", status=422)).body["code"] == "not_to_pin"
    assert (await ada.post(f"/api/v1/statuses/{letter['id']}/pin", status=422)).body["code"] == "not_to_pin"
    assert (await ada.post(f"/api/v1/statuses/{boost['id']}/pin", status=422)).body["code"] == "not_to_pin"
    await joan.post(f"/api/v1/statuses/{letter['id']}/pin", status=404)
    await ada.post("/api/v1/statuses/1/pin", status=404)
    assert "pinned" not in letter


async def test_L9_a_pinned_post_of_a_group_is_seen_by_who_may_read_the_group(
    ada: Phone, joan: Phone, anybody: Phone, world: World
) -> None:
    post = await world.ada.writes("Figures", group=world.alpine)
    await ada.post(f"/api/v1/statuses/{post.id}/pin")

    path = f"/api/v1/accounts/{world.ada.id}/statuses?pinned=true"
    assert (await ada.get(path)).ids == [str(post.id)]
    assert (await joan.get(path)).body == []
    assert (await anybody.ask("GET", path)).status == 404  # outside nobody knows of Ada yet


async def test_nothing_more_is_told_of_a_muted_thread(ada: Phone, grace: Phone, world: World) -> None:
    root = await world.ada.writes("Where is the key?")
    answer = await world.grace.replies(root, "On the desk")
    other = await world.ada.writes("Something else")

    muted = (await ada.post(f"/api/v1/statuses/{answer.id}/mute")).body

    assert muted["muted"] is True
    assert (await ada.post(f"/api/v1/statuses/{root.id}/mute")).body["muted"] is True
    assert (await grace.get(f"/api/v1/statuses/{root.id}")).body["muted"] is False
    context = (await ada.get(f"/api/v1/statuses/{root.id}/context")).body
    assert [each["muted"] for each in context["descendants"]] == [True]
    await world.settle()
    before = len(await world.ada.notifications())
    await world.grace.replies(root, "No, in the drawer @ada")
    await world.grace.likes(root)
    await world.grace.boosts(root)
    await world.grace.likes(other)
    await world.settle()
    assert (await world.ada.notifications())[: -before or None] == ["favourite"]

    assert (await ada.post(f"/api/v1/statuses/{root.id}/unmute")).body["muted"] is False
    assert (await ada.post(f"/api/v1/statuses/{root.id}/unmute")).body["muted"] is False
    await world.grace.replies(root, "Found it")
    await world.settle()
    assert (await world.ada.notifications())[0] == "mention"


async def test_a_boost_of_a_muted_thread_says_so_inside_and_outside(ada: Phone, world: World) -> None:
    root = await world.grace.writes("News")
    boost = await world.joan.boosts(root)
    await ada.post(f"/api/v1/statuses/{boost.id}/mute")

    status = (await ada.get(f"/api/v1/statuses/{boost.id}")).body

    assert (status["muted"], status["reblog"]["muted"]) == (True, True)


async def test_R_81_pins_and_mutes_take_their_scopes(hand: Hand, world: World) -> None:
    post = await world.ada.writes("Mine")
    narrow = await hand(world.ada, "write:statuses")
    for act in ("pin", "unpin", "mute", "unmute"):
        await narrow.post(f"/api/v1/statuses/{post.id}/{act}", status=403)


async def test_a_post_can_be_deleted_with_its_files(ada: Phone, database: Database) -> None:
    kept, gone = [(await ada.post("/api/v2/media", data=upload())).body["id"] for _ in range(2)]
    one = await ada.writes("Keeps it", media_ids=[kept])
    other = await ada.writes("Drops it", media_ids=[gone])

    await ada.delete(f"/api/v1/statuses/{one['id']}")
    await ada.delete(f"/api/v1/statuses/{other['id']}?delete_media=true")

    await ada.writes("Again", media_ids=[kept])
    refused = await ada.ask("POST", "/api/v1/statuses", json={"status": "Again", "media_ids": [gone]})
    assert refused.status == 422
    async with database.reading() as session:
        left = await session.scalars(select(Media.id).where(Media.deleted_at.is_(None)))
        assert int(gone) not in left.all()


async def test_an_edit_can_change_who_may_quote(ada: Phone) -> None:
    post = await ada.writes("Mine")

    edited = (
        await ada.put(
            f"/api/v1/statuses/{post['id']}", json={"status": "Mine still", "quote_approval_policy": "nobody"}
        )
    ).body

    assert edited["content"] == "<p>Mine still</p>"
    assert edited["quote_approval"]["automatic"] == []
    bad = {"status": "Mine", "quote_approval_policy": "some"}
    await ada.put(f"/api/v1/statuses/{post['id']}", json=bad, status=422)


async def test_nothing_translates_here_and_clients_are_told_so(ada: Phone, anybody: Phone) -> None:
    post = await ada.writes("Guten Tag", language="de")

    await ada.post(f"/api/v1/statuses/{post['id']}/translate", status=404)
    assert (await anybody.get("/api/v1/instance/translation_languages")).body == {}
    assert (await anybody.get("/api/v2/instance")).body["configuration"]["translation"] == {"enabled": False}


async def test_R_78_that_somebody_muted_a_thread_shows_on_nobody_elses_stream(
    app: web.Application, world: World
) -> None:
    root = await world.grace.writes("News")
    async with world.database.writing() as session:
        await threads.mute(session, root.id, by=world.ada.staff)
    answer = await world.grace.replies(root, "More news")
    streams = {
        person: Connection(person.staff, 1, Scopes.parse("read"), {Stream("public")})
        for person in (world.ada, world.joan, world.alan)
    }

    await tell(app, list(streams.values()), News.of([journal.PostWritten(answer.id)]))

    muted = {
        person.staff.username: json.loads(one._early[0].payload or b"")["muted"] for person, one in streams.items()
    }
    assert muted == {"ada": True, "joan": False, "alan": False}
