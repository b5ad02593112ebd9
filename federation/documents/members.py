"""Reads single members of documents from outside, whatever their shape: ids, links, texts, numbers, pictures.

Nothing here raises: a member that is not as it should be counts as absent (R-42).
"""

import re
from collections.abc import Mapping

from federation.vocabulary import BadUrl, Document, as_list, checked_url, id_of, strip_prefix
from models.tables import Emoji
from models.text.clean import shorten_text
from models.text.sanitise import OWN_CHARACTERS, REMOTE_CHARACTERS, clean_remote, to_plain

_SPACES = re.compile(r"\s+")
_SHORTCODE = re.compile(r"[A-Za-z0-9_]{1,64}")


def checked_id(value: object, *, insecure_hosts: tuple[str, ...]) -> str | None:
    """The id that `value` stands for when it is an address we would deal with, else None."""
    found = id_of(value)
    return found if found is not None and is_address(found, insecure_hosts=insecure_hosts) else None


def is_address(text: str, *, insecure_hosts: tuple[str, ...]) -> bool:
    """Whether `text` is a URL we would deal with (R-20)."""
    try:
        checked_url(text, insecure=insecure_hosts)
    except BadUrl:
        return False
    return True


def page_of(value: object, *, insecure_hosts: tuple[str, ...]) -> str | None:
    """The address of the page for people: of several links the HTML one, else the first."""
    items = [item for item in as_list(value) if _address_in(item, insecure_hosts) is not None]
    pages = [item for item in items if isinstance(item, dict) and item.get("mediaType") == "text/html"]
    return _address_in((pages or items)[0], insecure_hosts) if items else None


def picture_of(value: object, *, insecure_hosts: tuple[str, ...]) -> str | None:
    """The address of an image given as text, Image, Link, a list of these, or nested in one another."""
    for item in as_list(value):
        found = _address_in(item, insecure_hosts)
        if found is not None:
            return found
    return None


def _address_in(item: object, insecure_hosts: tuple[str, ...]) -> str | None:
    for _ in range(3):  # an Image whose url is a list of Links is as deep as it goes
        if isinstance(item, dict):
            item = item.get("url") or item.get("href")
        elif isinstance(item, list):
            item = item[0] if item else None
    if isinstance(item, str) and is_address(item, insecure_hosts=insecure_hosts):
        return item
    return None


def line(value: object, *, limit: int) -> str:
    """Plain text on one line, the rest beyond `limit` left out; empty when there is none."""
    if not isinstance(value, str):
        return ""
    return _SPACES.sub(" ", shorten_text(value, limit=limit)).strip()


def text(value: object, *, limit: int) -> str:
    """Plain text of several lines, the rest beyond `limit` left out; empty when there is none."""
    return shorten_text(value, limit=limit).strip() if isinstance(value, str) else ""


def html(value: object, *, limit: int = REMOTE_CHARACTERS) -> str:
    """HTML made harmless; markup beyond `limit` characters is left out."""
    return clean_remote(value[: min(limit, REMOTE_CHARACTERS)]) if isinstance(value, str) else ""


def stripped(value: object, *, limit: int) -> str:
    """The text of what may be HTML, on one line."""
    return line(to_plain(value[:OWN_CHARACTERS]), limit=limit) if isinstance(value, str) else ""


def whole(value: object, *, most: int) -> int | None:
    """A number of pixels or the like: positive, no truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 < value <= most else None


def emoji_tag(row: Emoji) -> Document:
    """An emoji of ours as an entry of `tag` (CNT-6)."""
    return {
        "id": row.url,
        "type": "Emoji",
        "name": f":{row.shortcode}:",
        "icon": {"type": "Image", "mediaType": row.media_type, "url": row.url},
    }


def emoji_of(tags: object, *, insecure_hosts: tuple[str, ...], most: int) -> dict[str, str]:
    """Custom emoji among `tag`: shortcode without colons to the address of its picture (CNT-6)."""
    found: dict[str, str] = {}
    for tag in as_list(tags):
        if not isinstance(tag, Mapping) or strip_prefix(tag.get("type")) != "Emoji" or len(found) == most:
            continue
        name = tag.get("name")
        shortcode = name.strip(":") if isinstance(name, str) else ""
        icon = picture_of(tag.get("icon"), insecure_hosts=insecure_hosts)
        if _SHORTCODE.fullmatch(shortcode) and icon is not None:
            found[shortcode] = icon
    return found
