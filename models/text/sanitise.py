"""Makes HTML harmless, and readable as plain text. The only place that calls bleach.

Two steps, each complete in itself. The first reads the markup once (`tokens`) and writes it anew: allowed tags,
allowed attributes, balanced, of limited depth, texts escaped. So the second step, bleach, sees nothing that could cost
it time and has the last word: what it returns is changed by nobody any more (R-50). Cleaning twice changes nothing,
which lets us clean on the way in and again on the way out (CNT-4).
"""

import html
import re
import threading
from collections.abc import Callable, Iterator, Mapping

from bleach.sanitizer import Cleaner
from msgspec import Struct, field

from .addresses import shown_url
from .clean import TextTooLong, clean_text
from .tokens import RAW_TEXT, End, Start, Text, Token, read

REMOTE_CHARACTERS = 65_536
OWN_CHARACTERS = 2_000_000
"""Own HTML comes from our renderer, whose source is limited; this is only the net below it."""
DEPTH = 40
CHILDREN = 1000
"""Elements in one element; of further ones only the text stays. bleach needs quadratic time for siblings."""
_ELEMENTS_AT_ONCE = 200

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_TABLES = frozenset({"table", "thead", "tbody", "tr", "th", "td"})
_BLOCKS = (
    frozenset({"p", "pre", "blockquote", "ul", "ol", "li", "hr"}) | _HEADINGS | _TABLES
)  # end a paragraph that is still open
_INLINE = frozenset({"a", "span", "strong", "em", "b", "i", "u", "del", "code", "sup", "sub", "ruby", "rt", "rp"})
_VOID = frozenset({"br", "hr", "img"})
TAGS = _BLOCKS | _INLINE | _VOID

_WITHOUT_CONTENT = RAW_TEXT | {
    "object",
    "embed",
    "svg",
    "math",
    "form",
    "template",
    "select",
    "audio",
    "video",
    "canvas",
}
_DIVISIONS = frozenset(
    {"div", "section", "article", "header", "footer", "main", "aside", "nav", "figure", "figcaption"}
    | {"details", "summary", "dl", "dt", "dd", "address", "center", "hgroup", "fieldset", "legend", "caption"}
)  # become paragraphs, so that their texts do not run into each other
_SAME = {"s": "del", "strike": "del", "tt": "code"}
_CLASSES = frozenset({"h-card", "u-url", "mention", "hashtag", "quote-inline"})  # nothing that hides a part
_LANGUAGE = re.compile(r"language-[A-Za-z0-9_+#.-]{1,40}")
_ATTRIBUTES = {
    "a": ["href", "class", "rel", "title"],
    "span": ["class", "translate"],
    "code": ["class"],
    "ol": ["start", "reversed"],
    "li": ["value"],
    "img": ["class", "src", "alt", "title", "width", "height"],
}
_EMOJI = re.compile(r":([A-Za-z0-9_]{1,64}):")
_NUMBER = re.compile(r"-?[0-9]{1,6}")
_PARENTS = {
    "li": {"ul", "ol"},
    "thead": {"table"},
    "tbody": {"table"},
    "tr": {"thead", "tbody"},
    "td": {"tr"},
    "th": {"tr"},
    "rt": {"ruby"},
    "rp": {"ruby"},
}
_CHILDREN_ONLY = {
    "ul": {"li"},
    "ol": {"li"},
    "table": {"thead", "tbody"},
    "thead": {"tr"},
    "tbody": {"tr"},
    "tr": {"td", "th"},
}
_NO_BLOCKS_INSIDE = frozenset({"p", "pre"}) | _HEADINGS | _INLINE

_REMOTE_REL = "nofollow noopener noreferrer ugc"

_workers = threading.local()  # a Cleaner keeps state while it works

ImageSource = Callable[[str], str | None]


def clean_remote(source: str, *, image: ImageSource | None = None, headings_flat: bool = False) -> str:
    """HTML from elsewhere as it may stand in our pages (CNT-4, R-50, R-53, R-54).

    Every link leaves with `rel="nofollow noopener noreferrer ugc"`. Pictures are left out, unless `image` answers the
    address of our own copy for their `src`. With `headings_flat` headings become bold paragraphs, as microblogs want.

    Raises:
        TextTooLong: more than `REMOTE_CHARACTERS`; nothing has been read then (R-47).
    """

    def proxied(asked: str) -> str | None:
        return None if image is None or shown_url(asked) is None else image(asked)

    rules = _Rules(link_rel=_REMOTE_REL, image=proxied, headings_flat=headings_flat)
    return _clean(source, rules, limit=REMOTE_CHARACTERS)


