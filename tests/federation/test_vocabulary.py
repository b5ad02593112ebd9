import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation import vocabulary
from federation.vocabulary import (
    ACCEPT,
    AS_JSON,
    LD_JSON,
    PUBLIC,
    BadJson,
    BadUrl,
    Origin,
    accepts_activity,
    as_list,
    checked_url,
    context,
    format_date,
    host_matches,
    host_of,
    id_of,
    ids_of,
    is_activity_media_type,
    is_inbox_media_type,
    is_public,
    origin,
    parse_date,
    parse_json,
    same_origin,
    strip_prefix,
    types_of,
)


def _nested(depth):
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


# ---- JSON


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b'{"a":1,"a":2}', "repeated_name", id="name twice"),
        pytest.param(b'{"a":1,"\\u0061":2}', "repeated_name", id="name twice, escaped"),
        pytest.param(b'{"x":{"a":1,"b":2,"a" :3}}', "repeated_name", id="name twice, deeper"),
        pytest.param(
            b'{"t":"\\":","a":1,"a":2}', "repeated_name", id="name twice beside a text that looks like a name"
        ),
        pytest.param(b'{"t":[{"a":1,"a":{"b":1}}]}', "repeated_name", id="name twice, a subtree lost"),
        pytest.param(b'{"a":NaN}', "syntax", id="NaN"),
        pytest.param(b'{"a":Infinity}', "syntax", id="infinity"),
        pytest.param(b'{"a":-Infinity}', "syntax", id="negative infinity"),
        pytest.param(b'{"a":1e999}', "syntax", id="a number no double holds"),
        pytest.param(b'{"a":9007199254740993}', "integer_range", id="beyond 2^53"),
        pytest.param(b'{"a":[-9007199254740993]}', "integer_range", id="below -2^53"),
        pytest.param(b'{"a":' + b"9" * 6000 + b"}", "syntax", id="a very long number"),
        pytest.param(b'{"a":"\xff"}', "syntax", id="not UTF-8"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', "syntax", id="surrogate in UTF-8"),
        pytest.param(b'{"a":"\xc0\x80"}', "syntax", id="overlong UTF-8"),
        pytest.param('{"a":1}'.encode("utf-16"), "syntax", id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf{}", "syntax", id="byte order mark"),
        pytest.param(b'{"a":"\\ud800"}', "syntax", id="lone high surrogate"),
        pytest.param(b'{"a":"\\udc00 and more text"}', "syntax", id="lone low surrogate"),
        pytest.param(b'{"\\ud800":1, "b":"and more text"}', "syntax", id="lone surrogate in a name"),
        pytest.param(b'{"a":1}{}', "syntax", id="something after it"),
        pytest.param(b'{"a":1,}', "syntax", id="trailing comma"),
        pytest.param(b"{'a':1}", "syntax", id="single quotes"),
        pytest.param(b"", "syntax", id="nothing"),
        pytest.param(b"[]", "not_an_object", id="a list"),
        pytest.param(b'"text"', "not_an_object", id="a text"),
        pytest.param(b"null", "not_an_object", id="null"),
        pytest.param(_nested(33), "too_deep", id="33 levels"),
        pytest.param(b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "too_deep", id="32 lists in an object"),
        pytest.param(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "syntax", id="100,000 levels"),
        pytest.param(b'{"a":"' + b"x" * 1_048_576 + b'"}', "too_large", id="too large"),
    ],
)
def test_GEN_6_and_R_42_a_body_that_two_readers_could_read_differently_is_refused(body, reason):
    with pytest.raises(BadJson) as refused:
        parse_json(body)

    assert (refused.value.facts["reason"], refused.value.status) == (reason, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b' {"a" : 1 , "b":[ ] }\r\n',
        _nested(32),
        b'{"a":9007199254740992,"b":-9007199254740992,"c":1.5e300,"d":-0.0}',
        b'{"href":"<a title=\\":\\" rel=\\": x\\">","b":":","c":"\\\\","d":"\\\\\\":"}',
        b'{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":2}]}',
        '{"ä":"\\ud83d\\ude00 😀 \\u0000"}'.encode(),
        b'{"a":null,"b":true,"c":false}',
    ],
    ids=lambda body: body[:30].decode(),
)
def test_GEN_6_an_honest_body_is_read_as_python_reads_it(body):
    assert parse_json(body) == json.loads(body)


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=st.sampled_from('ab":\\ ,{}\n')),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(alphabet='a":\\ ', max_size=3), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(
    st.dictionaries(st.text(alphabet='a":\\ ', max_size=3), _values, max_size=4),
    st.sampled_from([(",", ":"), (" ,", " : ")]),
)
def test_GEN_6_any_document_without_repeated_names_is_read(document, separators):
    assert parse_json(json.dumps(document, separators=separators).encode()) == document


