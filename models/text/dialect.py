"""Our Markdown as an extension of python-markdown: which of its parts run, and the inline parts we add.

Every pattern here either ends at its own opening character or looks ahead a bounded way, so that a text of opening
brackets costs no more than any other (R-47).
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor, SubstituteTagInlineProcessor
from markdown.util import AtomicString, code_escape
from msgspec import Struct, field

from . import addresses
from .blocks import Fences, Heading, Tame
from .clean import fold_tag
from .tables import TableProcessor

MENTIONS = 50
HASHTAGS = 30
"""Further ones stay text; peers read no more either (CNT-6)."""


class Mention(Struct, frozen=True):
    """Somebody who can be mentioned: where the link leads, and the handle (`user` or `user@host`) it shows."""

    url: str
    handle: str


class Found(Struct):
    """What one conversion needs to know and finds out."""

    known: Mapping[str, Mention]
    tag_url: Callable[[str], str]
    handles: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)


class Dialect(Extension):
    """python-markdown without what reads HTML or looks ahead without bounds, and with what we add.

    `found` belongs to the conversion that is under way: set it before each one.
    """

    def __init__(self, found: Found) -> None:
        super().__init__()
        self.found = found

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        md.ESCAPED_CHARS = [*md.ESCAPED_CHARS, "@", "~", "|", "<", "&"]
        md.preprocessors.deregister("html_block")
        md.preprocessors.register(Fences(md), "fences", 25)
        md.preprocessors.register(Tame(md), "tame", 24)

        blocks = md.parser.blockprocessors
        for name in ("code", "reference"):  # an indented line is text: people indent
            blocks.deregister(name)
        blocks.register(Heading(md.parser), "hashheader", 70)
        blocks.register(TableProcessor(md.parser), "table", 75)

        inline = md.inlinePatterns
        for name in (
            "reference",
            "image_link",
            "image_reference",
            "short_reference",
            "short_image_ref",
            "automail",
            "html",
        ):
            inline.deregister(name)
        inline.register(_Code(r"`+", md), "backtick", 190)
        inline.register(_Link(_LINK, md), "link", 160)
        inline.register(_AngleLink(r"<(https?://[^\s<>]*)>", md), "autolink", 120)
        inline.register(_BareLink(addresses.BARE_URL.pattern, md), "bare_link", 118)
        inline.register(_Mention(addresses.MENTION.pattern, md, self), "mention", 116)
        inline.register(_Hashtag(addresses.HASHTAG_START.pattern, md, self), "hashtag", 114)
        inline.register(SubstituteTagInlineProcessor(r" *\n", "br"), "linebreak", 100)
        inline.register(_Strike(r"~~(?=[^\s~])([^~]{0,2000}[^\s~])~~", md), "strike", 55)


_Match = tuple[ET.Element | str | None, int | None, int | None]
_TARGET = r"[^\s()<>\[\]\x02\x03]*(?:\([^\s()<>\[\]\x02\x03]*\)[^\s()<>\[\]\x02\x03]*)*"
_LINK = (
    r"(?P<image>!?)\[(?P<text>[^\[\]]{0,1000})\]"
    rf"\( ?<?(?P<url>{_TARGET})>?(?: +\"[^\"\[\]\n]{{0,300}}\")? ?\)"
)


class _Code(InlineProcessor):
    """`code`, between runs of the same number of backticks (CommonMark §6.1)."""

    LOOK_AHEAD = 2000

    def handleMatch(self, m: re.Match[str], data: str) -> _Match:  # type: ignore[override]  # noqa: N802
        before = data[max(0, m.start() - 40) : m.start()]
        if (len(before) - len(before.rstrip("\\"))) % 2:
            return None, None, None
        closing = re.compile(rf"(?<!`){m.group()}(?!`)").search(data, m.end(), m.end() + self.LOOK_AHEAD)
        if closing is None:
            return None, None, None
        code = ET.Element("code")
        code.text = AtomicString(code_escape(data[m.end() : closing.start()].strip()))
        return code, m.start(), closing.end()


class _Link(InlineProcessor):
    """`[text](url)`; `![text](url)` is a link as well."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(self, m: re.Match[str], data: str) -> _Match:  # type: ignore[override]  # noqa: N802
        url = addresses.shown_url(self.unescape(m["url"]))
        if url is None:
            return None, None, None
        return _link(url, m["text"] or url, plain=not m["text"]), m.start(), m.end()


