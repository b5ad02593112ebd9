"""Reading a reaction: one emoji, or the shortcode of a picture that came along (FEP-c0e0, FEP-9098)."""

import re

from federation.documents import members
from federation.vocabulary import Document
from models.text.signs import is_emoji

_LONGEST = 256
_SHORTCODE = re.compile(r":?([A-Za-z0-9_]{1,64})(?:@[^\s:@]{1,255})?:")


def parse(document: Document, *, insecure_hosts: tuple[str, ...]) -> tuple[str, str | None] | None:
    """The emoji of a Like or EmojiReact, and the address of its picture where it is one; None for anything else.

    A shortcode is given as `:name:`, without the server that one kind of servers writes into it.
    """
    value = document.get("content") or document.get("_misskey_reaction")
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = value.strip()
    named = _SHORTCODE.fullmatch(text)
    if named is not None and text.startswith(":"):
        pictures = members.emoji_of(document.get("tag"), insecure_hosts=insecure_hosts, most=2)
        picture = pictures.get(named[1]) or pictures.get(text.strip(":"))
        return (f":{named[1]}:", picture) if picture is not None else None
    return (text, None) if is_emoji(text) else None
