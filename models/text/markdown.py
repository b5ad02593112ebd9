"""Renders what people type (Markdown) into the HTML of a post.

CommonMark in the parts people use: headings, lists, fenced code, links, emphasis, strikethrough, tables, quotes, bare
links; a line end is a line break. HTML in the source is shown as it was typed, there are no attribute lists, footnotes
or reference links, and a picture becomes a link to it, so that no page loads anything from elsewhere (R-51, R-56).

A mention is rendered only if the caller knows the person: `find_mentions` first, look them up, then `render`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markdown import Markdown
from markdown.extensions.sane_lists import SaneListExtension

from .blocks import INDENT
from .clean import TextTooLong, clean_text
from .dialect import Dialect, Found, Mention
from .sanitise import clean_own, to_plain

__all__ = ["SOURCE_CHARACTERS", "Mention", "Rendered", "find_mentions", "render"]

SOURCE_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class Rendered:
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
    _convert(source, found)
    return tuple(found.handles)


def render(source: str, *, mentions: Mapping[str, Mention], tag_url: Callable[[str], str]) -> Rendered:
    """`source` as HTML. Handles missing in `mentions` stay text; `tag_url` gets a folded hashtag.

    Raises:
        TextTooLong: more than `SOURCE_CHARACTERS`, before anything is parsed (R-47).
    """
    found = Found(mentions, tag_url)
    html = clean_own(_convert(source, found))
    return Rendered(html, tuple(found.handles), tuple(found.tags), to_plain(html))


def _convert(source: str, found: Found) -> str:
    if len(source) > SOURCE_CHARACTERS:
        raise TextTooLong(length=len(source), limit=SOURCE_CHARACTERS)
    text = clean_text(source, limit=SOURCE_CHARACTERS * 3)
    return Markdown(extensions=[SaneListExtension(), Dialect(found)], tab_length=INDENT).convert(text)
