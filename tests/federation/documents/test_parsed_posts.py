"""Posts from elsewhere: tolerant in form, strict in whose they are."""

from datetime import UTC, datetime

import pytest

from federation.documents import addressing
from federation.documents.post import parse
from federation.documents.refusals import NotAPost, WrongOrigin
from federation.vocabulary import PUBLIC
from models.tables import PostKind, Visibility

URI = "https://b.example/o/1"
ANNA = "https://b.example/users/anna"
NOW = datetime(2026, 2, 1, 10, 0, tzinfo=UTC)


def note(**changes):
    document = {
        "id": URI,
        "type": "Note",
        "attributedTo": ANNA,
        "content": "<p>Hi</p>",
        "to": [PUBLIC],
        "cc": [f"{ANNA}/followers"],
        "published": "2026-02-01T09:00:00Z",
    }
    return {**document, **changes}


def read(**changes):
    return parse(note(**changes), insecure_hosts=(), received=NOW)


def test_a_plain_note_is_read():
    found = read()

    assert (found.uri, found.author_uri, found.kind) == (URI, ANNA, PostKind.NOTE)
    assert found.html == "<p>Hi</p>"
    assert found.to == (PUBLIC,)
    assert found.visibility_hint is Visibility.PUBLIC
    assert found.published == datetime(2026, 2, 1, 9, 0, tzinfo=UTC)


# Whose it is


@pytest.mark.parametrize(
    "owner", ["https://evil.example/users/anna", "http://b.example/users/anna", "https://b.example:444/anna"]
)
def test_TRUST_2_an_author_of_another_origin_is_refused(owner):
    with pytest.raises(WrongOrigin):
        read(attributedTo=owner)


@pytest.mark.parametrize("owner", [None, [], ""])
def test_a_post_of_nobody_is_refused(owner):
    with pytest.raises((NotAPost, WrongOrigin)):
        read(attributedTo=owner)


@pytest.mark.parametrize(
    ("owners", "author", "group"),
    [
        ([ANNA], ANNA, None),
        ([{"type": "Person", "id": ANNA}], ANNA, None),
        (
            [{"type": "Person", "id": ANNA}, {"type": "Group", "id": "https://b.example/c/steel"}],
            ANNA,
            "https://b.example/c/steel",
        ),
        (["https://evil.example/x", ANNA], ANNA, None),
    ],
    ids=["list", "object", "person-and-group", "foreign-first"],
)
def test_TRUST_4_several_owners_are_told_apart(owners, author, group):
    found = read(attributedTo=owners)

    assert (found.author_uri, found.group_uri) == (author, group)


@pytest.mark.parametrize(
    "uri", [None, 7, "", "javascript:x", "https://x@b.example/o", "http://b.example/o", "/o/1", "https://b.example/\\x"]
)
def test_R_20_an_odd_id_is_refused(uri):
    with pytest.raises(NotAPost):
        read(id=uri)


# What it is


@pytest.mark.parametrize(
    ("type", "kind"),
    [
        ("Note", PostKind.NOTE),
        ("as:Note", PostKind.NOTE),
        (["Foo", "Note"], PostKind.NOTE),
        ("Article", PostKind.ARTICLE),
        ("Page", PostKind.ARTICLE),
        ("Question", PostKind.QUESTION),
    ],
)
def test_GEN_4_a_type_is_found_in_every_spelling(type, kind):
    assert read(type=type).kind is kind


@pytest.mark.parametrize("type", [None, "Tombstone", "Place", "Profile", "Relationship", "Person", 7, []])
def test_what_is_no_post_is_refused(type):
    with pytest.raises(NotAPost):
        read(type=type)


def test_a_chat_message_is_for_the_people_named():
    found = read(type="ChatMessage", to=["https://a.example/u/1"], cc=[])

    assert found.visibility_hint is Visibility.DIRECT


@pytest.mark.parametrize("type", ["Video", "Audio", "Event", "Document", "Image"])
def test_what_we_cannot_show_becomes_a_link_with_its_name(type):
    found = read(type=type, name="A film", content="<p>About it</p>", url="https://b.example/watch?v=1&x=2")

    assert found.title == "A film"
    assert "About it" in found.html
    assert 'href="https://b.example/watch?v=1&amp;x=2"' in found.html


