"""Reads HTML of any quality into a flat list of texts and tags, in one pass over the characters.

A full HTML parser repairs broken markup, and can be made to repair for minutes: nested formatting costs it quadratic
time and memory. Here nothing is repaired and nothing is looked at twice: what is not finished is dropped up to the
end, as browsers do. The result is not trusted; `sanitise` builds well-formed markup from it and lets bleach judge that.
"""

import html
import re
from collections.abc import Iterator

from msgspec import Struct, field

_TAG_NAME = re.compile(r"/?[A-Za-z][^\s/>\x00]*")
_ATTRIBUTE_GAP = re.compile(r"[\s/]*")
_ATTRIBUTE_NAME = re.compile(r"[^\s/>=][^\s/>=]*")
_EQUALS = re.compile(r"\s*=\s*")
_BARE_VALUE = re.compile(r"[^\s>]*")
_BIG_NUMBER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9A-Fa-f]{7,});?")

_FINISHED_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_ATTRIBUTES = 32

RAW_TEXT = frozenset(
    {"script", "style", "iframe", "noembed", "noframes", "noscript", "textarea", "title", "xmp", "plaintext"}
)
"""Elements whose content is text up to their own end tag, whatever it looks like (HTML §13.2.6)."""


class Text(Struct, frozen=True):
    """Characters between tags, entities resolved."""

    text: str


class Start(Struct, frozen=True):
    """A start tag. Of repeated attributes the first one counts, as in browsers."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)


class End(Struct, frozen=True):
    """An end tag."""

    name: str


Token = Text | Start | End


def read(source: str) -> Iterator[Token]:
    """The tokens of `source`; comments, declarations and unfinished tags are left out, raw text with its element."""
    at = 0
    while at < len(source):
        opening = source.find("<", at)
        if opening < 0:
            yield Text(_resolved(source[at:]))
            return
        if opening > at:
            yield Text(_resolved(source[at:opening]))
        name = _TAG_NAME.match(source, opening + 1)
        if name is not None:
            token, at = _tag(source, name)
            if token is None:
                return
            if isinstance(token, Start) and token.name in RAW_TEXT:
                at = _after_raw_text(source, at, token.name)
            else:
                yield token
        elif source.startswith(("<!", "<?", "</"), opening):
            at = _after_comment(source, opening)
        else:
            yield Text("<")
            at = opening + 1


def _tag(source: str, name: re.Match[str]) -> tuple[Token | None, int]:
    """The tag that begins with `name`, and where it ends; `None` when it never does."""
    attributes: dict[str, str] = {}
    at = name.end()
    while True:
        at = _end(_ATTRIBUTE_GAP, source, at)
        if at >= len(source):
            return None, at
        if source[at] == ">":
            break
        if source[at] == "=":  # a stray sign begins a name, as in browsers
            key, at = "=", at + 1
        else:
            end = _end(_ATTRIBUTE_NAME, source, at)
            key, at = source[at:end], end
        equals = _EQUALS.match(source, at)
        value = ""
        if equals is not None:
            at = equals.end()
            quote = source[at : at + 1]
            if quote in {'"', "'"}:
                end = source.find(quote, at + 1)
                if end < 0:
                    return None, len(source)
                value, at = source[at + 1 : end], end + 1
            else:
                end = _end(_BARE_VALUE, source, at)
                value, at = source[at:end], end
        if len(attributes) < _ATTRIBUTES:
            attributes.setdefault(key.lower(), _FINISHED_ENTITY.sub(_entity, value))
    text = name.group().lower()
    return (End(text[1:]) if text.startswith("/") else Start(text, attributes)), at + 1


def _end(pattern: re.Pattern[str], source: str, at: int) -> int:
    found = pattern.match(source, at)
    return at if found is None else found.end()


def _after_raw_text(source: str, at: int, name: str) -> int:
    if name == "plaintext":
        return len(source)
    found = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(source, at)
    if found is None:
        return len(source)
    end = source.find(">", found.end())
    return len(source) if end < 0 else end + 1


def _after_comment(source: str, at: int) -> int:
    if source.startswith("<!--", at):
        if source.startswith(("<!-->", "<!--->"), at):
            return source.index(">", at) + 1
        end = source.find("-->", at + 4)
        bang = source.find("--!>", at + 4, end if end >= 0 else len(source))
        if bang >= 0:
            return bang + 4
        return len(source) if end < 0 else end + 3
    end = source.find(">", at)
    return len(source) if end < 0 else end + 1


def _resolved(text: str) -> str:
    if "&" not in text:
        return text
    return html.unescape(_BIG_NUMBER.sub("\N{REPLACEMENT CHARACTER}", text))


def _entity(found: re.Match[str]) -> str:
    return html.unescape(found.group())  # unfinished ones stay as they are: `?a=1&copy=2` is an address
