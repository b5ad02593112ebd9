"""What a linked page says of itself: read from rubbish as well, and asked once, unsigned, from nobody inside (L11)."""

import pytest

from federation import link_cards as pages
from federation.fetch import FetchFailed, FetchRefused
from federation.trust import NotAdmitted, TooManyFetches
from federation.vocabulary import BadUrl
from models import link_cards
from models.link_cards import Found
from models.tables import LinkCard

PAGE = "https://news.example/a/1"


def said(head: str, kind: str = "text/html; charset=utf-8", *, encoding: str = "utf-8") -> Found | None:
    return pages.parse(head.encode(encoding), kind, page=PAGE, insecure_hosts=())


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("<title>Steel\n is  up</title>", Found(title="Steel is up", provider="news.example")),
        (
            '<title>x</title><meta property="og:title" content="Steel &amp; iron">'
            '<meta name=description content="By 2 %">'
            '<meta property="og:site_name" content="News"><meta name="author" content="A. Writer">'
            '<meta property="og:image" content="/1.png"><meta property="og:image:width" content="1200">',
            Found(
                title="Steel & iron", description="By 2 %", provider="News", author="A. Writer",
                image_url="https://news.example/1.png", image_width=1200,
            ),
        ),
        ('<meta name="twitter:title" content="T">', Found(title="T", provider="news.example")),
        ("<META PROPERTY=OG:TITLE CONTENT='Old style'>", Found(title="Old style", provider="news.example")),
        ("<title>&lt;script&gt;alert(1)</title>", Found(title="<script>alert(1)", provider="news.example")),
        ("<title>first</title><title>second</title>", Found(title="first", provider="news.example")),
        ("<body><title>late</title>", None),
        ("<title>   </title>", None),
        ("no markup", None),
        ("", None),
        ("<title>unfinished", None),
    ],
)  # fmt: skip
def test_a_page_is_read_for_its_title_words_and_picture(head: str, found: Found | None) -> None:
    assert said(head) == found


@pytest.mark.parametrize(
    "image",
    ["javascript:x", "http://news.example/1.png", "https://a@b/", "data:image/png;base64,x", "//["],
)
def test_R_53_an_odd_address_is_no_picture(image: str) -> None:
    found = said(
        f'<title>T</title><meta property="og:image" content="{image}"><meta property="og:image:width" content="9">'
    )
    assert found is not None
    assert (found.image_url, found.image_width) == (None, None)


@pytest.mark.parametrize(
    ("kind", "encoding", "head"),
    [
        ("text/html; charset=iso-8859-1", "latin-1", ""),
        ("text/html", "windows-1252", '<meta charset="windows-1252">'),
        ("text/html", "shift_jis", '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">'),
        ("text/html; charset=UTF-16", "utf-16", ""),
    ],
)
def test_a_page_is_read_in_its_own_encoding(kind: str, encoding: str, head: str) -> None:
    word = "鋼" if encoding == "shift_jis" else "Stähle"
    found = said(f"{head}<title>{word}</title>", kind, encoding=encoding)
    assert found is not None
    assert found.title == word


@pytest.mark.parametrize("charset", ["punycode", "zlib", "unicode_escape", "rubbish", "idna", "utf-7"])
def test_R_47_no_page_chooses_how_long_its_reading_takes(charset: str) -> None:
    found = said("<title>T</title>" + "a-" * 200_000, f"text/html; charset={charset}")
    assert found is not None
    assert found.title == "T"


def serves(peer, head: str = "<title>Steel is up</title>", *, kind: str = "text/html", status: int = 200) -> str:
    peer.documents["/page?x=1"] = (status, head.encode(), kind)
    return f"{peer.base_url}/page?x=1"


async def test_L11_a_page_is_asked_without_saying_who_wants_it(home, mallory):
    found = await pages.fetch(home.wire, serves(mallory))

    assert found == Found(title="Steel is up", provider=mallory.host)
    assert (mallory.asked, mallory.signed) == (["/page?x=1"], [])
    assert not {"referer", "cookie", "authorization"} & {name.lower() for name in mallory.headers[-1]}


async def test_L11_our_own_pages_and_those_of_who_was_shut_out_are_not_asked(home, northwind, mallory):
    await home.suspends(northwind)
    mallory.redirects["/page?x=1"] = home.url("/groups/secret")
    for url, refusal in (
        (home.url("/groups/secret"), NotAdmitted),
        (serves(northwind), NotAdmitted),
        (f"{mallory.base_url}/page?x=1", FetchRefused),
        ("https://10.0.0.1/", FetchRefused),
        ("https://user@mallory.example/", BadUrl),
        ("file:///etc/passwd", BadUrl),
    ):
        with pytest.raises(refusal):
            await pages.fetch(home.wire, url)
    assert northwind.asked == []


@pytest.mark.parametrize(
    ("kind", "status", "refusal"),
    [("application/pdf", 200, FetchRefused), ("text/html", 404, FetchFailed), ("image/png", 200, FetchRefused)],
)
async def test_what_is_no_page_has_no_card(home, mallory, kind, status, refusal):
    with pytest.raises(refusal):
        await pages.fetch(home.wire, serves(mallory, kind=kind, status=status))


async def test_R_46_a_page_is_asked_once_for_all_who_look_and_a_failure_only_a_few_times(home, mallory, clock):
    url = serves(mallory)
    for _ in range(20):
        async with home.database.writing() as session:
            await link_cards.want(session, [url])
    assert await pages.ask_due(home.wire) == 0  # not at the same moment as everybody else
    clock.advance(seconds=5)
    assert await pages.ask_due(home.wire) == 1
    [card] = await home.rows(LinkCard)
    assert (card.title, card.next_attempt_at) == ("Steel is up", None)

    gone = f"{mallory.base_url}/busy"
    mallory.documents["/busy"] = (503, b"", "text/plain")
    async with home.database.writing() as session:
        await link_cards.want(session, [gone])
    for _ in range(6):
        clock.advance(days=1)
        async with home.database.writing() as session:
            await link_cards.want(session, [url, gone])
        await pages.ask_due(home.wire)
    assert mallory.asked == ["/page?x=1", "/busy", "/busy", "/busy"]


async def test_R_46_one_server_is_asked_twenty_times_a_minute_at_most(home, mallory):
    url = serves(mallory)
    for _ in range(pages.PER_MINUTE):
        await pages.fetch(home.wire, url)
    with pytest.raises(TooManyFetches):
        await pages.fetch(home.wire, url)
    assert len(mallory.asked) == pages.PER_MINUTE
