"""The files of a post, both directions."""

import mimetypes
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from federation.documents import members
from federation.vocabulary import Document, as_list, types_of
from models.instance import Instance
from models.posts.receiving import RemoteFile
from models.tables import Attachment, MediaKind

MOST = 32
MOST_SENT = 16
_DESCRIPTION = 1500
_PIXELS = 65535
_TYPES = frozenset({"Document", "Image", "Video", "Audio"})
_SENT_AS = {
    MediaKind.IMAGE: "Image",
    MediaKind.GIFV: "Video",
    MediaKind.VIDEO: "Video",
    MediaKind.AUDIO: "Audio",
}
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,60}")
_DURATION = re.compile(r"PT(?:(\d{1,3})H)?(?:(\d{1,5})M)?(?:(\d{1,6}(?:\.\d{1,9})?)S)?")
_LONGEST = 604_800
_BASE83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_BLURHASH = re.compile("[" + re.escape(_BASE83) + "]{6,164}")


def render(files: Iterable[Attachment], instance: Instance, *, opens: bool = False) -> list[Document]:
    """The files of one revision; a file whose copy is not here is left out.

    `opens`: for servers that sign no request for a file, under addresses that end with the next day.
    """
    return [_render(file, instance, opens) for file in files if file.media.file is not None][:MOST_SENT]


def _render(file: Attachment, instance: Instance, opens: bool) -> Document:
    media = file.media
    path = f"/media/{media.file}"
    document: Document = {
        "type": _SENT_AS.get(media.kind, "Document"),
        "mediaType": media.media_type,
        "url": instance.open_url(path) if opens else instance.url(path),
        "name": file.description,
    }
    if media.width and media.height:
        document |= {"width": media.width, "height": media.height}
    if media.duration is not None:
        document["duration"] = f"PT{media.duration:g}S"  # ActivityStreams §4.1: an xsd:duration
    if media.kind.plays and media.preview_file:
        preview = f"/media/{media.preview_file}"
        url = instance.open_url(preview) if opens else instance.url(preview)
        document["icon"] = {"type": "Image", "mediaType": "image/webp", "url": url}
    if media.blurhash:
        document["blurhash"] = media.blurhash
    if media.focus_x or media.focus_y:
        document["focalPoint"] = [media.focus_x, media.focus_y]
    return document


def parse(document: Document, *, insecure_hosts: tuple[str, ...]) -> tuple[RemoteFile, ...]:
    """What is attached and could be shown, at most 32; what is malformed is left out."""
    found: dict[str, RemoteFile] = {}
    for item in as_list(document.get("attachment")):
        if len(found) < MOST and isinstance(item, dict) and not _TYPES.isdisjoint(types_of(item)):
            file = _parse(item, insecure_hosts)
            if file is not None:
                found.setdefault(file.url, file)
    return tuple(found.values())


def _parse(item: Document, insecure_hosts: tuple[str, ...]) -> RemoteFile | None:
    link = _best_link(item, insecure_hosts)
    url = members.picture_of(link, insecure_hosts=insecure_hosts)
    if url is None:
        return None
    return RemoteFile(
        url=url,
        media_type=_media_type(item, link, url),
        description=members.text(item.get("name") or item.get("summary"), limit=_DESCRIPTION),
        width=members.whole(item.get("width") or link.get("width"), most=_PIXELS),
        height=members.whole(item.get("height") or link.get("height"), most=_PIXELS),
        blurhash=_blurhash(item.get("blurhash")),
        focus=_focus(item.get("focalPoint")),
        duration=_duration(item.get("duration")),
        preview_url=members.picture_of(item.get("icon"), insecure_hosts=insecure_hosts),
    )


def _best_link(item: Document, insecure_hosts: tuple[str, ...]) -> Mapping[str, object]:
    """The first link to a file among `url`, as an object; `href` where the item itself is one."""
    for value in as_list(item.get("url") or item.get("href")):
        if isinstance(value, dict) and members.picture_of(value, insecure_hosts=insecure_hosts) is not None:
            return value
        if isinstance(value, str):
            return {"url": value}
    return {}


def _media_type(item: Document, link: Mapping[str, object], url: str) -> str:
    for value in (item.get("mediaType"), link.get("mediaType"), mimetypes.guess_type(urlsplit(url).path)[0]):
        essence = value.partition(";")[0].strip().lower() if isinstance(value, str) else ""
        if _MEDIA_TYPE.fullmatch(essence):
            return essence
    return "image/jpeg" if "Image" in types_of(item) else "application/octet-stream"


def _blurhash(value: object) -> str | None:
    """CNT-8: the first digit says how many components follow, two digits each."""
    if not isinstance(value, str) or not _BLURHASH.fullmatch(value):
        return None
    size = _BASE83.index(value[0])
    return value if len(value) == 4 + 2 * (size % 9 + 1) * (size // 9 + 1) else None


def _duration(value: object) -> float | None:
    """Seconds from an xsd:duration without years and months; None for anything else, and for what lasts over a week."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    total = hours * 3600 + minutes * 60 + seconds
    return total if 0 < total < _LONGEST else None


def _focus(value: object) -> tuple[float, float]:
    if isinstance(value, list) and len(value) == 2:
        x, y = (number if isinstance(number, int | float) and abs(number) <= 1 else None for number in value)
        if x is not None and y is not None:
            return float(x), float(y)
    return 0.0, 0.0