def test_a_post_with_nothing_in_it_is_refused():
    with pytest.raises(NotAPost):
        read(content="")


def test_a_vote_is_told_from_a_reply():
    assert read(name="Yes", content=None, inReplyTo="https://a.example/o/1").is_vote
    assert not read(name="Title", inReplyTo="https://a.example/o/1").is_vote


def test_R_52_the_answers_of_a_poll_are_text():
    found = read(type="Question", oneOf=[{"type": "Note", "name": "Yes <b>"}, {"type": "Note", "name": "No"}, 7])

    assert found.poll is not None
    assert found.poll.options == (("Yes <b>", 0), ("No", 0))
    assert "Yes" not in found.html


# Whom it is for (ADR-1)


@pytest.mark.parametrize(
    ("to", "cc", "audience", "expected"),
    [
        ([PUBLIC], [], None, Visibility.PUBLIC),
        ("as:Public", None, None, Visibility.PUBLIC),
        ("Public", [], None, Visibility.PUBLIC),
        ([{"id": PUBLIC}], [], None, Visibility.PUBLIC),
        ([f"{ANNA}/followers"], [PUBLIC], None, Visibility.UNLISTED),
        ([f"{ANNA}/followers"], "as:Public", None, Visibility.UNLISTED),
        ([f"{ANNA}/followers"], [], None, Visibility.FOLLOWERS),
        (["https://b.example/c/steel", "https://b.example/c/steel/followers"], [], None, Visibility.FOLLOWERS),
        (["https://a.example/u/1"], [], None, Visibility.DIRECT),
        (["https://a.example/u/1"], [], "https://b.example/c/steel", Visibility.DIRECT),
        (["https://a.example/u/1"], [], PUBLIC, Visibility.PUBLIC),
        (None, None, None, None),
        ([], [], [], None),
        (7, [None, 2], None, None),
    ],
)
def test_ADR_1_addressing_says_who_may_see_it(to, cc, audience, expected):
    assert read(to=to, cc=cc, audience=audience).visibility_hint is expected


def test_ADR_3_hidden_recipients_are_never_read():
    found = read(to=[], cc=[], bto=[PUBLIC], bcc=["https://a.example/u/1"])

    assert found.addressing == addressing.Addressing()


def test_what_is_no_address_is_left_out():
    found = read(to=[PUBLIC, 2, None, "javascript:x", {"type": "Link", "href": "https://a.example/u/1"}], cc="x")

    assert found.to == (PUBLIC, "https://a.example/u/1")
    assert found.cc == ()


def test_R_42_a_crowd_of_recipients_is_cut():
    found = read(
        to=[f"https://a.example/u/{n}" for n in range(900)], cc=[f"https://a.example/v/{n}" for n in range(900)]
    )

    assert len(found.to) + len(found.cc) == 1000


# What it says


def test_R_50_its_html_is_cleaned():
    found = read(content='<p onclick="x()">Hi<script>alert(1)</script><img src="https://x.example/p.png"></p>')

    link = '<a href="https://x.example/p.png" rel="nofollow noopener noreferrer ugc">https://x.example/p.png</a>'
    assert found.html == f"<p>Hi {link}</p>"


def test_a_giant_text_is_cut_and_does_not_raise():
    assert 60_000 < len(read(content="a" * 900_000).html) < 70_000


def test_plain_text_stays_plain():
    assert read(mediaType="text/plain", content="a < b\nc").html == "a &lt; b<br>c"


@pytest.mark.parametrize(
    ("content", "by_language", "expected", "language"),
    [
        ("<p>Hi</p>", {"en": "<p>Hi</p>"}, "<p>Hi</p>", "en"),
        ("<p>Hi</p>", {"de": "<p>Hallo</p>"}, "<p>Hi</p>", None),
        (None, {"de": "<p>Hallo</p>"}, "<p>Hallo</p>", "de"),
        ("<p>Hi</p>", {"en" * 40: "<p>Hi</p>"}, "<p>Hi</p>", None),
        ("<p>Hi</p>", ["en"], "<p>Hi</p>", None),
        (7, {"en": 7, "de": "<p>Hallo</p>"}, "<p>Hallo</p>", "de"),
    ],
    ids=["same", "other", "only-map", "long-name", "list", "numbers"],
)
def test_a_language_is_the_one_whose_text_is_the_content(content, by_language, expected, language):
    found = read(content=content, contentMap=by_language)

    assert (found.html, found.language) == (expected, language)