def clean_stored(
    source: str, *, images_under: str = "", headings_flat: bool = False, emoji: Mapping[str, str] | None = None
) -> str:
    """What `clean_remote` once returned, cleaned again before it goes into a page; pictures stay `images_under` ours.

    `emoji` maps shortcodes to addresses of ours: `:shortcode:` becomes that picture, but not in code.
    Otherwise nothing changes unless the rules have become stricter since, or somebody wrote into the database.
    """

    def ours(asked: str) -> str | None:
        return asked if images_under and asked.startswith(images_under) else None

    rules = _Rules(link_rel=_REMOTE_REL, image=ours, headings_flat=headings_flat, emoji=emoji or {})
    return _clean(source, rules, limit=OWN_CHARACTERS)


def clean_own(source: str, *, emoji: Mapping[str, str] | None = None) -> str:
    """HTML that our own renderer made from what our people typed, cleaned all the same (R-51); `emoji` as there."""
    rules = _Rules(link_rel="nofollow noopener noreferrer", own=True, emoji=emoji or {})
    return _clean(source, rules, limit=OWN_CHARACTERS)


def to_plain(source: str) -> str:
    """The text of HTML, for notifications, search and clients that show no markup.

    A paragraph ends with an empty line, a line break and a list item with a line end. Nothing is escaped: this is
    text, and whoever puts it into a page escapes it like any other text.
    """
    if len(source) > OWN_CHARACTERS:
        raise TextTooLong(length=len(source), limit=OWN_CHARACTERS)
    writer = _PlainWriter()
    for token in _shown(read(source)):
        writer.take(token)
    return writer.text()


