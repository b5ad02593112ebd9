"""Videos and sounds that people upload and partners send: taken apart, judged and put together anew, in a worker.

It needs PyAV, the optional extra `video`; without it there are pictures only, and the instance says so.
"""

import functools
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from server.images import ImageTooExpensive, Pool
from server.images.terms import Refused
from server.recordings.formats import EXTENSIONS, Container, Converted, Limits, media_types, sniff
from server.recordings.refusals import (
    REFUSALS,
    RecordingRefused,
    RecordingsNotHere,
    RecordingTooExpensive,
    RecordingTooFast,
    RecordingTooHeavy,
    RecordingTooLarge,
    RecordingTooLong,
    RecordingUnreadable,
    StandsStill,
)

__all__ = [
    "EXTENSIONS",
    "HEAD",
    "REFUSALS",
    "Container",
    "Converted",
    "Limits",
    "RecordingRefused",
    "RecordingTooExpensive",
    "RecordingTooFast",
    "RecordingTooHeavy",
    "RecordingTooLarge",
    "RecordingTooLong",
    "RecordingUnreadable",
    "RecordingsNotHere",
    "StandsStill",
    "check_weight",
    "is_available",
    "limits",
    "media_types",
    "pool",
    "process",
    "sniff",
]

HEAD = 64
"""How many bytes say what a file is."""
if TYPE_CHECKING:
    from server.config import Config

_MEMORY_BYTES = 2 << 30
_PROCESSOR_SECONDS = 120
WALL_SECONDS = 240.0
_GROWS = 2
_MEGABYTE = 1_048_576


@functools.cache
def is_available() -> bool:
    """Whether this server can read videos and sounds."""
    return importlib.util.find_spec("av") is not None


def limits(config: "Config") -> Limits:
    media = config.media
    return Limits(
        bytes=media.max_video_bytes,
        pixels=media.max_video_pixels,
        seconds=media.max_video_seconds,
        frame_rate=media.max_frame_rate,
    )


def check_weight(size: int, *, most: int) -> None:
    """Raises RecordingTooHeavy for a file of more than `most` bytes."""
    if size > most:
        raise RecordingTooHeavy(megabytes=-(-size // _MEGABYTE), most=most // _MEGABYTE)


async def process(
    raw: Path, out: Path, preview: Path, *, pool: Pool, limits: Limits, head: bytes, size: int
) -> Converted:
    """Write a clean copy of the file `raw`, which begins with `head`, to `out`, and its picture to `preview`.

    Raises:
        RecordingTooHeavy: more bytes than `limits` allow; nothing was read.
        RecordingTooLarge, RecordingTooLong, RecordingTooFast, RecordingTooExpensive.
        RecordingUnreadable: damaged, or nothing of a kind we take. StandsStill: a GIF that is a picture.
    """
    check_weight(size, most=limits.bytes)
    container = sniff(head)
    if container is None:
        raise RecordingUnreadable
    if not is_available():
        raise RecordingsNotHere
    from server.recordings.encoding import convert

    try:
        result = await pool.run(convert, str(raw), str(out), str(preview), container, limits)
    except ImageTooExpensive:
        raise RecordingTooExpensive from None
    if isinstance(result, Refused):
        raise REFUSALS[result.code](**result.facts)
    return result


def pool(max_bytes: int) -> Pool:
    """One worker at a time: what it does may take minutes, and pictures have workers of their own."""
    return Pool(
        workers=1,
        memory_bytes=_MEMORY_BYTES,
        processor_seconds=_PROCESSOR_SECONDS,
        wall_seconds=WALL_SECONDS,
        file_bytes=max_bytes * _GROWS,
        prepares="server.recordings.encoding",
    )
