"""R-50, R-53, R-54, CNT-4: what remains of hostile HTML, judged by two parsers and once more after repair."""

import warnings
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.text.clean import TextTooLong
from models.text.sanitise import (
    DEPTH,
    REMOTE_CHARACTERS,
    clean_own,
    clean_remote,
    clean_stored,
    excerpt,
    to_plain,
)
from models.text.tokens import Text, read

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from bleach._vendor import html5lib

_BARE = """p br strong em b i u del pre blockquote ul h1 h2 h3 h4 h5 h6 hr sup sub ruby rt rp
table thead tbody tr th td""".split()  # noqa: SIM905
ALLOWED = {
    "a": {"href", "class", "rel"},
    "span": {"class", "translate"},
    "code": {"class"},
    "ol": {"start", "reversed"},
    "li": {"value"},
    **{tag: set() for tag in _BARE},
}

PAYLOADS = [
    "<script>alert(1)</script>",
    "<ScRiPt >alert(1)</sCrIpT >",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script src=//evil.example/x.js></script>",
    "<script/xss src=x>",
    "<script",
    "<img src=x onerror=alert(1)>",
    "<img src=`x` onerror=alert(1)//",
    "<img/src=x/onerror=alert(1)>",
    "<image src=x onerror=alert(1)>",
    '<img src="data:image/svg+xml,<svg onload=alert(1)>">',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) />",
    "<math><mtext><table><mglyph><style><!--</style><img src=x onerror=alert(1)>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<noscript><style></noscript><img src=x onerror=alert(1)></style>",
    "<textarea></textarea><img src=x onerror=alert(1)>",
    "<title><img src=x onerror=alert(1)></title>",
    "<template><script>alert(1)</script></template>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)><b>after</b>",
    "<applet code=x></applet>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    "<style><!--</style><img src=x onerror=alert(1)>--></style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<p id=content name=x>x</p>",
    "<p onclick=alert(1)>x</p>",
    "<p/onmouseover=alert(1)>x</p>",
    "<b onfocus=alert(1) autofocus tabindex=1>x</b>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href=JaVaScRiPt:alert(1)>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61vascript:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='java&Tab;script:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='blob:https://x/1'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='/admin/delete'>x</a>",
    "<a href='https://good.example@evil.example/'>x</a>",
    "<a href='https://good.example\\@evil.example/'>x</a>",
    "<a href='https:\\\\evil.example'>x</a>",
    "<a href='https://ok.example' target=_top ping=//evil.example download>x</a>",
    "<a href='https://ok.example' style=color:red class='invisible mention evil'>x</a>",
    "<span class='invisible'>https://evil.example/</span><span class='ellipsis'>good</span>",
    "<a href=\"https://ok.example/' onclick='alert(1)\">x</a>",
    '<a href=https://ok.example/"onclick=alert(1)>x</a>',
    "<a title='\"><img src=x onerror=alert(1)>' href=https://ok.example>x</a>",
    '<p title="--!><img src=x onerror=alert(1)>">x</p>',
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "<!DOCTYPE x [<!ENTITY e '<script>alert(1)</script>'>]>&e;",
    "<table><td><p><table><style><img src=x onerror=alert(1)>",
    "<table background='javascript:alert(1)'><tr><td background=x>c</table>",
    "<select><option><script>alert(1)</script></select>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<input autofocus onfocus=alert(1)>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<body onload=alert(1)>",
    "<html><head><script>alert(1)</script></head><body>x",
    "<p<script>alert(1)</script>",
    "<<script>alert(1)//<</script>",
    "</p></div><script>alert(1)</script>",
    "<a href='https://ok.example'><a href=javascript:alert(1)>x</a></a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;img src=x onerror=alert(1)&amp;gt;",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "＜script＞alert(1)＜/script＞",
    "<code class='language-x\" onclick=alert(1)'>x</code>",
    "<ol start='1 onclick=alert(1)' type=a><li value=x>a</ol>",
    "<p>&#0;&#xD800;&#99999999999999999999;</p>",
]


