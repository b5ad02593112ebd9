"""The pages that a post links to: not those of whom it names, nor of its hashtags."""

import html
import re
from collections.abc import Iterator

_LONGEST = 2048
_LINK = re.compile(r"<a ([^>]*)>")
_HREF = re.compile(r'\bhref="([^"]*)"')
_NO_PAGE = re.compile(r'\bclass="[^"]*\b(?:mention|hashtag|quote-inline)\b')


def pages_in(text: str) -> Iterator[str]:
    """The addresses of pages in cleaned HTML, in order, without what follows a `#`; one may come several times."""
    for attributes in _LINK.findall(text):
        href = _HREF.search(attributes)
        if href is None or _NO_PAGE.search(attributes):
            continue
        url = html.unescape(href[1]).partition("#")[0]
        if url.startswith(("https://", "http://")) and len(url) <= _LONGEST:
            yield url
