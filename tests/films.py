"""Small videos and sounds, made for a test; they say secrets wherever a file can say something."""

import functools
import io
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from PIL import Image

SECRET = "GPS 52.5200 13.4050 of Ada's camera"


def needs_video() -> Any:
    """PyAV, or skip the test with the reason."""
    return pytest.importorskip("av", reason="PyAV is not installed: pip install 'kontor[video]'")


@functools.cache
def film(
    muxer: str = "mp4",
    picture: str | None = "libx264",
    sound: str | None = "aac",
    *,
    frames: int = 8,
    size: tuple[int, int] = (64, 48),
    rate: int = 24,
) -> bytes:
    """The bytes of a recording, a fraction of a second long."""
    av = needs_video()
    with TemporaryDirectory() as folder:
        place = Path(folder) / "film"
        with av.open(str(place), "w", format=muxer) as out:
            for name in ("title", "artist", "location", "comment"):
                out.metadata[name] = SECRET
            drawn = _drawn(out, picture, size, rate) if picture else None
            heard = _heard(out, sound) if sound else None
            for number in range(frames) if drawn else ():
                out.mux(drawn.encode(_frame(av, rate, size, number)))
            for number in range(frames) if heard else ():
                out.mux(heard.encode(_noise(av, number)))
            for stream in (drawn, heard):
                if stream is not None:
                    out.mux(stream.encode(None))
        return place.read_bytes()


def _drawn(out: Any, encoder: str, size: tuple[int, int], rate: int) -> Any:
    stream = out.add_stream(encoder, rate=rate)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.metadata["handler_name"] = SECRET
    if encoder == "libx264":
        stream.options = {"preset": "ultrafast"}
    if encoder.startswith("libvpx"):
        stream.options = {"deadline": "realtime", "cpu-used": "8"}
    return stream


def _heard(out: Any, encoder: str) -> Any:
    stream = out.add_stream(encoder, rate=48_000)
    stream.layout = "stereo"
    stream.metadata["handler_name"] = SECRET
    return stream


def _frame(av: Any, rate: int, size: tuple[int, int], number: int) -> Any:
    frame = av.VideoFrame.from_image(Image.new("RGB", size, (number * 20 % 256, 90, 30))).reformat(format="yuv420p")
    frame.pts = number
    frame.time_base = Fraction(1, rate)
    return frame


def _noise(av: Any, number: int) -> Any:
    frame = av.AudioFrame(format="s16", layout="stereo", samples=1920)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate = 48_000
    frame.pts = number * 1920
    return frame


def animation(frames: int = 6, size: tuple[int, int] = (31, 21)) -> bytes:
    """An animated GIF; with one frame a picture."""
    out = io.BytesIO()
    pictures = [Image.new("RGB", size, (number * 40, 60, 20)) for number in range(frames)]
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=80, comment=SECRET.encode())
    return out.getvalue()