def excerpt(plain: str, limit: int) -> str:
    """The beginning of `plain` on one line, at most `limit` characters, cut between words and with an ellipsis."""
    line = " ".join(plain[: limit * 4 + 400].split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    if not line[limit - 1].isspace():
        head, space, _ = cut.rpartition(" ")
        cut = head if space and len(head) >= limit // 2 else cut
    return cut.rstrip(" ,;:-") + "…"


class _Rules(Struct, frozen=True):
    link_rel: str
    image: ImageSource | None = None
    headings_flat: bool = False
    own: bool = False
    emoji: Mapping[str, str] = field(default_factory=dict)


def _clean(source: str, rules: _Rules, *, limit: int) -> str:
    if len(source) > limit:
        raise TextTooLong(length=len(source), limit=limit)
    writer = _Writer(rules)
    for token in _shown(read(clean_text(source, limit=limit * 3))):
        writer.take(token)
    cleaner = _cleaner()
    return "".join(cleaner.clean(piece) for piece in writer.pieces())


def _cleaner() -> Cleaner:
    cleaner: Cleaner | None = getattr(_workers, "cleaner", None)
    if cleaner is None:
        cleaner = Cleaner(
            tags=TAGS, attributes=_ATTRIBUTES, protocols={"http", "https", "mailto"}, strip=True, strip_comments=True
        )
        _workers.cleaner = cleaner
    return cleaner


def _shown(tokens: Iterator[Token]) -> Iterator[Token]:
    """`tokens` without the elements that go with all they contain; one without an end takes the rest along."""
    hidden = ""
    depth = 0
    for token in tokens:
        if hidden:
            if isinstance(token, Start) and token.name == hidden:
                depth += 1
            elif isinstance(token, End) and token.name == hidden:
                depth -= 1
                hidden = hidden if depth else ""
        elif isinstance(token, Start) and token.name in _WITHOUT_CONTENT:
            if token.name != "embed":  # void: it has no content and no end
                hidden, depth = token.name, 1
        else:
            yield token


class _Writer(Struct):
    """Writes tokens as balanced markup, in which every element stands where HTML allows it."""

    rules: _Rules
    parts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    children: list[int] = field(default_factory=lambda: [0])
    finished: list[str] = field(default_factory=list)
    divided: bool = False

    def pieces(self) -> list[str]:
        """The markup, cut between elements that stand in no other: each piece is complete in itself."""
        self._close_to(0)
        return [*self.finished, "".join(self.parts)]

    def take(self, token: Token) -> None:
        if isinstance(token, Text):
            self._text(token.text)
        elif isinstance(token, Start):
            self._start(token)
        else:
            self._end(_SAME.get(token.name, token.name))

    def _text(self, text: str) -> None:
        if self.open and self.open[-1] in _CHILDREN_ONLY:
            if not text.strip():
                return
            self._leave_structures()
        if self.parts and self.parts[-1] == "<pre>":
            text = text.lstrip("\n")  # a parser drops the first line end there, and the next parser the next
        if text.strip():
            self._begin_paragraph()
        text = clean_text(text, limit=len(text) * 3)
        if not self.rules.emoji or "code" in self.open or "pre" in self.open:
            self.parts.append(html.escape(text, quote=False))
        else:
            self._text_with_emoji(text)

    def _text_with_emoji(self, text: str) -> None:
        """Pieces of text, and between them what stood between two colons."""
        for position, piece in enumerate(_EMOJI.split(text)):
            picture = self.rules.emoji.get(piece) if position % 2 else None
            if picture is not None:
                name = f":{piece}:"
                kept = {"class": "emoji", "src": picture, "alt": name, "title": name, "width": "20", "height": "20"}
                self.parts.append(f"<img{_written(kept)}>")
            else:
                self.parts.append(html.escape(f":{piece}:" if position % 2 else piece, quote=False))

    def _start(self, token: Start) -> None:
        name = _SAME.get(token.name, token.name)
        if name in _DIVISIONS:
            self._divide()
        if name not in TAGS:
            return
        if name in _BLOCKS:
            self.divided = False
            self._close_for_block(name)
        parent = self.open[-1] if self.open else ""
        if name == "tr" and parent == "table":  # a table body is implied (HTML §4.9.5), and bleach would add it later
            self._open("tbody", "<tbody>")
            parent = "tbody"
        if name in _PARENTS and parent not in _PARENTS[name]:
            return
        if parent in _CHILDREN_ONLY and name not in _CHILDREN_ONLY[parent]:
            self._leave_structures()
        if name not in _BLOCKS:
            self._begin_paragraph()
        if len(self.open) >= DEPTH or (self.open and self.children[-1] >= CHILDREN):
            return
        if name in {"a", "ruby"} and name in self.open:  # neither can stand in itself
            self._end(name)
        self.children[-1] += 1
        if name == "img":
            self._image(token)
        elif name in _VOID:
            self.parts.append(f"<{name}>")
        elif name in _HEADINGS and self.rules.headings_flat:
            self._open(name, "<p><strong>")
        else:
            self._open(name, f"<{name}{self._attributes(name, token.attributes)}>")

    def _end(self, name: str) -> None:
        if name in _DIVISIONS:
            self._divide()
        if name in self.open:
            self._close_to(len(self.open) - 1 - self.open[::-1].index(name))

    def _open(self, name: str, markup: str) -> None:
        self.open.append(name)
        self.children.append(0)
        self.parts.append(markup)

    def _close_to(self, depth: int) -> None:
        while len(self.open) > depth:
            name = self.open.pop()
            self.children.pop()
            flat = name in _HEADINGS and self.rules.headings_flat
            self.parts.append("</strong></p>" if flat else f"</{name}>")
        if not self.open and self.children[0] >= _ELEMENTS_AT_ONCE:
            self.finished.append("".join(self.parts))
            self.parts.clear()
            self.children[0] = 0

    def _close_for_block(self, name: str) -> None:
        """Close what a block cannot stand in, and for parts of lists and tables their open siblings."""
        while self.open and self.open[-1] in _NO_BLOCKS_INSIDE:
            self._close_to(len(self.open) - 1)
        parents = _PARENTS.get(name)
        if parents is None:
            return
        if name == "tr":
            parents = parents | {"table"}
        for depth in range(len(self.open) - 1, -1, -1):
            if self.open[depth] in parents:
                self._close_to(depth + 1)
                return
            if self.open[depth] == "table" or (name == "li" and self.open[depth] in {"td", "th", "blockquote"}):
                return

    def _divide(self) -> None:
        """End the running text; what follows begins a paragraph."""
        if not any(name == "pre" or name in _HEADINGS for name in self.open):
            self._close_for_block("p")
            self.divided = True

    def _begin_paragraph(self) -> None:
        if self.divided and len(self.open) < DEPTH and not (self.open and self.open[-1] in _CHILDREN_ONLY):
            self._open("p", "<p>")
            self.children[-2] += 1
        self.divided = False

    def _leave_structures(self) -> None:
        while self.open and self.open[-1] in _CHILDREN_ONLY:
            self._close_to(len(self.open) - 1)

    def _image(self, token: Start) -> None:
        asked = token.attributes.get("src", "")
        source = None if self.rules.image is None else self.rules.image(asked)
        if source is None:
            self._instead_of_image(token)
            return
        kept = {"src": source, "alt": clean_text(token.attributes.get("alt", "")[:1500], limit=4500)}
        kept |= {
            name: token.attributes[name]
            for name in ("width", "height")
            if re.fullmatch("[0-9]{1,5}", token.attributes.get(name, ""))
        }
        self.parts.append(f"<img{_written(kept)}>")

    def _instead_of_image(self, token: Start) -> None:
        """What a picture says that is not shown: a sign stays its name, anything else is a link to it."""
        given = token.attributes
        alt = " ".join(clean_text(given.get("alt", "")[:1500], limit=4500).split())
        target = shown_url(given.get("src", ""))
        is_sign = "emoji" in given.get("class", "").split() or _EMOJI.fullmatch(alt) is not None
        if target is None or is_sign or "a" in self.open or not target.startswith(("http://", "https://")):
            self.parts.append(html.escape(alt, quote=False))
        else:
            space = " " if self.parts and not self.parts[-1].endswith((">", " ", "\n")) else ""
            link = _written({"href": target, "rel": self.rules.link_rel})
            self.parts.append(f"{space}<a{link}>{html.escape(alt or target, quote=False)}</a>")

    def _attributes(self, name: str, given: dict[str, str]) -> str:
        kept: dict[str, str] = {}
        if name == "a":
            kept = self._link(given)
        elif name == "span":
            kept = _classes(given)
            if given.get("translate") == "no":
                kept["translate"] = "no"
        elif name == "code":
            language = given.get("class", "").strip()
            kept = {"class": language} if _LANGUAGE.fullmatch(language) else {}
        elif name in {"ol", "li"}:
            number = "start" if name == "ol" else "value"
            if _NUMBER.fullmatch(given.get(number, "")):
                kept[number] = given[number]
            if name == "ol" and "reversed" in given:
                kept["reversed"] = "reversed"
        return _written(kept)

    def _link(self, given: dict[str, str]) -> dict[str, str]:
        target = shown_url(given.get("href", ""))
        if target is None:
            return {}
        kept = {"href": target} | _classes(given)
        classes = kept.get("class", "").split()
        rel = self.rules.link_rel
        if self.rules.own and ("mention" in classes or "hashtag" in classes):
            rel = ""
        if "hashtag" in classes:
            rel = f"tag {rel}".strip()
        return kept | ({"rel": rel} if rel else {})


def _classes(given: dict[str, str]) -> dict[str, str]:
    kept = list(dict.fromkeys(word for word in given.get("class", "").split() if word in _CLASSES))
    return {"class": " ".join(kept)} if kept else {}


def _written(attributes: dict[str, str]) -> str:
    return "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())


class _PlainWriter(Struct):
    """Gathers lines; `gap` is how many line ends the next word needs before it."""

    parts: list[str] = field(default_factory=list)
    gap: int = 0
    verbatim: int = 0
    lists: int = 0

    def text(self) -> str:
        return "".join(self.parts).strip()

    def take(self, token: Token) -> None:
        if isinstance(token, Text):
            self._words(token.text)
            return
        name = token.name
        if name == "br":
            self.gap = max(self.gap, 0) + 1 if isinstance(token, Start) else self.gap
        elif name in {"li", "tr"}:
            self.gap = max(self.gap, 1)
            if isinstance(token, Start) and name == "li":
                self._words("- ", marker=True)
        elif name in {"ul", "ol"}:
            self.lists += 1 if isinstance(token, Start) else -1
            self.gap = max(self.gap, 1 if self.lists > isinstance(token, Start) else 2)
        elif name in _BLOCKS - _TABLES or name in {"table", "div", "section", "article"}:
            self.gap = max(self.gap, 2 if not self._after_marker() else 0)
        elif name in {"td", "th"} and isinstance(token, End):
            self._words(" ", marker=True)
        if name == "pre":
            self.verbatim = max(0, self.verbatim + (1 if isinstance(token, Start) else -1))

    def _after_marker(self) -> bool:
        return bool(self.parts) and self.parts[-1] == "- " and self.gap == 0

    def _words(self, text: str, *, marker: bool = False) -> None:
        if not self.verbatim and not marker:
            text = re.sub(r"\s+", " ", text)
            if self.gap or not self.parts or self.parts[-1].endswith((" ", "\n")):
                text = text.lstrip(" ")
        if not text:
            return
        if self.gap and self.parts:
            self.parts[-1] = self.parts[-1].rstrip(" ")
            self.parts.append("\n" * min(self.gap, 2))
        self.gap = 0
        self.parts.append(text)
