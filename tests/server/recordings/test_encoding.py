"""Videos and sounds taken apart and put together: what goes in, what comes out, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from models.tables import MediaKind
from server.images.terms import Refused
from server.recordings import Container, Converted, Limits, limits, sniff
from server.recordings.formats import M4A, MP4, SOUNDS, WEBM, Plan, plan
from tests.films import SECRET, animation, film, needs_video

LIMITS = Limits(bytes=1_000_000, pixels=100_000, seconds=30, frame_rate=60)

Convert = Callable[..., tuple[Converted | Refused, bytes]]


@pytest.fixture
def convert(tmp_path: Path) -> Convert:
    """Converts bytes as a worker would; what it answers, and what it wrote."""
    needs_video()
    from server.recordings import encoding

    def run(data: bytes, most: Limits = LIMITS, container: Container | None = None) -> tuple[Any, bytes]:
        raw, out, preview = (tmp_path / name for name in ("raw", "out", "preview"))
        for place in (out, preview):
            place.unlink(missing_ok=True)
        raw.write_bytes(data)
        found = container or sniff(data[:64])
        assert found is not None
        done = encoding.convert(str(raw), str(out), str(preview), found, most)
        return done, out.read_bytes() if out.exists() else b""

    return run


def _streams(data: bytes, tmp_path: Path) -> tuple[dict[str, str], list[str]]:
    """What a file says of itself, and its codecs."""
    av = needs_video()
    (tmp_path / "made").write_bytes(data)
    with av.open(str(tmp_path / "made")) as made:
        words = dict(made.metadata)
        for stream in made.streams:
            words |= stream.metadata
        return words, [stream.codec_context.codec.canonical_name for stream in made.streams]


@pytest.mark.parametrize(
    ("made", "media_type", "codecs"),
    [
        pytest.param(("mp4", "libx264", "aac"), "video/mp4", ["h264", "aac"], id="mp4"),
        pytest.param(("mp4", "libx264", None), "video/mp4", ["h264"], id="silent mp4"),
        pytest.param(("matroska", "libx264", "aac"), "video/mp4", ["h264", "aac"], id="matroska"),
        pytest.param(("webm", "libvpx-vp9", "libopus"), "video/webm", ["vp9", "opus"], id="webm"),
        pytest.param(("mov", "libx264", "pcm_s16le"), "video/mp4", ["h264", "aac"], id="sound anew"),
        pytest.param(("mp4", "mpeg4", "aac"), "video/mp4", ["h264", "aac"], id="picture anew"),
        pytest.param(("mp3", None, "libmp3lame"), "audio/mpeg", ["mp3"], id="mp3"),
        pytest.param(("adts", None, "aac"), "audio/mp4", ["aac"], id="aac"),
        pytest.param(("mp4", None, "aac"), "audio/mp4", ["aac"], id="m4a"),
        pytest.param(("ogg", None, "libopus"), "audio/ogg", ["opus"], id="opus"),
        pytest.param(("flac", None, "flac"), "audio/flac", ["flac"], id="flac"),
        pytest.param(("wav", None, "pcm_s16le"), "audio/wav", ["pcm_s16le"], id="wav"),
        pytest.param(("wav", None, "pcm_f32le"), "audio/mp4", ["aac"], id="unusual wav"),
    ],
)
def test_R_90_what_browsers_play_comes_out_without_what_cameras_say(
    convert: Convert, tmp_path: Path, made: tuple[str, str | None, str | None], media_type: str, codecs: list[str]
) -> None:
    data = film(*made)

    done, out = convert(data)

    assert isinstance(done, Converted), done
    assert (done.media_type, done.size) == (media_type, len(out))
    words, found = _streams(out, tmp_path)
    assert found == codecs
    assert SECRET.encode() in data or made[0] == "adts"
    assert SECRET.encode() not in out
    assert b"x264 - core" not in out or "pcm" in str(made) or made[1] == "mpeg4"
    assert not {"title", "artist", "location", "comment", "TITLE", "ARTIST", "creation_time"} & set(words)
    assert 0.3 < done.duration < 0.4
    assert done.bitrate == pytest.approx(len(out) * 8 / done.duration, rel=0.01)
    if made[1] is None:
        assert (done.kind, done.width, done.blurhash) == (MediaKind.AUDIO, None, None)
        assert not (tmp_path / "preview").exists()
    else:
        assert (done.kind, done.width, done.height, done.frame_rate) == (MediaKind.VIDEO, 64, 48, "24/1")
        assert (done.preview_width, done.preview_height) == (64, 48)
        assert done.blurhash
        assert (tmp_path / "preview").read_bytes()[:4] == b"RIFF"


def test_a_video_can_begin_before_it_is_all_there(convert: Convert) -> None:
    _, out = convert(film())

    assert out.index(b"moov") < out.index(b"mdat")


def test_a_picture_that_moves_becomes_a_silent_video(convert: Convert, tmp_path: Path) -> None:
    done, out = convert(animation(6, (31, 21)))

    assert isinstance(done, Converted)
    assert (done.kind, done.media_type, done.width, done.height) == (MediaKind.GIFV, "video/mp4", 30, 20)
    assert _streams(out, tmp_path)[1] == ["h264"]
    assert SECRET.encode() not in out
    assert convert(animation(1))[0] == Refused("stands_still", {})


def test_a_video_held_upright_is_shown_upright(convert: Convert, tmp_path: Path) -> None:
    """The turn is in the header (ISO 14496-12 §6.2.2): the matrix of the track says a quarter clockwise."""
    data = bytearray(film("mp4", "libx264", None))
    header = data.index(b"tkhd") + 44
    for at, value in ((0, 0), (4, 0x10000), (12, 0xFFFF0000), (16, 0)):
        data[header + at : header + at + 4] = value.to_bytes(4)

    done, out = convert(bytes(data))

    assert isinstance(done, Converted)
    assert (done.width, done.height, done.preview_width) == (48, 64, 48)
    av = needs_video()
    (tmp_path / "made").write_bytes(out)
    with av.open(str(tmp_path / "made")) as made:
        assert abs(next(made.decode(video=0)).rotation) == 90


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pixels": 64 * 48 - 1}, "recording_too_large"),
        ({"frame_rate": 23}, "recording_too_fast"),
        ({"seconds": 0}, "recording_too_long"),
    ],
    ids=["size", "rate", "time"],
)
def test_R_91_what_is_too_much_is_refused_by_its_header(convert: Convert, change: dict[str, int], code: str) -> None:
    done, _ = convert(film(), replace(LIMITS, **change))

    assert isinstance(done, Refused)
    assert done.code == code


def test_R_91_what_costs_too_much_to_convert_is_refused(convert: Convert, monkeypatch: pytest.MonkeyPatch) -> None:
    from server.recordings import encoding

    monkeypatch.setattr(encoding, "_CHEAP_PIXELS", 64 * 48 * 3)

    assert convert(film("mp4", "mpeg4", "aac"))[0] == Refused("recording_too_expensive", {})
    assert convert(animation(24, (64, 48)))[0] == Refused("recording_too_expensive", {})
    assert isinstance(convert(film())[0], Converted)  # copied, not converted


@pytest.mark.parametrize("cut", [40, 400, -600])
def test_R_90_half_a_file_is_refused_or_made_whole(convert: Convert, cut: int) -> None:
    for made in (("mp4", "libx264", "aac"), ("webm", "libvpx-vp9", "libopus")):
        done, out = convert(film(*made)[:cut])

        assert isinstance(done, Refused) or done.size == len(out)
        if isinstance(done, Refused):
            assert done.code == "recording_unreadable"


@pytest.mark.parametrize("container", list(Container))
def test_R_90_rubbish_is_unreadable_whatever_it_claims_to_be(convert: Convert, container: Container) -> None:
    """Also a list of addresses to play, which names what it is not."""
    for data in (b"#EXTM3U\nhttp://127.0.0.1:1/secret\n", b"\x00" * 5000, b"<svg/>" * 100):
        assert convert(data, container=container)[0] == Refused("recording_unreadable", {})


def test_what_a_file_is_shows_in_its_first_bytes() -> None:
    assert sniff(b"\x00\x00\x00\x20ftypisom") is Container.MOV
    assert sniff(b"\x00\x00\x00\x08wide\x00\x00") is Container.MOV
    assert sniff(b"\x00\x00\x00\x20ftypavif") is None
    assert sniff(b"\x00\x00\x00\x20ftypheic") is None
    assert sniff(b"\xff\xd8\xff\xe0\x00\x10JFIF") is None
    assert sniff(b"RIFF\x00\x00\x00\x00WEBP") is None
    assert sniff(b"RIFF\x00\x00\x00\x00WAVE") is Container.WAV
    assert sniff(b"\xff\xfb\x90\x00") is Container.MP3
    assert sniff(b"\xff\xf1\x50\x80") is Container.AAC
    assert sniff(b"") is sniff(b"\xff") is sniff(b"#EXTM3U") is sniff(b"<svg/>") is None


@pytest.mark.parametrize(
    ("codecs", "wanted"),
    [
        (("h264", "yuv420p", "mp3"), Plan(MP4, None, None)),
        (("h264", "yuv444p", "aac"), Plan(MP4, "libx264", None)),
        (("hevc", "yuv420p", "aac"), Plan(MP4, "libx264", None)),
        (("vp8", "yuv420p", "vorbis"), Plan(WEBM, None, None)),
        (("vp9", "yuv420p", "aac"), Plan(MP4, None, None)),
        (("av1", "yuv420p10le", "opus"), Plan(WEBM, None, None)),
        (("av1", "yuv420p", "flac"), Plan(WEBM, None, "libopus")),
        ((None, None, "vorbis"), Plan(SOUNDS["vorbis"], None, None)),
        ((None, None, "alac"), Plan(M4A, None, "aac")),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) and len(value) == 3 else "",
)
def test_every_browser_plays_what_comes_out(codecs: tuple[str | None, str | None, str | None], wanted: Plan) -> None:
    assert plan(*codecs) == wanted


def test_the_configuration_says_how_much_is_too_much() -> None:
    from server.config.schema import MediaTable

    class Settings:
        media = MediaTable(max_video_bytes=70_000, max_video_seconds=5)

    found = limits(Settings())  # type: ignore[arg-type]

    assert (found.bytes, found.seconds, found.frame_rate) == (70_000, 5, 120)
