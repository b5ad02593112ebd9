"""Renders what people type (Markdown) into the HTML of a post.

CommonMark in the parts people use: headings, lists, fenced code, links, emphasis, strikethrough, tables, quotes, bare
links; a line end is a line break. HTML in the source is shown as it was typed, there are no attribute lists, footnotes
or reference links, and a picture becomes a link to it, so that no page loads anything from elsewhere (R-51, R-56).

A mention is rendered only if the caller knows the person: `find_mentions` first, look them up, then `render`.
"""

import re
import threading
from collections.abc import Callable, Mapping

from markdown import Markdown
from markdown.extensions.sane_lists import SaneListExtension
from msgspec import Struct

from .blocks import INDENT
from .clean import TextTooLong, clean_text
from .dialect import Dialect, Found, Mention
from .sanitise import clean_own, to_plain

__all__ = ["SOURCE_CHARACTERS", "Mention", "Rendered", "find_mentions", "render"]

SOURCE_CHARACTERS = 100_000

_PLAIN = re.compile(r"[^\W\d_](?:[^\s\x00-\x1f`*_{}\[\]<>#|~&@/\\=^:\x7f-\x9f]| (?! |\Z))*")
"""A line in which no character means anything but itself: what most people write on most days."""

_workers = threading.local()


class Rendered(Struct, frozen=True):
    """A post's HTML, clean, and what was found in it.

    `mentions` are the handles as typed, lower-case, each once, known or not; `hashtags` are folded; `plain` is
    the text.
    """

    html: str
    mentions: tuple[str, ...]
    hashtags: tuple[str, ...]
    plain: str


def find_mentions(source: str) -> tuple[str, ...]:
    """The handles that `render` will ask for: `user` or `user@host[:port]`, lower-case, none from code or links.

    Raises:
        TextTooLong: more than `SOURCE_CHARACTERS`.
    """
    if "@" not in source:
        return ()
    found = Found({}, lambda tag: "")
    _converted(_cleaned(source), found)
    return tuple(found.handles)


def render(source: str, *, mentions: Mapping[str, Mention], tag_url: Callable[[str], str]) -> Rendered:
    """`source` as HTML. Handles missing in `mentions` stay text; `tag_url` gets a folded hashtag.

    Raises:
        TextTooLong: more than `SOURCE_CHARACTERS`, before anything is parsed (R-47).
    """
    text = _cleaned(source)
    if _PLAIN.fullmatch(text):
        return Rendered(f"<p>{text}</p>", (), (), text)
    found = Found(mentions, tag_url)
    html = clean_own(_converted(text, found))
    return Rendered(html, tuple(found.handles), tuple(found.tags), to_plain(html))


def _cleaned(source: str) -> str:
    if len(source) > SOURCE_CHARACTERS:
        raise TextTooLong(length=len(source), limit=SOURCE_CHARACTERS)
    return clean_text(source, limit=SOURCE_CHARACTERS * 3)


def _converted(text: str, found: Found) -> str:
    """The parser is made once for each thread: to make it takes as long as an ordinary post."""
    made: tuple[Markdown, Dialect] | None = getattr(_workers, "made", None)
    if made is None:
        dialect = Dialect(found)
        made = _workers.made = Markdown(extensions=[SaneListExtension(), dialect], tab_length=INDENT), dialect
    parser, dialect = made
    dialect.found = found
    return parser.reset().convert(text)
