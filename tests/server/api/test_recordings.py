"""Videos and sounds through the client API: taken in, worked off, shown, thrown away."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select, update

from models import media as files
from models.base import now
from models.tables import Media, MediaState
from server import recordings, uploads
from server.api import media as handlers
from server.images import ImageTooExpensive
from server.uploads import PROCESSING
from tests.darkroom import HerePool
from tests.films import SECRET, animation, film, needs_video
from tests.server.api.phone import Phone, picture, upload
from tests.world import World


@pytest.fixture(autouse=True)
def _video() -> None:
    needs_video()


def path_of(url: str) -> str:
    return "/" + url.partition("//")[2].partition("/")[2]


@pytest.fixture
async def slow(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Nothing is worked off before the test opens the pool."""
    monkeypatch.setattr(handlers, "AT_ONCE", 0.01)
    monkeypatch.setattr(HerePool, "opened", False)
    yield
    HerePool.opened = True


async def test_a_video_is_shown_with_all_that_clients_lay_out_by(ada: Phone, anybody: Phone) -> None:
    made = (await ada.post("/api/v1/media", data=upload(film(), description="The mill", focus="0.1,0.2"))).body

    assert (made["type"], made["description"], made["remote_url"]) == ("video", "The mill", None)
    assert made["blurhash"]
    assert made["preview_url"]
    meta = made["meta"]
    assert meta["focus"] == {"x": 0.1, "y": 0.2}
    original = meta["original"]
    assert (original["width"], original["height"], original["frame_rate"]) == (64, 48, "24/1")
    assert 0.3 < original["duration"] < 0.4
    assert original["bitrate"] > 1000
    assert (meta["length"], meta["fps"], meta["size"]) == ("0:00:00.35", 24, "64x48")
    assert (meta["small"]["width"], meta["small"]["aspect"]) == (64, 1.33333)
    played = await anybody.ask("GET", path_of(made["url"]))
    assert (played.status, played.headers["Content-Type"]) == (200, "video/mp4")
    assert SECRET not in played.body
    poster = await anybody.ask("GET", path_of(made["preview_url"]))
    assert poster.headers["Content-Type"] == "image/webp"
    status = await ada.writes("Look", media_ids=[made["id"]])
    assert status["media_attachments"][0] | {"meta": None} == made | {"meta": None}


async def test_sounds_and_pictures_that_move(ada: Phone) -> None:
    sound = (await ada.post("/api/v1/media", data=upload(film("mp3", None, "libmp3lame")))).body
    moving = (await ada.post("/api/v1/media", data=upload(animation()))).body
    still = (await ada.post("/api/v1/media", data=upload(animation(1)))).body

    assert (sound["type"], sound["preview_url"], sound["blurhash"]) == ("audio", None, None)
    assert set(sound["meta"]) == {"length", "duration", "original"}
    assert set(sound["meta"]["original"]) == {"duration", "bitrate"}
    assert (moving["type"], moving["url"].partition("?")[0][-4:]) == ("gifv", ".mp4")
    assert still["type"] == "image"


async def test_R_92_parts_of_a_file_are_served_and_nothing_opens_it_in_place(ada: Phone, anybody: Phone) -> None:
    made = (await ada.post("/api/v1/media", data=upload(film()))).body
    path = path_of(made["url"])

    whole = await anybody.ask("GET", path)
    part = await anybody.ask("GET", path, headers={"Range": "bytes=4-11"})
    beyond = await anybody.ask("GET", path, headers={"Range": "bytes=9999999-"})

    assert (part.status, part.headers["Content-Length"]) == (206, "8")
    assert part.headers["Content-Range"] == f"bytes 4-11/{whole.headers['Content-Length']}"
    assert part.body == "ftypisom"
    assert beyond.status == 416
    for answer in (whole, part):
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Accept-Ranges"] == "bytes"


