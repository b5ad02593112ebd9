"""Asks a page that somebody linked to what it says of itself: title, a few words, a picture.

The page's server learns our name and nothing else: no signature, no cookie, no referrer (L11). What comes back is
untrusted text: it is read up to a limit, in one pass, and only plain text and one address are taken from it.
"""

import asyncio
import html
import re
from urllib.parse import urljoin, urlsplit

from sqlalchemy import select

from federation.errors import ProtocolError
from federation.fetch import FetchFailed, FetchRefused
from federation.trust import NotAdmitted, TooManyFetches
from federation.vocabulary import BadUrl, CheckedUrl, checked_url
from federation.wire import Wire
from models import link_cards
from models.link_cards import Found
from models.tables import Partner, PartnerState
from models.text.tokens import Start, read

MAX_PAGE = 2_097_152
DEADLINE = 10.0
PER_MINUTE = 20
_READ = 262_144
_PIXELS = 65535
_TEXT = 4096
_HTML = ("text/html", "application/xhtml+xml")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_ENCODINGS = re.compile(
    r"utf-?(?:8|16)(?:le|be)?|us-ascii|latin-?1|iso-8859-[0-9]{1,2}|(?:windows-|cp)(?:12[0-9]{2}|874|932)|koi8-[ru]"
    r"|shift_jis|euc-(?:jp|kr)|iso-2022-jp|gb2312|gbk|gb18030|big5|macintosh"
)  # what pages are written in; some of Python's other encodings take quadratic time
_SPACES = re.compile(r"\s+")
_PICTURES = ("og:image:secure_url", "og:image:url", "og:image", "twitter:image", "twitter:image:src")


async def ask_due(wire: Wire) -> int:
    """Ask the pages whose time has come; how many that were."""
    async with wire.database.reading() as session:
        if not await link_cards.is_due(session):
            return 0
    async with wire.database.writing() as session:
        due = [(card.id, card.url) for card in await link_cards.claim(session)]
    await asyncio.gather(*(_ask(wire, card_id, url) for card_id, url in due))
    return len(due)


async def _ask(wire: Wire, card_id: int, url: str) -> None:
    try:
        found = await fetch(wire, url)
    except ProtocolError as error:
        async with wire.database.writing() as session:
            await link_cards.fail(session, card_id, for_good=not _is_passing(error))
        return
    async with wire.database.writing() as session:
        await link_cards.keep(session, card_id, found)


def _is_passing(error: ProtocolError) -> bool:
    if isinstance(error, FetchFailed):
        status = error.http_status
        return error.reason != "too_large" and (status is None or status == 429 or status >= 500)
    return isinstance(error, TooManyFetches)


async def fetch(wire: Wire, url: str) -> Found | None:
    """What the page at `url` says of itself; None when that is nothing.

    Raises:
        BadUrl, NotAdmitted: it is no address that we ask, is ours, or of a company that we suspended.
        TooManyFetches, FetchRefused, FetchFailed: it could not be had, or is no page.
    """
    at = checked_url(url, insecure=wire.insecure_hosts)
    own = wire.database.instance.host
    async with wire.database.reading() as session:
        suspended = select(Partner.host).where(Partner.state == PartnerState.SUSPENDED)
        shut_out = {own, *await session.scalars(suspended)}

    def admit(hop: CheckedUrl) -> bool:
        return hop.origin.authority not in shut_out

    if not admit(at):
        raise NotAdmitted(host=at.origin.authority)
    if wire.memory.fetches.take(f"page {at.origin.authority}", per_minute=PER_MINUTE, burst=PER_MINUTE) > 0:
        raise TooManyFetches(host=at.origin.authority)
    answer = await wire.fetcher.get(
        url, accept="text/html, application/xhtml+xml;q=0.9", admit=admit, max_bytes=MAX_PAGE, deadline=DEADLINE
    )
    if answer.status != 200:
        raise FetchFailed(reason="status", http_status=answer.status, host=answer.url.host)
    if answer.content_type.partition(";")[0].strip().lower() not in _HTML:
        raise FetchRefused(reason="media_type", host=answer.url.host, content_type=answer.content_type[:64])
    return await asyncio.to_thread(
        parse, answer.body, answer.content_type, page=answer.url.url, insecure_hosts=wire.insecure_hosts
    )


def parse(body: bytes, content_type: str, *, page: str, insecure_hosts: tuple[str, ...]) -> Found | None:
    """Read a page's head: Open Graph first, then what it says in plain HTML. None without a title."""
    said = _said(_text(body[:_READ], content_type))
    title = _first(said, "og:title", "twitter:title", "title")
    if not title:
        return None
    picture = _address(_first(said, *_PICTURES), page, insecure_hosts)
    return Found(
        title=title,
        description=_first(said, "og:description", "twitter:description", "description"),
        provider=_first(said, "og:site_name", "application-name") or urlsplit(page).netloc,
        author=_first(said, "author", "article:author"),
        image_url=picture,
        image_width=_pixels(said.get("og:image:width")) if picture else None,
        image_height=_pixels(said.get("og:image:height")) if picture else None,
    )


def _text(body: bytes, content_type: str) -> str:
    named = _CHARSET.search(content_type) or _CHARSET.search(body[:1024].decode("latin-1"))
    encoding = named[1].lower() if named and _ENCODINGS.fullmatch(named[1].lower()) else "utf-8"
    try:
        return body.decode(encoding, errors="replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", errors="replace")


def _said(text: str) -> dict[str, str]:
    """Names and values of a page's head, the first of each, the title among them."""
    said: dict[str, str] = {}
    for token in read(text):
        if isinstance(token, Start):
            if token.name == "body":
                break
            if token.name == "meta":
                name = (token.attributes.get("property") or token.attributes.get("name") or "").strip().lower()
                value = _line(token.attributes.get("content", ""))
                if name and value:
                    said.setdefault(name[:64], value)
    said["title"] = _title(text)
    return said


def _title(text: str) -> str:
    """The content of the first title element; `read` leaves out what is text and no markup."""
    lower = text.lower()
    start = lower.find("<title")
    body = lower.find("<body")
    opened = lower.find(">", start)
    closed = lower.find("</title", opened)
    if -1 in (start, opened, closed) or -1 < body < start:
        return ""
    return _line(html.unescape(text[opened + 1 : closed][:_TEXT]))


def _line(text: str) -> str:
    return _SPACES.sub(" ", text[:_TEXT]).strip()


def _first(said: dict[str, str], *names: str) -> str:
    return next((said[name] for name in names if said.get(name)), "")


def _address(text: str, page: str, insecure_hosts: tuple[str, ...]) -> str | None:
    if not text:
        return None
    try:
        joined = urljoin(page, text)
        checked_url(joined, insecure=insecure_hosts)
    except (BadUrl, ValueError):
        return None
    return joined


def _pixels(text: str | None) -> int | None:
    number = int(text) if text is not None and re.fullmatch(r"[0-9]{1,5}", text) else 0
    return number if 0 < number <= _PIXELS else None
