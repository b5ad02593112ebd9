"""Counts characters as Mastodon's clients do, so that a counter in a phone and our limit agree.

A link counts 23 characters whatever its length, a remote mention only its name, and the content warning counts
along. What a reader sees as one character counts one: a flag, a family, a letter with its accents.
"""

import re
import unicodedata

from .addresses import BARE_URL, MENTION, url_end
from .clean import TextTooLong

CHARACTERS_PER_URL = 23
MEASURED_CHARACTERS = 200_000
"""Longer texts are refused unread; the limit of a post lies far below."""

_JOINER = "\u200d"
_SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
_FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]")


def count(text: str, *, warning: str = "") -> int:
    """Characters of `text` and its content `warning` as Mastodon counts them.

    Raises:
        TextTooLong: beyond `MEASURED_CHARACTERS`, before anything is looked at.
    """
    length = len(text) + len(warning)
    if length > MEASURED_CHARACTERS:
        raise TextTooLong(length=length, limit=MEASURED_CHARACTERS)
    return _graphemes(warning) + _graphemes(_with_short_addresses(text))


def _with_short_addresses(text: str) -> str:
    parts: list[str] = []
    done = 0
    for found in BARE_URL.finditer(text):
        end = url_end(text, found.start(), found.end())
        if end - found.start() <= len("https://"):
            continue
        parts += [_without_hosts(text[done : found.start()]), "x" * CHARACTERS_PER_URL]
        done = end
    parts.append(_without_hosts(text[done:]))
    return "".join(parts)


def _without_hosts(text: str) -> str:
    return MENTION.sub(lambda found: "@" + found["user"], text)


def _graphemes(text: str) -> int:
    """Grapheme clusters, near enough to Unicode's UAX 29: marks, joiners, skin tones and flags do not count extra."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    total = 0
    joined = False
    half_flag = False
    previous = ""
    for character in text:
        if _FLAG_LETTERS.match(character):
            total += not half_flag
            half_flag = not half_flag
        elif character == _JOINER:
            joined = True
            continue
        elif not _extends(character, previous):
            total += not joined
            half_flag = False
        joined = False
        previous = character
    return total


def _extends(character: str, previous: str) -> bool:
    if character == "\n" and previous == "\r":
        return True
    if not previous:
        return False
    return unicodedata.category(character) in {"Mn", "Me", "Mc"} or _SKIN_TONES.match(character) is not None