@given(_values, _values, st.sampled_from([":", " :", "\n:\t"]))
def test_R_42_a_repeated_name_is_found_whatever_stands_beside_it(one, other, colon):
    body = f'{{"x":{json.dumps(one)},"n"{colon}1,"y":{json.dumps(other)},"n"{colon}2}}'

    with pytest.raises(BadJson) as refused:
        parse_json(body.encode())

    assert refused.value.facts["reason"] == "repeated_name"


def test_R_42_the_limits_can_be_set():
    assert parse_json(_nested(3), max_depth=3) == {"a": {"a": {}}}
    with pytest.raises(BadJson):
        parse_json(_nested(3), max_depth=2)
    with pytest.raises(BadJson):
        parse_json(b'{"a":1}', max_bytes=6)


# ---- URLs


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "/path",
        "//a.example/x",
        "a.example/x",
        "http://a.example/x",
        "ftp://a.example/x",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "acct:anna@a.example",
        "https:a.example",
        "https:/a.example",
        "https://",
        "https:///x",
        "https://?x",
        "https://user@a.example/",
        "https://user:word@a.example/",
        "https://a.example@b.example/",
        "https://a.example:x/",
        "https://a.example:0/",
        "https://a.example:65536/",
        "https://a.example:/",
        "https://a.example\\@b.example/",
        "https://a.example/\\x",
        "https://a.example /x",
        "https://a.example/x y",
        " https://a.example/x",
        "https://a.example/x\n",
        "https://a.exa\tmple/x",
        "https://a.example/\x00",
        "https://a.example/\x7f",
        "https://a.example/\ud800",
        "https://a.example/<script>",
        'https://a.example/"x"',
        "https://a..example/",
        "https://.a.example/",
        "https://a.example../",
        "https://-a.example/",
        "https://a_.-example-/",
        "https://a%2eexample/",
        "https://%31%32%37.0.0.1/",
        "https://a*.example/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.01/",
        "https://256.1.1.1/",
        "https://1.2.3.4.5/",
        "https://a.1/",
        "https://a.0x1/",
        "https://[::1/",
        "https://[::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[v1.x]/",
        "https://[]/",
        "https://::1/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
        "https://a.example/" + "x" * 8192,
    ],
    ids=lambda text: repr(text)[:40],
)
def test_R_20_odd_text_is_no_url(text):
    with pytest.raises(BadUrl) as refused:
        checked_url(text)

    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("text", "where", "url"),
    [
        ("https://A.Example", ("https", "a.example", 443), "https://a.example/"),
        ("HTTPS://a.example:443/X?y=%2F#z", ("https", "a.example", 443), "https://a.example/X?y=%2F"),
        ("https://a.example:8443/x", ("https", "a.example", 8443), "https://a.example:8443/x"),
        ("https://a.example./x", ("https", "a.example", 443), "https://a.example/x"),
        ("https://bücher.example/ä?ö", ("https", "xn--bcher-kva.example", 443), "https://xn--bcher-kva.example/%C3%A4?%C3%B6"),
        ("https://аpple.example/", ("https", "xn--pple-43d.example", 443), "https://xn--pple-43d.example/"),
        ("https://127.0.0.1/", ("https", "127.0.0.1", 443), "https://127.0.0.1/"),
        ("https://①②⑦.0.0.1/", ("https", "127.0.0.1", 443), "https://127.0.0.1/"),
        ("https://[2001:DB8:0::1]:8443/", ("https", "2001:db8::1", 8443), "https://[2001:db8::1]:8443/"),
        ("https://[::ffff:127.0.0.1]/", ("https", "::ffff:7f00:1", 443), "https://[::ffff:7f00:1]/"),
        ("https://a.example?x=1", ("https", "a.example", 443), "https://a.example/?x=1"),
        ("https://a.example/@anna/~x!$&'()*+,;=:[]|", ("https", "a.example", 443), "https://a.example/@anna/~x!$&'()*+,;=:[]%7C"),
        ("https://a.example/a/../b//c", ("https", "a.example", 443), "https://a.example/a/../b//c"),
        ("https://localhost/", ("https", "localhost", 443), "https://localhost/"),
    ],
)  # fmt: skip
def test_R_20_a_url_is_checked_once_and_keeps_its_text(text, where, url):
    checked = checked_url(text)

    assert (checked.origin, checked.url, checked.text, str(checked)) == (Origin(*where), url, text, text)
    assert checked.host == where[1]


