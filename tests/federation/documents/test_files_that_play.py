"""Videos and sounds on the wire: what servers are told of ours, and what is understood of theirs."""

from typing import Any

import pytest

from federation.documents.post import files
from models.instance import Instance
from models.tables import Attachment, Media, MediaKind

HOME = Instance(base_url="https://lovelace.example", name="Lovelace")


def _sent(**facts: Any) -> dict[str, Any]:
    media = Media(**{"focus_x": 0.0, "focus_y": 0.0, **facts})
    [document] = files.render([Attachment(media=media, description="The mill")], HOME)
    return document


def test_a_video_of_ours_comes_with_its_picture_and_how_long_it_takes():
    video = _sent(
        kind=MediaKind.VIDEO,
        media_type="video/mp4",
        file="ab/abc.mp4",
        preview_file="cd/cde.webp",
        width=640,
        height=480,
        duration=88.65,
        blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
    )

    assert video == {
        "type": "Video",
        "mediaType": "video/mp4",
        "url": "https://lovelace.example/media/ab/abc.mp4",
        "name": "The mill",
        "width": 640,
        "height": 480,
        "duration": "PT88.65S",
        "icon": {"type": "Image", "mediaType": "image/webp", "url": "https://lovelace.example/media/cd/cde.webp"},
        "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
    }
    sound = _sent(kind=MediaKind.AUDIO, media_type="audio/ogg", file="ab/abc.ogg", duration=3.0)
    assert (sound["type"], sound["duration"], "icon" in sound) == ("Audio", "PT3S", False)
    moving = _sent(kind=MediaKind.GIFV, media_type="video/mp4", file="ab/abc.mp4")
    assert (moving["type"], "duration" in moving) == ("Video", False)


def test_what_we_say_of_a_video_is_understood():
    said = _sent(
        kind=MediaKind.VIDEO, media_type="video/mp4", file="ab/abc.mp4", preview_file="cd/cde.webp", duration=88.65
    )

    [told] = files.parse({"attachment": [said]}, insecure_hosts=())

    assert (told.kind, told.duration) == (MediaKind.VIDEO, 88.65)
    assert told.preview_url == "https://lovelace.example/media/cd/cde.webp"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("PT1H2M3.5S", 3723.5),
        ("PT4S", 4.0),
        ("PT0S", None),
        ("PT999H", None),
        ("P1D", None),
        ("PT" + "9" * 5000 + "S", None),
        (4, None),
        (None, None),
    ],
)
def test_how_long_a_film_takes_is_read_or_left_out(said: Any, seconds: float | None):
    item = {"type": "Video", "mediaType": "video/webm", "url": "https://c.example/a.webm", "duration": said}

    [told] = files.parse({"attachment": item}, insecure_hosts=())

    assert told.duration == seconds


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/gif", MediaKind.IMAGE),
        ("video/mp4", MediaKind.VIDEO),
        ("audio/mpeg", MediaKind.AUDIO),
        ("application/pdf", MediaKind.UNKNOWN),
    ],
)
def test_a_document_is_what_its_media_type_says(media_type: str, kind: MediaKind):
    item = {"type": "Document", "mediaType": media_type, "url": "https://c.example/a"}

    [told] = files.parse({"attachment": [item]}, insecure_hosts=())

    assert told.kind is kind