@pytest.mark.parametrize(
    ("type", "sensitive", "summary", "warning", "is_sensitive"),
    [
        ("Note", None, "Blood &amp; <b>gore</b>", "Blood & gore", True),
        ("Note", True, None, "", True),
        ("Article", None, "An excerpt", "", False),
        ("Article", True, "Blood", "Blood", True),
        ("Note", "yes", None, "", False),
        ("Note", None, 7, "", False),
    ],
)
def test_a_summary_is_a_warning_only_where_it_is_meant_so(type, sensitive, summary, warning, is_sensitive):
    found = read(type=type, sensitive=sensitive, summary=summary)

    assert (found.warning, found.is_sensitive) == (warning, is_sensitive)


def test_CNT_4_a_title_is_text():
    assert read(type="Page", name="<b>Steel</b>\n in\u0000 3 mm").title == "<b>Steel</b> in 3 mm"


def test_a_reply_has_no_title_of_its_own():
    assert read(name="The topic", inReplyTo="https://a.example/o/1").title == ""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"content": "**Hi**", "mediaType": "text/markdown"}, "**Hi**"),
        ({"content": "**Hi**", "mediaType": "text/bbcode"}, ""),
        ("plain", ""),
        ({"content": 7, "mediaType": "text/markdown"}, ""),
        (None, ""),
    ],
)
def test_the_source_is_kept_when_it_is_markdown(source, expected):
    assert read(source=source).source == expected


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ("https://a.example/o/1", "https://a.example/o/1"),
        (["https://a.example/o/1"], "https://a.example/o/1"),
        ({"id": "https://a.example/o/1", "type": "Note"}, "https://a.example/o/1"),
        ("javascript:x", None),
        (None, None),
        (5, None),
    ],
)
def test_GEN_2_a_parent_is_found_in_every_shape(parent, expected):
    assert read(inReplyTo=parent).reply_to_uri == expected


def test_a_thread_is_a_context_or_else_a_conversation():
    tag = "tag:b.example,2026:1"
    assert read(context="https://b.example/t/1", conversation=tag).context_uri == "https://b.example/t/1"
    assert read(conversation="https://b.example/t/2").context_uri == "https://b.example/t/2"
    assert read(conversation=tag).context_uri is None


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ("2026-01-31T23:00:00.123+01:00", datetime(2026, 1, 31, 22, 0, 0, 123000, tzinfo=UTC)),
        ("2027-01-01T00:00:00Z", NOW),
        ("yesterday", None),
        (7, None),
        ("2026-02-01T09:00:00", None),
    ],
    ids=["offset", "future", "words", "number", "no-zone"],
)
def test_GEN_7_dates_are_read_and_the_far_future_is_now(published, expected):
    assert read(published=published).published == expected


def test_the_page_for_people_is_found_among_links():
    url = [
        {"type": "Link", "mediaType": "video/mp4", "href": "https://b.example/v.mp4"},
        {"mediaType": "text/html", "href": "https://b.example/w"},
    ]

    assert read(url=url).url == "https://b.example/w"
    assert read(url="javascript:x").url is None


# Files


def attached(*items):
    return read(attachment=list(items)).files


def test_a_picture_comes_with_what_is_known_of_it():
    (file,) = attached(
        {
            "type": "Document",
            "mediaType": "image/png",
            "url": "https://cdn.example/a.png",
            "name": "A red valve",
            "width": 640,
            "height": 480,
            "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
            "focalPoint": [0.5, -0.25],
        }
    )

    assert file.url == "https://cdn.example/a.png"
    assert (file.media_type, file.description) == ("image/png", "A red valve")
    assert (file.width, file.height, file.focus) == (640, 480, (0.5, -0.25))
    assert file.blurhash == "LEHV6nWB2yk8pyo0adR*.7kCMdnj"