def _elements(html: str) -> list[tuple[str, dict[str, str]]]:
    """Every element with its attributes, as html5lib, which repairs as browsers do, sees them."""
    tree = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return [(node.tag, dict(node.attrib)) for node in tree.iter() if node.tag != "DOCUMENT_FRAGMENT"]


class _Simple(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, {name: value or "" for name, value in attrs}))

    def handle_comment(self, data):
        self.seen.append(("#comment", {}))


def _judge(html: str) -> None:
    simple = _Simple()
    simple.feed(html)
    simple.close()
    repaired = html5lib.serialize(html5lib.parseFragment(html), quote_attr_values="always")
    for name, attributes in [*simple.seen, *_elements(html), *_elements(repaired)]:
        assert name in ALLOWED, (name, html)
        assert set(attributes) <= ALLOWED[name], (name, attributes)
        for attribute, value in attributes.items():
            assert attribute != "href" or urlsplit(value).scheme in {"http", "https", "mailto"}, value
            assert attribute != "class" or not {"invisible", "ellipsis"} & set(value.split()), value


@pytest.mark.parametrize("payload", PAYLOADS)
def test_R_50_no_payload_leaves_an_element_or_attribute_outside_the_list(payload):
    for html in (payload, f"<p>before {payload} after</p>", f"<a href='https://ok.example' title='{payload}'>x</a>"):
        for clean in (clean_remote, clean_own, lambda text: clean_remote(text, headings_flat=True)):
            _judge(clean(html))


def test_R_50_the_judge_recognises_what_it_forbids():
    for html in ("<script>x</script>", "<p onclick=x>", "<a href=javascript:x>", "<!-- x -->", "<p id=x>"):
        with pytest.raises(AssertionError):
            _judge(html)


_PIECES = st.sampled_from(
    [*PAYLOADS, *(f"<{tag}>" for tag in ALLOWED), *(f"</{tag}>" for tag in ALLOWED), "<div>", "</div>", "x", " ", "\n"]
)
_MARKUP = st.lists(st.one_of(_PIECES, st.text(max_size=12), st.sampled_from(list("<>&\"'=/ !-;#"))), max_size=30)


@settings(max_examples=150, deadline=None)
@given(_MARKUP.map("".join))
def test_R_50_cleaning_any_markup_gives_only_allowed_markup_and_twice_is_once(source):
    once = clean_remote(source)

    _judge(once)
    assert clean_stored(once) == once


def test_CNT_4_formatting_of_other_servers_is_kept():
    html = (
        '<h2>T</h2><p>Hi <strong>b</strong> <em>i</em><br>x</p><ul><li>a</li></ul><ol start="3"><li>c</li></ol>'
        '<pre><code class="language-py">x = 1</code></pre><blockquote><p>q</p></blockquote>'
        "<table><thead><tr><th>h</th></tr></thead><tbody><tr><td>d</td></tr></tbody></table>"
    )
    assert clean_remote(html) == html


def test_CNT_4_unknown_elements_leave_their_text_and_dangerous_ones_nothing():
    assert clean_remote("<blink>a</blink><style>b</style><svg><text>c</text></svg><font>d</font>") == "ad"


def test_CNT_4_divisions_become_paragraphs():
    assert clean_remote("<div>a<div>b</div></div>c") == "<p>a</p><p>b</p><p>c</p>"


def test_CNT_4_headings_are_bold_paragraphs_for_microblogs():
    assert clean_remote("<h1>T</h1>x", headings_flat=True) == "<p><strong>T</strong></p>x"


def test_R_54_every_link_says_nofollow_and_hides_nothing():
    html = clean_remote(
        '<a href="https://e.example/x?a=1&copy=2" rel="opener" class="u-url mention ellipsis">'
        '<span class="invisible">https://</span>e</a>'
    )
    assert html == (
        '<a href="https://e.example/x?a=1&amp;copy=2" class="u-url mention" rel="nofollow noopener noreferrer ugc">'
        "<span>https://</span>e</a>"
    )


