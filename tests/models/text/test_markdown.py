"""What people type, as HTML (CNT-1 to CNT-6, R-47, R-51)."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.text import dialect, markdown
from models.text.blocks import Tame
from models.text.clean import TextTooLong
from models.text.dialect import Found
from models.text.markdown import SOURCE_CHARACTERS, Mention, find_mentions, render
from models.text.sanitise import clean_own, to_plain

KNOWN = {
    "anna": Mention("https://muster.example/@anna", "anna"),
    "no_b_dy": Mention("https://muster.example/@no_b_dy", "no_b_dy"),
    "bob@x.example:8002": Mention("https://x.example:8002/u/bob", "Bob@x.example:8002"),
}


def _html(source: str) -> str:
    return render(source, mentions=KNOWN, tag_url=lambda tag: f"https://muster.example/tags/{tag}").html


LINK = 'rel="nofollow noopener noreferrer"'


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("# Title", "<h1>Title</h1>"),
        ("### Title ###", "<h3>Title</h3>"),
        ("Title\n===", "<h1>Title</h1>"),
        ("**bold** *it* _it_ ~~gone~~", "<p><strong>bold</strong> <em>it</em> <em>it</em> <del>gone</del></p>"),
        ("snake_case_name", "<p>snake_case_name</p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("`a <b> @anna #x`", "<p><code>a &lt;b&gt; @anna #x</code></p>"),
        ("``a ` b``", "<p><code>a ` b</code></p>"),
        ("\\*no\\* \\@anna \\#tag", "<p>*no* @anna #tag</p>"),
        ("[a](https://e.example/x_y_z)", f'<p><a href="https://e.example/x_y_z" {LINK}>a</a></p>'),
        ("[a](https://e.example/x_(y))", f'<p><a href="https://e.example/x_(y)" {LINK}>a</a></p>'),
        ("![a](https://e.example/x.png)", f'<p><a href="https://e.example/x.png" {LINK}>a</a></p>'),
        ("<https://e.example>", f'<p><a href="https://e.example" {LINK}>https://e.example</a></p>'),
        ("See https://e.example/a_b_c.", f'<p>See <a href="https://e.example/a_b_c" {LINK}>https://e.example/a_b_c</a>.</p>'),
        ("(https://e.example/a)", f'<p>(<a href="https://e.example/a" {LINK}>https://e.example/a</a>)</p>'),
        ("1) one\n2) two", "<ol><li>one</li><li>two</li></ol>"),
        ("5. five\n6. six", '<ol start="5"><li>five</li><li>six</li></ol>'),
        ("    indented is text", "<p>indented is text</p>"),
        ("#1 heading", "<p>#1 heading</p>"),
        ("4 < 5 & 6 > 5", "<p>4 &lt; 5 &amp; 6 &gt; 5</p>"),
    ],
)  # fmt: skip
def test_CNT_5_markdown_becomes_html(source, html):
    assert _html(source) == html


@pytest.mark.parametrize("indent", [2, 3, 4])
def test_lists_nest_with_any_usual_indent_and_without_a_blank_line_before(indent):
    html = _html(f"Steps:\n- a\n{' ' * indent}- b\n- c").replace("\n", "")
    assert html == "<p>Steps:</p><ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"


def test_fenced_code_keeps_everything_as_typed_and_its_language():
    html = _html("before\n```py\n<b> @anna #x\n\n# no heading\n```\nafter")
    assert '<pre><code class="language-py">&lt;b&gt; @anna #x\n\n# no heading\n</code></pre>' in html
    assert html.endswith("<p>after</p>")


def test_a_fence_that_is_never_closed_holds_the_rest():
    assert "<pre><code>a\n# b\n</code></pre>" in _html("```\na\n# b")


def test_tables_have_heads_rows_and_escaped_bars():
    html = _html("| a | b |\n|---|:-:|\n| `x|y` | 2\\|3 |\n| only one |")
    assert html == (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>"
        "<tr><td><code>x|y</code></td><td>2|3</td></tr><tr><td>only one</td><td></td></tr></tbody></table>"
    )


def test_CNT_3_a_mention_is_the_markup_that_clients_know():
    assert _html("Hi @anna, @Bob@x.example:8002!") == (
        '<p>Hi <span class="h-card" translate="no"><a href="https://muster.example/@anna" class="u-url mention">'
        '@<span>anna</span></a></span>, <span class="h-card" translate="no"><a href="https://x.example:8002/u/bob" '
        'class="u-url mention">@<span>Bob</span></a></span>!</p>'
    )


def test_CNT_3_a_hashtag_is_the_markup_that_clients_know():
    assert _html("#Straße") == (
        '<p><a href="https://muster.example/tags/strasse" class="mention hashtag" rel="tag">'
        "#<span>Straße</span></a></p>"
    )


def test_names_with_underscores_are_no_emphasis_known_or_not():
    assert _html("@un_kno_wn") == "<p>@un_kno_wn</p>"
    assert "<em>" not in _html("@no_b_dy and _@no_b_dy")


@pytest.mark.parametrize("source", ["`@anna`", "```\n@anna\n```", "[@anna](https://e.example)", "https://e.example/@anna",
                                    "mail anna@anna.example", "me@anna", "\\@anna", "@", "@-", "@@anna"])  # fmt: skip
def test_a_mention_in_code_links_and_mail_addresses_is_none(source):
    assert find_mentions(source) == ()
    assert "mention" not in _html(source)


def test_mentions_are_found_in_order_once_in_lower_case():
    source = "@Anna, (@bob@X.example) **@carl**: @anna.\n> @dora@h.example:8080\n- @e_v"
    assert find_mentions(source) == ("anna", "bob@x.example", "carl", "dora@h.example:8080", "e_v")
    assert render(source, mentions={}, tag_url=str).mentions == find_mentions(source)


def test_CNT_6_hashtags_are_folded_and_numbers_are_none():
    rendered = render("#Tag #tag #１２ #2026 #ÄÖ_1 #ﬁn a#b &#35;c #", mentions={}, tag_url=str)
    assert rendered.hashtags == ("tag", "äö_1", "fin")


def test_CNT_6_mentions_and_hashtags_beyond_what_peers_read_stay_text():
    many = " ".join(f"@p{number} #t{number}" for number in range(100))
    rendered = render(many, mentions={}, tag_url=str)
    assert len(rendered.mentions) == dialect.MENTIONS
    assert len(rendered.hashtags) == dialect.HASHTAGS
    assert "#t99" in rendered.plain


def test_the_plain_text_reads_like_the_post():
    rendered = render("# T\n**a** @anna\nb\n\n- c\n- [d](https://e.example)", mentions=KNOWN, tag_url=str)
    assert rendered.plain == "T\n\na @anna\nb\n\n- c\n- d"


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<div onclick=alert(1)>\n\nx\n\n</div>",
    "<!-- x --><b>x</b>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>p{}</style>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "[x](//evil.example)",
    "[x](/admin)",
    "[x](https://a.example\"onclick=alert(1))",
    "[x](https://a.example 'onclick=alert(1)')",
    '[x](https://a.example "t\\" onclick=alert(1)")',
    "![x](https://a.example/x.png\"onerror=alert(1))",
    "![x](javascript:alert(1))",
    "![<img src=x onerror=alert(1)>](https://a.example)",
    "[<script>alert(1)</script>](https://a.example)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<https://a.example/\"onclick=alert(1)>",
    "https://a.example/'onclick='alert(1)",
    "https://a.example/<script>alert(1)</script>",
    "# T {: onclick=alert(1) #id }",
    "text\n{: .evil style='x' onclick=alert(1) }",
    "```py onclick=alert(1)\nx\n```",
    "```{.py onclick=alert(1)}\nx\n```",
    "```\"><script>alert(1)</script>\nx\n```",
    "`<script>alert(1)</script>`",
    "x[^1]\n\n[^1]: <script>alert(1)</script>",
    "*[abbr]: <script>\nabbr",
    "|<script>|b|\n|-|-|\n|<img src=x onerror=alert(1)>|c|",
    "> <script>alert(1)</script>",
    "- <img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\x02wzxhzdk:0\x03 \x02klzzwxh:0000\x03 \x02amp\x03",
    "<details open ontoggle=alert(1)>",
    "@anna\"onclick=alert(1)",
    "#tag\"onclick=alert(1)",
    "[TOC] [[wiki]] ::: note",
]  # fmt: skip


class _Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("source", HOSTILE)
def test_R_51_html_in_markdown_is_text_and_no_address_is_a_script(source):
    ours = {"p", "br", "a", "span", "em", "strong", "code", "pre", "h1", "ul", "li", "blockquote",
            "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip
    for tag, attributes in _Elements(_html(source)).found:
        assert tag in ours, (tag, source)
        assert set(attributes) <= {"href", "rel", "class", "translate"}, attributes
        assert (attributes.get("href") or "https://").startswith(("https://a.example", "https://muster.", "https://"))
        assert "javascript" not in (attributes.get("href") or "")


def test_R_51_html_is_shown_as_it_was_typed():
    assert render("<b>x</b> <!-- y -->", mentions={}, tag_url=str).plain == "<b>x</b> <!-- y -->"


def test_R_47_too_long_a_source_is_refused_before_it_is_parsed():
    for refuse in (_html, find_mentions):
        with pytest.raises(TextTooLong) as refused:
            refuse("@" * (SOURCE_CHARACTERS + 1))
        assert refused.value.facts["limit"] == SOURCE_CHARACTERS


PATHOLOGICAL = [
    "[", "![", "[a](", "[a](x", "](", "*", "**", "*a ", "**a ", "_a_", "*a _b ", "`", "`a", "`` `", ">", "> ", "> - ",
    "> a\n>> b\n", "- ", "1. ", "1. 1. ", "#", "# a\n", "#a ", "~~", "~~a ", "@", "@a.", "@a@", "|", "|a|b|\n|-|-|\n",
    "<", "<a ", "<!--", "&", "&#", "http://", "http://a(", "http://a)", "\\", "---\n", "===\n", "a\n---\n", "* * *\n",
    " ", "\n", "\t", "```\n", "a\u0301", "<http://", "a*b_c", "*(a ",
]  # fmt: skip


@pytest.mark.parametrize("piece", PATHOLOGICAL)
def test_R_47_pathological_texts_come_back_in_proportion(piece):
    """What comes out, and so the work below it, grows with the text and not with its square."""
    small, large = (render(piece * count, mentions={}, tag_url=str).html for count in (300, 600))
    assert len(large) <= 2.2 * len(small) + 400


@pytest.mark.parametrize("piece", [">", "> - ", "1. ", "- a\n  ", "*a "])
def test_R_47_nesting_is_bounded(piece):
    depth = deepest = 0
    html = render(piece * 2000, mentions={}, tag_url=str).html
    for part in html.split("<")[1:]:
        if not part.startswith(("br", "hr")):
            depth += -1 if part.startswith("/") else 1
            deepest = max(deepest, depth)
    assert deepest < 30


def test_R_47_nested_emphasis_is_calmed_and_a_separate_paragraph_is_not():
    deep = "*a " * 40
    assert "\\*" in "\n".join(Tame().run([deep]))
    assert "\\*" not in "\n".join(Tame().run(["*a* " * 40, "", "*b*"]))


def test_R_47_what_one_conversion_counts_does_not_leak_into_the_next():
    found = Found({}, str)
    assert not found.handles
    assert find_mentions("@anna") == find_mentions("@anna") == ("anna",)


_TYPED = [
    "*",
    "_",
    "~~",
    "`",
    "```",
    "\n",
    "\n\n",
    "> ",
    "- ",
    "1. ",
    "# ",
    "|",
    "---",
    "[",
    "](",
    ")",
    "![",
    "<",
    "/>",
]
_TYPED += [
    "<script>",
    "&lt;",
    "@ada",
    "#steel",
    "https://a.example/?x=1&y",
    "javascript:x",
    "{: onclick=x }",
    "    ",
    "\x00",
]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(_TYPED) | st.text(max_size=5), max_size=25).map("".join))
def test_R_51_whatever_is_typed_becomes_harmless_html(source):
    found = _html(source)

    assert clean_own(found) == found
    assert "<script" not in found
    assert "onclick=x" not in "".join(_tags(found))


def _tags(html: str) -> list[str]:
    return [piece.partition(">")[0] for piece in html.split("<")[1:]]


@settings(max_examples=75, deadline=None)
@given(st.one_of(st.from_regex(markdown._PLAIN, fullmatch=True), st.text(max_size=30).map("a".__add__)))
def test_a_line_without_markup_becomes_what_the_parser_would_make_of_it(source):
    cleaned = markdown._cleaned(source)
    parsed = clean_own(markdown._converted(cleaned, Found({}, str)))
    found = render(source, mentions={}, tag_url=str)

    assert (found.html, found.plain) == (parsed, to_plain(parsed))


def test_what_one_text_names_is_not_found_in_the_next():
    assert find_mentions("*Hello* @anna #one") == ("anna",)
    second = render("*Hello* #two", mentions=KNOWN, tag_url=str)

    assert (second.mentions, second.hashtags) == ((), ("two",))
    assert render("a\u1fefb c`", mentions={}, tag_url=str).html == "<p>a<code>b c</code></p>"
