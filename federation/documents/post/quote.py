"""What a post quotes, both directions, in all the spellings that others read (FEP-044f, FEP-e232; POL-5)."""

import html
from typing import Self

from msgspec import Struct

from federation.documents import members
from federation.vocabulary import LD_JSON, Document, as_list, is_activity_media_type, strip_prefix
from models.tables import Consent, Post

_REL = "https://misskey-hub.net/ns#_misskey_quote"
_QUOTES = frozenset({_REL, "https://w3id.org/fep/044f#quote", "http://fedibird.com/ns#quoteUri"})
_SPELLINGS = ("quote", "quoteUrl", "quoteUri", "_misskey_quote")


class Quoted(Struct, frozen=True):
    """The post that is quoted: its id, its page, and the stamp of its author."""

    uri: str
    url: str
    stamp_uri: str | None = None

    @classmethod
    def of(cls, consent: Consent, target: Post) -> Self:
        return cls(target.uri, target.url or target.uri, consent.stamp_uri)


def render(quoted: Quoted) -> Document:
    document: Document = dict.fromkeys(_SPELLINGS, quoted.uri)
    if quoted.stamp_uri is not None:
        document["quoteAuthorization"] = quoted.stamp_uri
    return document


def link(quoted: Quoted) -> Document:
    """A tag for those who know links to objects only (FEP-e232)."""
    return {"type": "Link", "mediaType": LD_JSON, "href": quoted.uri, "rel": _REL, "name": f"RE: {quoted.url}"}


def inline(quoted: Quoted) -> str:
    """A line for those who know no quotes at all; others hide it by its class."""
    address = html.escape(quoted.url)
    return f'<p class="quote-inline">RE: <a href="{address}">{address}</a></p>'


def parse(document: Document, *, insecure_hosts: tuple[str, ...]) -> str | None:
    """The id of what a post quotes."""
    for name in _SPELLINGS:
        found = members.checked_id(document.get(name), insecure_hosts=insecure_hosts)
        if found is not None:
            return found
    for tag in as_list(document.get("tag"))[:100]:
        if isinstance(tag, dict) and strip_prefix(tag.get("type")) == "Link" and _is_quote(tag):
            return members.checked_id(tag, insecure_hosts=insecure_hosts)
    return None


def _is_quote(tag: Document) -> bool:
    media_type, rels = tag.get("mediaType"), as_list(tag.get("rel"))
    is_object = isinstance(media_type, str) and is_activity_media_type(media_type)
    return is_object and any(isinstance(rel, str) and rel in _QUOTES for rel in rels)
