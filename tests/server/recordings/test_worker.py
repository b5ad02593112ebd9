"""The worker in which recordings are opened: it is held to limits, and ends alone (R-91)."""

from pathlib import Path

import pytest

from server import recordings
from server.recordings import Container, Limits, RecordingTooExpensive, process, sniff
from tests.films import film, needs_video

LIMITS = Limits(bytes=1_000_000, pixels=100_000, seconds=30, frame_rate=60)


def _write(place: str, size: int) -> int:
    return Path(place).write_bytes(b"\x00" * size)


def _swallow(size: int) -> int:
    return len(bytearray(size))


async def test_R_91_a_recording_is_opened_in_a_worker_that_is_held_to_limits(tmp_path: Path) -> None:
    needs_video()
    data = film()
    raw, out, preview = tmp_path / "raw", tmp_path / "out", tmp_path / "preview"
    raw.write_bytes(data)
    async with recordings.pool(100_000) as pool:
        done = await process(raw, out, preview, pool=pool, limits=LIMITS, head=data[:64], size=len(data))
        assert (done.media_type, done.size) == ("video/mp4", out.stat().st_size)
        with pytest.raises(OSError, match="too large"):
            await pool.run(_write, str(tmp_path / "heap"), 200_001)
        with pytest.raises((MemoryError, recordings.RecordingRefused)):
            await pool.run(_swallow, 4 << 30)


async def test_a_worker_that_was_ended_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_video()

    class Ended:
        async def run(self, *_: object) -> None:
            raise recordings.ImageTooExpensive

    raw = tmp_path / "raw"
    with pytest.raises(RecordingTooExpensive):
        await process(raw, raw, raw, pool=Ended(), limits=LIMITS, head=b"OggS", size=4)  # type: ignore[arg-type]
    with pytest.raises(recordings.RecordingTooHeavy, match="1 MB"):
        await process(raw, raw, raw, pool=Ended(), limits=LIMITS, head=b"OggS", size=1_000_001)  # type: ignore[arg-type]
    with pytest.raises(recordings.RecordingUnreadable):
        await process(raw, raw, raw, pool=Ended(), limits=LIMITS, head=b"hello", size=5)  # type: ignore[arg-type]
    monkeypatch.setattr(recordings, "is_available", lambda: False)
    with pytest.raises(recordings.RecordingsNotHere):
        await process(raw, raw, raw, pool=Ended(), limits=LIMITS, head=b"OggS", size=4)  # type: ignore[arg-type]
    assert sniff(b"OggS") is Container.OGG