class _AngleLink(InlineProcessor):
    """`<https://…>`."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(self, m: re.Match[str], data: str) -> _Match:  # type: ignore[override]  # noqa: N802
        url = addresses.shown_url(m[1])
        return (None, None, None) if url is None else (_link(url, url), m.start(), m.end())


class _BareLink(InlineProcessor):
    """An address in running text, without the full stop behind it."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(self, m: re.Match[str], data: str) -> _Match:  # type: ignore[override]  # noqa: N802
        end = addresses.url_end(data, m.start(), m.end())
        url = addresses.shown_url(data[m.start() : end])
        return (None, None, None) if url is None else (_link(url, url), m.start(), end)


class _Mention(InlineProcessor):
    """`@user` and `@user@host` (CNT-3)."""

    ANCESTOR_EXCLUDES = ("a",)

    def __init__(self, pattern: str, md: Markdown, dialect: Dialect) -> None:
        super().__init__(pattern, md)
        self.dialect = dialect

    def handleMatch(self, m: re.Match[str], data: str) -> _Match:  # type: ignore[override]  # noqa: N802
        handle = m.group()[1:].lower()
        if not _noted(self.dialect.found.handles, handle, MENTIONS):
            return m.group(), m.start(), m.end()
        mention = self.dialect.found.known.get(handle)
        if mention is None:
            return m.group(), m.start(), m.end()  # kept whole, so that an underscore in a name is no emphasis
        card = ET.Element("span", {"class": "h-card", "translate": "no"})
        link = ET.SubElement(card, "a", {"href": mention.url, "class": "u-url mention"})
        link.text = AtomicString("@")
        ET.SubElement(link, "span").text = AtomicString(mention.handle.split("@")[0])
        card.text = AtomicString("")
        return card, m.start(), m.end()


class _Hashtag(InlineProcessor):
    """`#tag` (CNT-3)."""

    ANCESTOR_EXCLUDES = ("a",)

    def __init__(self, pattern: str, md: Markdown, dialect: Dialect) -> None:
        super().__init__(pattern, md)
        self.dialect = dialect

    def handleMatch(self, m: re.Match[str], data: str) -> _Match:  # type: ignore[override]  # noqa: N802
        name = addresses.hashtag_at(data, m.start())
        if name is None:
            return None, None, None
        folded = fold_tag(name)
        if not _noted(self.dialect.found.tags, folded, HASHTAGS):
            return None, None, None
        link = ET.Element("a", {"href": self.dialect.found.tag_url(folded), "class": "mention hashtag", "rel": "tag"})
        link.text = AtomicString("#")
        ET.SubElement(link, "span").text = AtomicString(name)
        return link, m.start(), m.start() + 1 + len(name)


def _noted(found: dict[str, int], name: str, most: int) -> bool:
    """Whether `name` may become a link: at most `most` names do, each at most as often."""
    if name not in found and len(found) >= most:
        return False
    found[name] = found.get(name, 0) + 1
    return found[name] <= most


class _Strike(InlineProcessor):
    """`~~struck~~`."""

    def handleMatch(self, m: re.Match[str], data: str) -> _Match:  # type: ignore[override]  # noqa: N802
        struck = ET.Element("del")
        struck.text = m[1]
        return struck, m.start(), m.end()


def _link(url: str, text: str, *, plain: bool = True) -> ET.Element:
    link = ET.Element("a", {"href": url})
    link.text = AtomicString(text) if plain else text
    return link
