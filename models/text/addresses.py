"""Finds links, mentions and hashtags in running text, and judges the URLs that may stand in a page."""

import re
import unicodedata

from .clean import TAG_CHARACTERS

URL_CHARACTERS = 2048

# Patterns are unambiguous, without nested quantifiers: each runs once over the text.
BARE_URL = re.compile(r"https?://[^\s<>\"`\x02\x03]+", re.IGNORECASE)
MENTION = re.compile(
    r"(?<![\w@./=&#-])@(?P<user>[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,126}[A-Za-z0-9_])?)"
    r"(?:@(?P<host>[^\W_](?:[\w.-]{0,252}[^\W_])?(?::[0-9]{1,5})?))?"
    r"(?![\w@])"
)
HASHTAG_START = re.compile(r"(?<![\w&/#])#(?=\w)")

_HTTP = re.compile(r"https?://(?P<authority>[^/?#\s]+)(?P<rest>[^\s]*)", re.IGNORECASE)
_MAILTO = re.compile(r"mailto:[^\s<>\"]+", re.IGNORECASE)
_IGNORED_IN_URLS = re.compile("[\t\r\n]")
_TRAILING = ".,:;!?'\"*_~"


def shown_url(url: str) -> str | None:
    """`url` as it may stand in `href` or `src`: absolute http or https, or mailto; otherwise `None` (R-20, R-53).

    A user name before the host or a backslash would show another destination than the one a browser opens, so both
    are refused.
    """
    if len(url) > URL_CHARACTERS:
        return None
    text = _IGNORED_IN_URLS.sub("", url).strip("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f \u00a0")
    if _MAILTO.fullmatch(text):
        return text
    found = _HTTP.fullmatch(text)
    if found is None or any(character in found["authority"] for character in "@\\<>\"'`{}|^"):
        return None
    if any(character < " " or character == "\x7f" for character in text):
        return None
    return text


def url_end(text: str, start: int, end: int) -> int:
    """Where the URL at `text[start:end]` ends for a reader: without final punctuation and unopened brackets."""
    opened = text.count("(", start, end) - text.count(")", start, end)
    while end > start:
        last = text[end - 1]
        if last == ")" and opened < 0:
            opened += 1
        elif last not in _TRAILING:
            break
        end -= 1
    return end


def hashtag_at(text: str, start: int) -> str | None:
    """The hashtag whose `#` stands at `text[start]`, without it; `None` when it is only a number or too long."""
    end = start + 1
    last = min(len(text), end + TAG_CHARACTERS + 1)
    while end < last and _is_tag_character(text[end]):
        end += 1
    name = text[start + 1 : end]
    if not name or len(name) > TAG_CHARACTERS or all(not character.isalpha() for character in name):
        return None
    return name


def _is_tag_character(character: str) -> bool:
    return character == "_" or character.isalnum() or unicodedata.category(character) in {"Mn", "Mc"}