@pytest.mark.parametrize(
    ("item", "url", "media_type"),
    [
        ({"type": "Image", "url": "https://c.example/a.webp"}, "https://c.example/a.webp", "image/webp"),
        ({"type": "Image", "url": "https://c.example/a"}, "https://c.example/a", "image/jpeg"),
        (
            {"type": "Video", "url": [{"type": "Link", "mediaType": "video/mp4", "href": "https://c.example/v"}]},
            "https://c.example/v",
            "video/mp4",
        ),
        ({"type": "Document", "href": "https://c.example/a.pdf"}, "https://c.example/a.pdf", "application/pdf"),
        (
            {"type": "Document", "mediaType": "no type", "url": "https://c.example/a"},
            "https://c.example/a",
            "application/octet-stream",
        ),
    ],
    ids=["extension", "image", "links", "href", "nothing"],
)
def test_a_file_is_found_in_every_shape(item, url, media_type):
    (file,) = attached(item)

    assert (file.url, file.media_type) == (url, media_type)


def test_an_alternative_text_is_the_name_or_else_the_summary():
    (file,) = attached({"type": "Image", "url": "https://c.example/a.png", "summary": "A valve"})

    assert file.description == "A valve"


@pytest.mark.parametrize(
    "item",
    [
        {"type": "Document", "url": "javascript:x"},
        {"type": "Document"},
        {"type": "Place", "url": "https://c.example/a.png"},
        "https://c.example/a.png",
        7,
    ],
)
def test_what_is_no_file_is_left_out(item):
    assert attached(item) == ()


@pytest.mark.parametrize(
    "blurhash", ["short", "L" * 200, "LEHV6nWB2yk8pyo0adR*.7kCMdn", 'LEHV6nWB2yk8pyo0adR*.7kCMdn"', 7]
)
def test_CNT_8_an_odd_blurhash_is_ignored(blurhash):
    (file,) = attached({"type": "Image", "url": "https://c.example/a.png", "blurhash": blurhash})

    assert file.blurhash is None


@pytest.mark.parametrize("focus", [[2, 0], [0], "x", [None, 1], [True, "x"]])
def test_CNT_8_an_odd_focus_is_the_middle(focus):
    (file,) = attached({"type": "Image", "url": "https://c.example/a.png", "focalPoint": focus})

    assert file.focus == (0.0, 0.0)


@pytest.mark.parametrize("width", [0, -1, 10**9, "640", True, None])
def test_odd_sizes_are_ignored(width):
    (file,) = attached({"type": "Image", "url": "https://c.example/a.png", "width": width})

    assert file.width is None


def test_R_42_a_heap_of_files_is_cut():
    assert len(attached(*({"type": "Image", "url": f"https://c.example/{n}.png"} for n in range(100)))) == 32


def test_the_link_of_a_forums_post_can_be_followed():
    found = read(
        type="Page", name="Look", content=None, attachment=[{"type": "Link", "href": "https://x.example/a?b&c"}]
    )

    assert found.files == ()
    assert 'href="https://x.example/a?b&amp;c"' in found.html


# Tags


def test_hashtags_mentions_and_emoji_are_found():
    found = read(
        tag=[
            {"type": "Hashtag", "name": "#Steel", "href": "https://b.example/tags/steel"},
            {"type": "as:Hashtag", "name": "tubes"},
            {"type": "Mention", "href": "https://a.example/u/1", "name": "@mari@a.example"},
            {
                "type": "toot:Emoji",
                "id": None,
                "name": ":valve:",
                "icon": {"type": "Image", "url": "https://c.example/v.png"},
            },
            {"type": "Emoji", "name": ":bad name:", "icon": {"url": "https://c.example/v.png"}},
            {"type": "Emoji", "name": ":none:"},
            {"type": "Hashtag", "name": "two words"},
            {"type": "Hashtag"},
            {"type": "Mention", "href": "javascript:x"},
            "x",
            None,
        ]
    )

    assert found.tags == ("Steel", "tubes")
    assert found.mentions == ("https://a.example/u/1",)
    assert found.emoji == {"valve": "https://c.example/v.png"}


def test_R_42_a_flood_of_tags_is_cut():
    found = read(
        tag=[{"type": "Hashtag", "name": f"#t{n}"} for n in range(200)]
        + [{"type": "Mention", "href": f"https://a.example/u/{n}"} for n in range(200)]
    )

    assert len(found.tags) == 30
    assert len(found.mentions) == 50


@pytest.mark.parametrize("tag", [None, 7, "x", {}, [[]], {"type": "Hashtag", "name": 7}])
def test_odd_tags_count_as_none(tag):
    assert read(tag=tag).tags == ()