async def test_who_asks_early_waits_for_what_is_worked_off(
    ada: Phone, grace: Phone, app: web.Application, slow: None
) -> None:
    made = await ada.post("/api/v2/media", data=upload(film()), status=202)
    media_id = made.body["id"]

    assert (made.body["type"], made.body["url"], made.body["preview_url"]) == ("video", None, None)
    early = await ada.get(f"/api/v1/media/{media_id}", status=206)
    assert early.body["url"] is None
    await ada.put(f"/api/v1/media/{media_id}", json={"description": "Said meanwhile"})
    await grace.get(f"/api/v1/media/{media_id}", status=404)
    refused = await ada.post("/api/v1/statuses", json={"status": "Now", "media_ids": [media_id]}, status=422)
    assert refused.body["code"] == "media_not_ready"
    HerePool.opened = True
    await app[PROCESSING].finished(int(media_id))
    ready = (await ada.get(f"/api/v1/media/{media_id}")).body
    assert (bool(ready["url"]), ready["description"]) == (True, "Said meanwhile")
    status = await ada.writes("Now", media_ids=[media_id])
    assert status["media_attachments"][0]["url"] == ready["url"]


async def test_a_short_video_is_ready_at_once(ada: Phone) -> None:
    assert (await ada.post("/api/v2/media", data=upload(film()))).body["url"]