def test_R_20_http_is_for_the_hosts_that_the_setting_names():
    rules = ("*.localhost", "peer.test:8002")

    assert checked_url("http://a.localhost:8001/x", insecure=rules).url == "http://a.localhost:8001/x"
    assert checked_url("http://localhost:8001/x", insecure=rules).origin == Origin("http", "localhost", 8001)
    assert checked_url("http://peer.test:8002/", insecure=rules).origin == Origin("http", "peer.test", 8002)
    for text in ("http://peer.test/", "http://a.localhost.example/", "http://xlocalhost/"):
        with pytest.raises(BadUrl):
            checked_url(text, insecure=rules)


@pytest.mark.parametrize(
    ("host", "port", "pattern", "matches"),
    [
        ("a.localhost", 80, "*.localhost", True),
        ("b.a.localhost", 80, "*.localhost", True),
        ("localhost", 80, "*.localhost", True),
        ("localhost", 81, "*.localhost:80", False),
        ("localhost", 80, "localhost", True),
        ("a.localhost", 8001, "*.localhost:8001", True),
        ("a.localhost", 8002, "*.localhost:8001", False),
        ("127.0.0.1", 80, "127.0.0.1", True),
        ("127.0.0.1", 80, "127.0.0.1:81", False),
        ("::1", 80, "[::1]", True),
        ("::1", 80, "[::1]:80", True),
        ("::1", 80, "[::1]:81", False),
        ("a.example", 80, "*", True),
        ("a.example", 80, "", False),
        ("127.20.3.4", 18700, "127.*", True),
        ("127.0.0.1.evil.example", 80, "127.*", False),
        ("128.0.0.1", 80, "127.*", False),
    ],
)
def test_R_30_a_pattern_names_hosts_with_or_without_port(host, port, pattern, matches):
    assert host_matches(host, port, (pattern,)) is matches


def test_R_10_origins_are_compared_on_the_checked_url():
    """In lower case, without the default port, as ASCII (TRUST-7)."""
    assert origin("https://A.example:443/x") == origin("https://a.example/y?z#w") == ("https", "a.example", 443)
    assert same_origin("https://a.example/1", "https://a.example./2")
    assert not same_origin("https://a.example/", "http://a.example/")
    assert not same_origin("https://a.example/", "https://a.example:8443/")
    assert not same_origin("https://a.example/", "https://b.a.example/")
    assert not same_origin("nonsense", "nonsense")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://A.Example/x", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("https://a.example:80/", "a.example:80"),
        ("http://a.localhost:8001/", "a.localhost:8001"),
        ("http://a.localhost:80/", "a.localhost"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://[::1]:99/", "[::1]:99"),
    ],
)
def test_R_19_a_host_is_written_in_one_way(text, host):
    assert host_of(text) == host


# ---- values


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        (None, []),
        ("https://a.example/1", ["https://a.example/1"]),
        ({"id": "https://a.example/1", "type": "Note"}, ["https://a.example/1"]),
        ({"type": "Link", "href": "https://a.example/1"}, ["https://a.example/1"]),
        ({"type": "as:Link", "href": "https://a.example/1", "id": "https://a.example/2"}, ["https://a.example/1"]),
        ({"type": "Mention", "href": "https://a.example/1", "id": "https://a.example/2"}, ["https://a.example/2"]),
        (["https://a.example/1", 2, None, {}, "", [], {"id": 5}, "https://a.example/1", {"id": "x"}],
         ["https://a.example/1", "x"]),
        (5, []),
        ({"id": None}, []),
        (True, []),
    ],
)  # fmt: skip
def test_GEN_2_one_value_many_values_and_rubbish_are_read_alike(value, ids):
    assert ids_of(value) == ids
    assert id_of(value) == (ids[0] if ids else None)


def test_GEN_2_null_and_absent_are_the_same():
    assert as_list(None) == []
    assert as_list([None, 1]) == [1]
    assert as_list({"a": 1}) == [{"a": 1}]
    assert vocabulary.first([]) is None


@pytest.mark.parametrize(
    ("term", "stripped"),
    [
        ("Note", "Note"),
        ("as:Note", "Note"),
        ("toot:Emoji", "Emoji"),
        ("litepub:EmojiReact", "EmojiReact"),
        ("https://www.w3.org/ns/activitystreams#Note", "Note"),
        ("http://schema.org/PropertyValue", "PropertyValue"),
        ("http://joinmastodon.org/ns#Emoji", "Emoji"),
        ("other:Note", "other:Note"),
        (None, ""),
        (5, ""),
        (["Note"], ""),
    ],
)
def test_GEN_4_known_prefixes_are_stripped(term, stripped):
    assert strip_prefix(term) == stripped


def test_GEN_4_a_document_may_have_several_types():
    assert types_of({"type": ["as:Note", "Question", None, 3]}) == ("Note", "Question")
    assert types_of({"type": "Note"}) == ("Note",)
    assert types_of({}) == ()


