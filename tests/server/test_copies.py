"""Copies of pictures elsewhere: made once, remembered when they fail, removed when nobody looks (CNT-7, R-46)."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from federation.fetch import FetchFailed
from federation.trust import NotAdmitted, TooManyFetches
from server import copies
from server.config import Config
from server.images import ImageTooLarge, ImageUnreadable
from tests.darkroom import HerePool
from tests.films import SECRET, film, needs_video
from tests.town import configured

URL = "https://northwind.example/1.png"


class Elsewhere:
    """Stands for the server with the picture, and for the decoder."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, bool]] = []
        self.fault: Exception | None = None
        self.data = b"picture"

    async def fetch(self, wire: Any, url: str, *, max_bytes: int, anywhere: bool = False) -> tuple[bytes, str]:
        self.asked.append((url, max_bytes, anywhere))
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        return self.data, "image/png"

    async def decode(self, data: bytes, **_: Any) -> Any:
        class Done:
            media_type = "image/png"

        Done.data = data  # type: ignore[attr-defined]
        return Done


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    made = Elsewhere()
    monkeypatch.setattr(copies.remote, "fetch_file", made.fetch)
    monkeypatch.setattr(copies.images, "process", made.decode)
    return made


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return configured(
        tmp_path, name="M", url="https://m.example", database="sqlite:///x", media={"remote_megabytes": 64}
    )


@pytest.fixture
def kept(config: Config, elsewhere: Elsewhere) -> copies.RemoteFiles:
    return copies.RemoteFiles(None, None, config)  # type: ignore[arg-type]


async def test_a_picture_is_fetched_once_however_many_look(kept: copies.RemoteFiles, elsewhere: Elsewhere) -> None:
    found = await asyncio.gather(*(kept.get(URL) for _ in range(5)))
    again = await kept.get(URL, max_bytes=100)

    assert {place and place.read_bytes() for place in (*found, again)} == {b"picture"}
    assert elsewhere.asked == [(URL, 16_777_216, False)]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (FetchFailed(reason="too_large"), "too_large"),
        (FetchFailed(reason="status", http_status=404), "unreachable"),
        (NotAdmitted(), "unreachable"),
        (ImageUnreadable(), "unreadable"),
        (ImageTooLarge(width=1, height=1, side=1, megapixels=1), "too_large"),
    ],
    ids=["too many bytes", "not there", "no partner", "no picture", "too many pixels"],
)
async def test_R_46_a_failure_is_remembered_with_its_reason(
    kept: copies.RemoteFiles, elsewhere: Elsewhere, clock: Any, fault: Exception, reason: str
) -> None:
    elsewhere.fault = fault
    assert [await kept.get(URL) for _ in range(3)] == [None] * 3
    assert kept.failure(URL) == reason
    assert len(elsewhere.asked) == 1

    clock.advance(hours=2)
    elsewhere.fault = None
    assert await kept.get(URL) is not None


async def test_R_90_a_film_is_put_together_anew_and_kept_beside_the_pictures(
    kept: copies.RemoteFiles, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_video()
    monkeypatch.setattr("server.recordings.pool", HerePool)
    elsewhere.data = film()
    url = "https://northwind.example/film"

    place, again = await asyncio.gather(kept.get_recording(url), kept.get_recording(url))

    assert place is not None
    assert (place, place.suffix) == (again, ".mp4")
    assert SECRET.encode() in elsewhere.data
    assert SECRET.encode() not in place.read_bytes()
    assert elsewhere.asked == [(url, 41_943_040, False)]
    assert [each.name for each in place.parent.iterdir()] == [place.name]
    assert await kept.get_recording(url) == place

    for data, reason in ((b"OggS rubbish", "unreadable"), (b"<html>", "unreadable")):
        elsewhere.data = data
        assert await kept.get_recording(f"{url}?{data[:1]!r}") is None
        assert kept.failure(f"{url}?{data[:1]!r}") == reason
    await kept.close()


async def test_being_asked_to_wait_is_no_failure(kept: copies.RemoteFiles, elsewhere: Elsewhere) -> None:
    elsewhere.fault = TooManyFetches()
    assert await kept.get(URL) is None
    assert kept.failure(URL) is None


async def test_copies_nobody_looked_at_for_a_month_go(kept: copies.RemoteFiles) -> None:
    old, used, fresh = [await kept.get(f"{URL}?{name}") for name in ("old", "used", "fresh")]
    assert old and used and fresh
    for place in (old, used):
        os.utime(place, (time.time() - 31 * 86_400,) * 2)
    half = fresh.with_suffix(".png.part")
    half.write_bytes(b"")
    os.utime(half, (time.time() - 7200,) * 2)
    await kept.get(f"{URL}?used")  # somebody looks

    assert await kept.sweep() == 2
    assert [place.exists() for place in (old, used, fresh, half)] == [False, True, True, False]


async def test_beyond_the_room_there_is_those_not_seen_longest_go(kept: copies.RemoteFiles) -> None:
    places = [await kept.get(f"{URL}?{number}") for number in range(3)]
    for age, place in enumerate(places):
        assert place is not None
        with place.open("r+b") as file:
            file.truncate(30 * 1_048_576)  # sparse: takes no room
        os.utime(place, (time.time() - age * 60,) * 2)

    assert await kept.sweep() == 1
    assert [place.exists() for place in places if place] == [True, True, False]


async def test_what_another_process_removes_meanwhile_disturbs_nobody(
    kept: copies.RemoteFiles, elsewhere: Elsewhere
) -> None:
    place = await kept.get(URL)
    assert place is not None
    place.unlink()
    place.symlink_to("nowhere")  # found when the folder is read, and gone when it is looked at

    assert await kept.sweep() == 0
    assert await kept.get(URL) is not None
    assert len(elsewhere.asked) == 2
