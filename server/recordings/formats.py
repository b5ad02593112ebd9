"""What a file is by its first bytes, and what becomes of what is in it. Pure."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

_PICTURES = (b"avif", b"avis", b"mif1", b"msf1", b"heic", b"heix", b"hevc", b"hevx")
_ATOMS = (b"moov", b"mdat", b"wide")


class Container(StrEnum):
    """The ways in which we take files apart, by the name of their demuxer. No other is ever tried."""

    MOV = "mov"
    MATROSKA = "matroska"
    MP3 = "mp3"
    AAC = "aac"
    OGG = "ogg"
    FLAC = "flac"
    WAV = "wav"
    GIF = "gif"

    @property
    def kind(self) -> str:
        """What is most likely in it, in the words of `MediaKind`; the worker knows no tables."""
        if self is Container.GIF:
            return "gifv"
        return "video" if self in (Container.MOV, Container.MATROSKA) else "audio"


def sniff(head: bytes) -> Container | None:
    """What a file is that begins like this; None for what is no video or sound, as pictures that stand still."""
    if head[4:8] == b"ftyp":
        return None if head[8:12] in _PICTURES else Container.MOV
    if head[4:8] in _ATOMS:
        return Container.MOV
    if head[:4] == b"RIFF":
        return Container.WAV if head[8:12] == b"WAVE" else None
    for begin, container in (
        (b"\x1a\x45\xdf\xa3", Container.MATROSKA),
        (b"OggS", Container.OGG),
        (b"fLaC", Container.FLAC),
        (b"ID3", Container.MP3),
        (b"GIF8", Container.GIF),
    ):
        if head.startswith(begin):
            return container
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # ISO 11172-3 §2.4.1.3; ADTS has layer 0
        return Container.MP3 if head[1] & 0x06 else Container.AAC
    return None


class Written(NamedTuple):
    """How a file of ours is written: its muxer, the end of its name, and its media type."""

    muxer: str
    extension: str
    media_type: str


MP4 = Written("mp4", "mp4", "video/mp4")
WEBM = Written("webm", "webm", "video/webm")
M4A = Written("ipod", "m4a", "audio/mp4")
SOUNDS = {
    "mp3": Written("mp3", "mp3", "audio/mpeg"),
    "aac": M4A,
    "vorbis": Written("ogg", "ogg", "audio/ogg"),
    "opus": Written("ogg", "ogg", "audio/ogg"),
    "flac": Written("flac", "flac", "audio/flac"),
    "pcm_s16le": Written("wav", "wav", "audio/wav"),
}
EXTENSIONS = {each.extension: each.media_type for each in (MP4, WEBM, *SOUNDS.values())}

_IN_MP4 = ("aac", "mp3")
_IN_WEBM = ("opus", "vorbis")
_PLAIN = ("yuv420p", "yuvj420p")
_DEEP = (*_PLAIN, "yuv420p10le")


class Plan(NamedTuple):
    """How a recording is put together: what it is written as, and which streams are encoded anew instead of copied."""

    written: Written
    picture: str | None
    """The encoder for the picture; None copies it."""
    sound: str | None


def plan(picture: str | None, pixels: str | None, sound: str | None) -> Plan:
    """What to do with these codecs, so that every browser plays the result; `pixels` is the form of the pixels."""
    if picture is None:
        written = SOUNDS.get(sound or "")
        return Plan(written or M4A, None, None if written else "aac")
    if (picture == "h264" and pixels in _PLAIN) or (picture in ("vp9", "av1") and pixels in _DEEP and sound == "aac"):
        return Plan(MP4, None, None if sound is None or sound in _IN_MP4 else "aac")
    if picture in ("vp8", "vp9", "av1") and pixels in _DEEP:
        return Plan(WEBM, None, None if sound is None or sound in _IN_WEBM else "libopus")
    return Plan(MP4, "libx264", None if sound is None or sound in _IN_MP4 else "aac")


class Limits(Struct, frozen=True, kw_only=True):
    """How much of a recording is too much."""

    bytes: int
    pixels: int
    seconds: int
    frame_rate: int


class Converted(Struct, frozen=True, kw_only=True):
    """A recording of ours that was written, and its picture in WebP unless it is a sound."""

    kind: str
    media_type: str
    extension: str
    size: int
    duration: float
    bitrate: int
    width: int | None = None
    height: int | None = None
    frame_rate: str | None = None
    preview_width: int | None = None
    preview_height: int | None = None
    blurhash: str | None = None


def media_types() -> tuple[str, ...]:
    """The media types that clients may send, as clients name them."""
    return (
        "video/mp4",
        "video/webm",
        "video/quicktime",
        "video/ogg",
        "audio/mpeg",
        "audio/mp3",
        "audio/mp4",
        "audio/m4a",
        "audio/x-m4a",
        "audio/aac",
        "audio/ogg",
        "audio/vorbis",
        "audio/flac",
        "audio/x-flac",
        "audio/wav",
        "audio/x-wav",
        "audio/wave",
        "audio/webm",
    )