def test_a_hashtag_stays_recognisable_for_clients():
    html = clean_remote('<a href="https://e.example/tags/x" class="mention hashtag" rel="tag">#<span>x</span></a>')
    assert 'class="mention hashtag" rel="tag nofollow noopener noreferrer ugc"' in html


def test_R_56_pictures_are_links_or_come_from_us():
    html = '<p><img src="https://e.example/a.png" alt="A" onerror="x" width="3" height="4px"></p>'

    rel = "nofollow noopener noreferrer ugc"
    assert clean_remote(html) == f'<p><a href="https://e.example/a.png" rel="{rel}">A</a></p>'
    proxied = clean_remote(html, image=lambda source: "/media/proxy/" + source[-5:])
    assert proxied == '<p><img src="/media/proxy/a.png" alt="A" width="3"></p>'
    assert clean_stored(proxied, images_under="/media/proxy/") == proxied
    assert clean_stored(proxied) == "<p>A</p>"


def test_a_picture_that_is_only_a_sign_stays_its_name():
    sign = '<p>Good <img class="not-responsive emoji" src="https://e.example/1.png" alt=":smile:"> day</p>'
    assert clean_remote(sign) == "<p>Good :smile: day</p>"
    linked = '<a href="https://e.example/"><img src="https://e.example/1.png" alt="The hall"></a>'
    assert clean_remote(linked).count("<a ") == 1
    assert ">The hall</a>" in clean_remote(linked)


def test_R_56_a_picture_that_is_no_web_address_is_never_asked_for():
    asked = []
    clean_remote("<img src=data:image/png;base64,xx><img src=/x.png>", image=asked.append)
    assert asked == []


def test_R_47_too_much_is_refused_before_it_is_read():
    with pytest.raises(TextTooLong):
        clean_remote("<b>" * REMOTE_CHARACTERS)
    assert clean_remote("x" * REMOTE_CHARACTERS)


@pytest.mark.parametrize(
    ("piece", "characters"),
    [
        ("<b>", REMOTE_CHARACTERS),  # as long as a text may be; the others are long enough to go twenty times too deep
        *((piece, 20 * DEPTH * len(piece)) for piece in ("<p><b>", "<b><p>", "<blockquote>", "<a><b>")),
        *((piece, 20 * DEPTH * len(piece)) for piece in ("<table><tr><td>", "<ul><li>")),
    ],
)
def test_R_47_depth_is_bounded_so_that_no_parser_works_in_squares(piece, characters):
    html = clean_remote(piece * (characters // len(piece)))
    depth = deepest = 0
    for token in read(html):
        if not isinstance(token, Text):
            depth += 1 if type(token).__name__ == "Start" else -1
            deepest = max(deepest, depth)
    assert 0 < deepest <= DEPTH + 1
    assert len(html) < 4 * characters


@pytest.mark.parametrize("piece", ["<", "<a ", "<a b='", "<!--", "<![CDATA[", "<script>", "</script", "&", "&#", "<?"])
def test_R_47_the_tokens_of_broken_markup_grow_no_faster_than_the_text(piece):
    small, large = (sum(1 for _ in read(piece * count)) for count in (1000, 2000))
    assert large <= 2 * small + 1


def test_plain_text_keeps_lines_and_paragraphs():
    html = "<h1>T</h1><p>a<br>b &amp; &lt;c&gt;</p><ul><li>x</li><li><p>y</p></li></ul><pre>k\n  l</pre><p>z</p>"
    assert to_plain(html) == "T\n\na\nb & <c>\n\n- x\n- y\n\nk\n  l\n\nz"


def test_plain_text_leaves_out_what_nobody_sees():
    assert to_plain("a<script>b</script><!-- c --><style>d</style>e") == "ae"


def test_an_excerpt_ends_between_words():
    assert excerpt("One two\n\nthree four", 100) == "One two three four"
    assert excerpt("One two three four", 12) == "One two…"
    assert excerpt("x" * 50, 10) == "x" * 9 + "…"
    assert all(len(excerpt("Some words, and more words", limit)) <= limit for limit in range(2, 30))