@pytest.mark.parametrize("value", [PUBLIC, "as:Public", "Public", ["x", "as:Public"], {"id": PUBLIC}])
def test_the_public_collection_is_known_in_every_spelling(value):
    assert is_public(value) is True


@pytest.mark.parametrize("value", [None, "public", "https://a.example/Public", [2], PUBLIC + "/", "as:public"])
def test_what_is_not_the_public_collection(value):
    assert is_public(value) is False


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-01T10:00:00Z", datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ("2026-02-01T10:00:00.123456789Z", datetime(2026, 2, 1, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-02-01T12:00:00+02:00", datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ("2026-02-01T05:00:00.5-0500", datetime(2026, 2, 1, 10, 0, 0, 500000, tzinfo=UTC)),
        ("2026-02-01T10:00:00", None),
        ("2026-02-01", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("2026-02-30T10:00:00Z", None),
        ("yesterday at the office", None),
        ("", None),
        (None, None),
        (1769940000, None),
        ("2026-02-01T10:00:00Z" * 10, None),
    ],
)
def test_GEN_7_dates_with_an_offset_are_read(text, moment):
    assert parse_date(text) == moment


def test_GEN_7_a_date_far_in_the_future_becomes_now():
    now = datetime(2026, 2, 1, tzinfo=UTC)

    assert parse_date("2026-02-01T23:59:59Z", now=now) == datetime(2026, 2, 1, 23, 59, 59, tzinfo=UTC)
    assert parse_date("2026-02-02T00:00:01Z", now=now) == now
    assert parse_date("9999-12-31T23:59:59Z", now=now) == now


def test_GEN_7_dates_are_written_in_utc_and_whole_seconds():
    berlin = timezone(timedelta(hours=2))

    assert format_date(datetime(2026, 2, 1, 12, 0, 0, 999999, tzinfo=berlin)) == "2026-02-01T10:00:00Z"


# ---- media types


@pytest.mark.parametrize(
    ("accept", "on_a_page", "elsewhere"),
    [
        (AS_JSON, True, True),
        (LD_JSON, True, True),
        (ACCEPT, True, True),
        ("application/ld+json", True, True),
        ("application/json", True, True),
        ("Application/Activity+JSON; q=0.5", True, True),
        (None, False, True),
        ("", False, True),
        ("*/*", False, True),
        ("image/png", False, True),
        ("text/html", False, False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False, False),
        (f"{AS_JSON}, text/html;q=0.9", True, True),
        (f"{AS_JSON};q=0.8, text/html", False, False),
        (f"{AS_JSON}, text/html", True, True),
        (f"text/html, {AS_JSON}", False, False),
        (f"text/html;q=0, {AS_JSON};q=0.1", True, True),
        (f"{AS_JSON};q=0", False, False),
        (f"{AS_JSON};q=rubbish", False, False),
        (f'{LD_JSON}, {AS_JSON};q=0.9, */*;q=0.1', True, True),
    ],
)  # fmt: skip
def test_HTTP_1_who_prefers_activitypub_gets_it(accept, on_a_page, elsewhere):
    assert accepts_activity(accept) is on_a_page
    assert accepts_activity(accept, has_page=False) is elsewhere


@pytest.mark.parametrize(
    ("content_type", "fetched", "inbox"),
    [
        (AS_JSON, True, True),
        ("application/activity+json; charset=utf-8", True, True),
        ("Application/Activity+Json", True, True),
        (LD_JSON, True, True),
        ("application/ld+json;profile=https://www.w3.org/ns/activitystreams", True, True),
        ('application/ld+json; charset="utf-8"; PROFILE="x https://www.w3.org/ns/activitystreams"', True, True),
        ("application/ld+json", False, True),
        ('application/ld+json; profile="https://example.org/"', False, True),
        ("application/json", False, False),
        ("text/html", False, False),
        ("image/png", False, False),
        ("application/octet-stream", False, False),
        (f"text/html; x={AS_JSON}", False, False),
        (f"text/html, {AS_JSON}", False, False),
        ("", False, False),
        (None, False, False),
    ],
)
def test_HTTP_3_and_R_11_only_activity_media_types_are_read_as_activitypub(content_type, fetched, inbox):
    assert is_activity_media_type(content_type) is fetched
    assert is_inbox_media_type(content_type) is inbox


# ---- contexts


def test_21_11_our_context_is_two_addresses_and_one_object():
    used = context(["sensitive", "Hashtag", "proof", "featured"])

    assert used[:2] == ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]
    assert len(used) == 3
    assert set(used[2]) == {"as", "toot", "sec", "sensitive", "Hashtag", "proof", "featured"}
    assert context() == used[:2]
    with pytest.raises(KeyError):
        context(["unknownTerm"])
