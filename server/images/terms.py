"""What a worker is asked to make of a picture, and what it answers. Nothing that decodes one is loaded for that."""

from enum import Enum
from typing import Any

from msgspec import Struct


class Crop(Enum):
    """A shape to cut a picture to, around its middle: width and height, never enlarged."""

    AVATAR = (400, 400)
    HEADER = (1500, 500)


class Limits(Struct, frozen=True, kw_only=True):
    """How much of a picture is too much."""

    max_bytes: int = 16_777_216
    max_pixels: int = 16_000_000
    max_side: int = 8192
    max_frames: int = 400
    max_frame_pixels: int = 100_000_000
    """All frames of an animation together."""


class Processed(Struct, frozen=True, kw_only=True):
    """A picture of ours: `data` in `media_type`, its preview of at most 640 px a side, and its blurhash."""

    data: bytes
    media_type: str
    width: int
    height: int
    blurhash: str
    preview: bytes
    preview_type: str
    preview_width: int
    preview_height: int
    animated: bool


class Refused(Struct, frozen=True):
    """The code of a refusal and its facts, fit to travel between processes."""

    code: str
    facts: dict[str, Any]
