"""Reading a reaction: one emoji, or the shortcode of a picture that came along (FEP-c0e0, FEP-9098)."""

import re
import unicodedata

from federation.documents import members
from federation.vocabulary import Document

_LONGEST = 64
_SHORTCODE = re.compile(r":?([A-Za-z0-9_]{1,64})(?:@[^\s:@]{1,255})?:")
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_AFTER = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]?[\U000e0020-\U000e007f]*")
_JOINER = "\u200d"
_OTHER_SIGNS = frozenset("\u203c\u2049\u3030\u303d")


def parse(document: Document, *, insecure_hosts: tuple[str, ...]) -> tuple[str, str | None] | None:
    """The emoji of a Like or EmojiReact, and the address of its picture where it is one; None for anything else.

    A shortcode is given as `:name:`, without the server that one kind of servers writes into it.
    """
    value = document.get("content") or document.get("_misskey_reaction")
    if not isinstance(value, str) or len(value) > 4 * _LONGEST:
        return None
    text = value.strip()
    named = _SHORTCODE.fullmatch(text)
    if named is not None and text.startswith(":"):
        pictures = members.emoji_of(document.get("tag"), insecure_hosts=insecure_hosts, most=2)
        picture = pictures.get(named[1]) or pictures.get(text.strip(":"))
        return (f":{named[1]}:", picture) if picture is not None else None
    return (text, None) if is_emoji(text) else None


def is_emoji(text: str) -> bool:
    """Whether `text` is one emoji and nothing else: a sign, a keycap, a flag, or several signs joined into one."""
    if not text or len(text) > _LONGEST:
        return False
    if _KEYCAP.fullmatch(text) or _FLAG.fullmatch(text):
        return True
    for part in text.split(_JOINER):
        if not part or not (unicodedata.category(part[0]) in ("So", "Sm") or part[0] in _OTHER_SIGNS):
            return False
        if _AFTER.fullmatch(part, 1) is None:
            return False
    return True