@pytest.mark.parametrize("fault", ["rubbish", "bomb", "accident"])
async def test_R_90_what_failed_says_why_and_is_in_no_post(
    ada: Phone, world: World, app: web.Application, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    data = b"\x1a\x45\xdf\xa3 rubbish" if fault == "rubbish" else film()
    if fault != "rubbish":
        monkeypatch.setattr(HerePool, "fault", ImageTooExpensive() if fault == "bomb" else RuntimeError("oops"))

    answer = await ada.post("/api/v2/media", data=upload(data), status=422)

    code = "recording_too_expensive" if fault == "bomb" else "recording_unreadable"
    assert answer.body["code"] == code
    async with world.database.reading() as session:
        media = (await session.scalars(select(Media))).one()
    assert (media.state, media.raw_file, media.file) == (MediaState.FAILED, None, None)
    assert (await ada.get(f"/api/v1/media/{media.id}", status=422)).body["code"] == code
    refused = await ada.post("/api/v1/statuses", json={"status": "x", "media_ids": [str(media.id)]}, status=422)
    assert refused.body["code"] == "media_unusable"
    folder = app[uploads.CONFIG].media_directory
    assert [place for place in folder.rglob("*") if place.is_file()] == []


async def test_a_restart_goes_on_with_what_waits_and_gives_up_on_what_ended_it(
    ada: Phone, app: web.Application, world: World, slow: None
) -> None:
    first = (await ada.post("/api/v2/media", data=upload(film()), status=202)).body["id"]
    other = (await ada.post("/api/v2/media", data=upload(film()), status=202)).body["id"]
    await app[PROCESSING].close()
    async with world.database.writing() as session:
        await session.execute(update(Media).where(Media.id == int(other)).values(attempts=3))
    HerePool.opened = True

    again = uploads.Processing(app)
    await again.resume()
    for media_id in (first, other):
        await again.finished(int(media_id))

    assert (await ada.get(f"/api/v1/media/{first}")).body["url"]
    given_up = await ada.get(f"/api/v1/media/{other}", status=422)
    assert given_up.body["code"] == "recording_too_expensive"
    await again.resume()
    assert await again.finished(int(other), within=0)


async def test_R_48_only_so_many_wait_for_one_person(ada: Phone, grace: Phone, slow: None) -> None:
    for _ in range(8):
        await ada.post("/api/v2/media", data=upload(film()), status=202)

    refused = await ada.post("/api/v2/media", data=upload(film()), status=429)

    assert refused.body["code"] == "too_many_waiting"
    await grace.post("/api/v2/media", data=upload(film()), status=202)


async def test_a_picture_of_ones_own_stands_for_a_file(ada: Phone, anybody: Phone, app: web.Application) -> None:
    form = upload(film("mp3", None, "libmp3lame"))
    form.add_field("thumbnail", picture((80, 40)), filename="cover.png", content_type="image/png")
    sound = (await ada.post("/api/v1/media", data=form)).body
    new = upload(picture((40, 80)), field="thumbnail")

    changed = (await ada.put(f"/api/v1/media/{sound['id']}", data=new)).body

    assert (sound["meta"]["small"]["size"], changed["meta"]["small"]["size"]) == ("80x40", "40x80")
    assert (sound["type"], bool(sound["blurhash"])) == ("audio", True)
    assert (await anybody.ask("GET", path_of(changed["preview_url"]))).status == 200
    assert (await anybody.ask("GET", path_of(sound["preview_url"]))).status == 404
    broken = upload(b"no picture", field="thumbnail")
    assert (await ada.put(f"/api/v1/media/{sound['id']}", data=broken, status=422)).body["code"] == "image_unreadable"


async def test_files_that_are_in_no_post_are_thrown_away(
    ada: Phone, grace: Phone, anybody: Phone, app: web.Application
) -> None:
    made = (await ada.post("/api/v1/media", data=upload(film()))).body
    posted = (await ada.post("/api/v1/media", data=upload())).body
    await ada.writes("Kept", media_ids=[posted["id"]])

    await grace.delete(f"/api/v1/media/{made['id']}", status=404)
    assert (await ada.delete(f"/api/v1/media/{made['id']}")).body == {}
    refused = await ada.delete(f"/api/v1/media/{posted['id']}", status=422)

    assert refused.body["code"] == "media_in_use"
    await ada.get(f"/api/v1/media/{made['id']}", status=404)
    assert (await anybody.ask("GET", path_of(made["url"]))).status == 404
    folder = app[uploads.CONFIG].media_directory
    assert not list(folder.rglob("*.mp4"))


async def test_what_waited_for_nobody_is_swept_away(ada: Phone, world: World, slow: None) -> None:
    media_id = (await ada.post("/api/v2/media", data=upload(film()), status=202)).body["id"]
    async with world.database.writing() as session:
        long_ago = now() - files._UNUSED_FOR * 2
        await session.execute(update(Media).where(Media.id == int(media_id)).values(created_at=long_ago))
    async with world.database.writing() as session:
        [name] = await files.sweep(session)

    assert name.startswith("incoming/")


async def test_R_90_nothing_that_waits_is_served(ada: Phone, anybody: Phone, world: World, slow: None) -> None:
    await ada.post("/api/v2/media", data=upload(film()), status=202)
    async with world.database.reading() as session:
        [name] = await session.scalars(select(Media.raw_file))

    assert (await ada.ask("GET", f"/media/{name}")).status == 404


async def test_the_instance_says_what_it_takes(anybody: Phone, ada: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    with_video = (await anybody.get("/api/v2/instance")).body["configuration"]["media_attachments"]
    monkeypatch.setattr(recordings, "is_available", lambda: False)
    without = (await anybody.get("/api/v2/instance?again")).body["configuration"]["media_attachments"]

    assert {"video/mp4", "audio/mpeg", "image/gif"} <= set(with_video["supported_mime_types"])
    assert (with_video["video_size_limit"], with_video["video_frame_rate_limit"]) == (41_943_040, 120)
    assert {kind.partition("/")[0] for kind in without["supported_mime_types"]} == {"image"}
    assert (without["video_size_limit"], without["video_matrix_limit"]) == (0, 0)
    refused = await ada.post("/api/v2/media", data=upload(film()), status=422)
    assert refused.body["code"] == "recordings_not_here"
    moving: Any = (await ada.post("/api/v2/media", data=upload(animation()))).body
    assert moving["type"] == "image"


class TestWithLittleRoom:
    @pytest.fixture
    def settings(self) -> str:
        return "[limits]\napi_requests = 0\n[media]\nmax_video_bytes = 65536\nmax_video_seconds = 1\n"

    async def test_R_91_what_is_too_heavy_or_too_long_is_refused(self, ada: Phone) -> None:
        heavy = await ada.post("/api/v2/media", data=upload(film() + b"\x00" * 70_000), status=422)
        long = await ada.post("/api/v2/media", data=upload(film(frames=60)), status=422)

        assert (heavy.body["code"], long.body["code"]) == ("recording_too_heavy", "recording_too_long")
