"""Takes a video or sound apart and puts together a new file of ours. Runs in a worker process (R-90, R-91).

The picture and one sound track are all that goes on. Codecs that browsers play are copied packet by packet, without
the words that cameras and programs leave in a file; what else there is, is encoded anew where that is cheap. Sizes are
judged from the header first, and from what is really there while it is read, because a header may lie.
"""

import contextlib
import warnings
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.stream import Disposition
from av.video.stream import VideoStream

from server.images.encoding import blurhash_of, preview_of
from server.images.terms import Refused
from server.recordings.formats import Container, Converted, Limits, Plan, plan

av.logging.set_level(None)

_MEGA = 1_000_000
_CHEAP_PIXELS = 3_000_000_000
"""Pixels of all frames together that are encoded anew: a minute in 1080p and 24 frames a second."""
_LOOKED_AT = 300
"""Packets in which the first picture must be found."""
_NO_WORDS = {"fflags": "+bitexact"}
_MUXERS = {"mp4": {"movflags": "+faststart"}, "ipod": {"movflags": "+faststart"}, "mp3": {"id3v2_version": "0"}}


class _Refusal(Exception):
    def __init__(self, code: str, **facts: Any) -> None:
        self.refused = Refused(code, facts)


def convert(raw: str, out: str, preview: str, container: Container, limits: Limits) -> Converted | Refused:
    """Write a clean copy of the file `raw` to `out`, and a picture of it to `preview`; or why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what libraries say of themselves is for nobody here
            return _convert(Path(raw), Path(out), Path(preview), container, limits)
    except _Refusal as refusal:
        return refusal.refused
    except MemoryError:
        return Refused("recording_too_expensive", {})
    except Exception:  # a hostile file may make a decoder raise anything, and all of it means the same
        return Refused("recording_unreadable", {})


def _convert(raw: Path, out: Path, preview: Path, container: Container, limits: Limits) -> Converted | Refused:
    seen: dict[str, Any] = {}
    with _opened(raw, container) as source:
        video = _video(source)
        if video is not None:
            _judge(video, limits)
            seen = _look(source, video, preview)
    with _opened(raw, container) as source:
        video, audio = _video(source), next(iter(source.streams.audio), None)
        if video is None and audio is None:
            raise _Refusal("recording_unreadable")
        if source.duration is not None and source.duration / av.time_base > limits.seconds:
            raise _Refusal("recording_too_long", seconds=limits.seconds)
        made = plan(
            _codec(video),
            video.codec_context.pix_fmt if video else None,
            _codec(audio),
        )
        if made.picture is not None and video is not None:
            _must_be_cheap(source, video)
            seen |= {name: max(2, seen[name] - seen[name] % 2) for name in ("width", "height")}  # colours are halved
        with av.open(str(out), "w", format=made.written.muxer, options=_options(made)) as target:
            making = _Making(source, target, made, limits, (seen.get("width", 0), seen.get("height", 0)))
            duration = making.run(video, audio)
    size = out.stat().st_size
    if size == 0 or duration <= 0:
        raise _Refusal("recording_unreadable")
    if container is Container.GIF and making.pictures == 1:
        return Refused("stands_still", {})
    kind = "gifv" if container is Container.GIF else "video" if video else "audio"
    return Converted(
        kind=kind,
        media_type=made.written.media_type,
        extension=made.written.extension,
        size=size,
        duration=round(duration, 3),
        bitrate=round(size * 8 / duration),
        **seen,
    )


@contextlib.contextmanager
def _opened(raw: Path, container: Container) -> Iterator[InputContainer]:
    """The file, by the one demuxer it is for; given as bytes, so that nothing in it can name another file."""
    with raw.open("rb") as file, av.open(file, "r", format=str(container), metadata_errors="ignore") as source:
        for stream in source.streams:
            if stream.codec_context is not None:
                stream.codec_context.thread_count = 1
        yield source


def _video(source: InputContainer) -> VideoStream | None:
    return next((each for each in source.streams.video if not each.disposition & Disposition.attached_pic), None)


def _codec(stream: VideoStream | AudioStream | None) -> str | None:
    """The name of a codec, whichever decoder reads it here."""
    return None if stream is None else str(stream.codec_context.codec.canonical_name)


def _options(made: Plan) -> dict[str, str]:
    return _NO_WORDS | _MUXERS.get(made.written.muxer, {})


def _judge(video: VideoStream, limits: Limits) -> None:
    context = video.codec_context
    if context.width * context.height > limits.pixels:
        most = f"{limits.pixels / _MEGA:g}"
        raise _Refusal("recording_too_large", width=context.width, height=context.height, megapixels=most)
    rate = video.average_rate
    if rate is not None and rate > limits.frame_rate:
        raise _Refusal("recording_too_fast", rate=limits.frame_rate)


def _must_be_cheap(source: InputContainer, video: VideoStream) -> None:
    seconds = (source.duration or 0) / av.time_base
    frames = video.frames or float(video.average_rate or 25) * seconds
    if video.codec_context.width * video.codec_context.height * frames > _CHEAP_PIXELS:
        raise _Refusal("recording_too_expensive")


def _look(source: InputContainer, video: VideoStream, preview: Path) -> dict[str, Any]:
    """What the first frame shows, upright; and its size, which is that of the video."""
    for number, packet in enumerate(source.demux(video)):
        if number > _LOOKED_AT:
            break
        for frame in packet.decode():
            picture: Any = frame.to_image()  # type: ignore[no-untyped-call]
            if frame.rotation % 360:
                picture = picture.rotate(frame.rotation, expand=True)
            data, width, height = preview_of(picture)
            preview.write_bytes(data)
            rate = video.average_rate or Fraction(0)
            return {
                "width": picture.width,
                "height": picture.height,
                "frame_rate": f"{rate.numerator}/{rate.denominator}" if rate else None,
                "preview_width": width,
                "preview_height": height,
                "blurhash": blurhash_of(picture),
            }
    raise _Refusal("recording_unreadable")


class _Making:
    """One file being put together."""

    def __init__(
        self, source: InputContainer, target: OutputContainer, made: Plan, limits: Limits, size: tuple[int, int]
    ) -> None:
        self._source = source
        self._size = size
        self._target = target
        self._plan = made
        self._limits = limits
        self._begin: float | None = None
        self._end = 0.0
        self._pixels = 0
        self.pictures = 0

    def run(self, video: VideoStream | None, audio: AudioStream | None) -> float:
        """Write all of it; how many seconds it lasts."""
        self._target.metadata.clear()
        tracks: dict[int, _Track] = {}
        if video is not None:
            copies = self._plan.picture is None
            tracks[video.index] = _Copied(self._target, video) if copies else _Drawn(self._target, video, self._size)
        if audio is not None:
            encoder = self._plan.sound
            tracks[audio.index] = (
                _Copied(self._target, audio) if encoder is None else _Sounded(self._target, audio, encoder)
            )
        for packet in self._source.demux([stream for stream in (video, audio) if stream is not None]):
            if packet.dts is None:
                continue  # the flush at the end
            self._measure(packet)
            tracks[packet.stream.index].take(packet)
        for track in tracks.values():
            track.end()
        return self._end - (self._begin or 0.0)

    def _measure(self, packet: "av.Packet[Any]") -> None:
        """Judge what is really there: time, and what is drawn anew."""
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None or packet.time_base is None:
            raise _Refusal("recording_unreadable")
        begin = float(stamp * packet.time_base)
        self._begin = begin if self._begin is None else min(self._begin, begin)
        self._end = max(self._end, begin + float((packet.duration or 0) * packet.time_base))
        if self._end - self._begin > self._limits.seconds + 1:
            raise _Refusal("recording_too_long", seconds=self._limits.seconds)
        if not isinstance(packet.stream, VideoStream):
            return
        self.pictures += 1
        if self._plan.picture is not None:
            self._pixels += packet.stream.codec_context.width * packet.stream.codec_context.height
            if self._pixels > _CHEAP_PIXELS:
                raise _Refusal("recording_too_expensive")


class _Track:
    """One stream of the new file."""

    def take(self, packet: Any) -> None:
        raise NotImplementedError

    def end(self) -> None:
        """Write what was held back."""


class _Copied(_Track):
    """Packets as they came; from H.264 without the notes that encoders and cameras write between the pictures."""

    def __init__(self, target: OutputContainer, stream: Any) -> None:
        self._target = target
        self._stream = target.add_stream_from_template(stream)
        self._stream.metadata.clear()
        self._filter: BitStreamFilterContext | None = None
        if _codec(stream) == "h264":
            self._filter = BitStreamFilterContext("filter_units=remove_types=6", stream, self._stream)

    def take(self, packet: Any) -> None:
        for each in [packet] if self._filter is None else self._filter.filter(packet):
            each.stream = self._stream
            self._target.mux(each)

    def end(self) -> None:
        for each in self._filter.filter(None) if self._filter is not None else ():
            each.stream = self._stream
            self._target.mux(each)


class _Drawn(_Track):
    """Pictures that are decoded and encoded as H.264, upright and with even sides."""

    def __init__(self, target: OutputContainer, stream: VideoStream, size: tuple[int, int]) -> None:
        self._target = target
        self._source = stream
        self._size = size
        self._graph: Graph | None = None
        made: Any = target.add_stream("libx264", rate=stream.average_rate or Fraction(25))
        made.width, made.height = size
        made.pix_fmt = "yuv420p"
        made.options = {"preset": "veryfast", "crf": "24"}
        made.codec_context.thread_count = 1
        if stream.time_base is not None:
            made.codec_context.time_base = stream.time_base
        self._stream = made

    def take(self, packet: Any) -> None:
        for frame in packet.decode():
            self._draw(frame)

    def end(self) -> None:
        for frame in self._source.codec_context.decode(None):
            self._draw(frame)
        self._target.mux(self._stream.encode(None))

    def _draw(self, frame: Any) -> None:
        if self._graph is None:
            self._graph = self._pulling(frame)
        self._graph.push(frame)
        with contextlib.suppress(BlockingIOError, EOFError):
            while True:
                drawn: Any = self._graph.pull()
                drawn.pict_type = 0
                self._target.mux(self._stream.encode(drawn))

    def _pulling(self, frame: Any) -> Graph:
        graph = Graph()
        form = {"width": frame.width, "height": frame.height, "format": frame.format, "time_base": frame.time_base}
        turns = {90: ["cclock"], -90: ["clock"], 180: ["clock", "clock"], -180: ["clock", "clock"]}
        steps = [graph.add_buffer(**form)]
        steps += [graph.add("transpose", turn) for turn in turns.get(frame.rotation, [])]
        steps += [graph.add("scale", "{}:{}".format(*self._size)), graph.add("format", "yuv420p")]
        graph.link_nodes(*steps, graph.add("buffersink")).configure()
        return graph


class _Sounded(_Track):
    """Sound that is decoded and encoded anew."""

    def __init__(self, target: OutputContainer, stream: AudioStream, encoder: str) -> None:
        self._target = target
        self._source = stream
        made: Any = target.add_stream(encoder, rate=48_000)
        self._stream = made
        self._stream.layout = "mono" if stream.codec_context.channels == 1 else "stereo"

    def take(self, packet: Any) -> None:
        for frame in packet.decode():
            self._target.mux(self._stream.encode(frame))

    def end(self) -> None:
        for frame in self._source.codec_context.decode(None):
            self._target.mux(self._stream.encode(frame))
        self._target.mux(self._stream.encode(None))
