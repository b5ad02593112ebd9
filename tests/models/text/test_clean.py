"""Plain fields (R-43), usernames (DISC-6), tags (CNT-6) and the length that clients count."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.clean import (
    TextTooLong,
    clean_line,
    clean_text,
    fold_tag,
    fold_username,
    shorten_text,
    username_problem,
)
from models.text.length import MEASURED_CHARACTERS, count

ANY = st.text(st.characters(exclude_categories=[]), max_size=200)


@pytest.mark.parametrize(
    "removed", ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1f", "\x7f", "\x80", "\ud800", "\udfff", "\ufffe", "\uffff",
                "\ufdd0", "\ufdef", "\U0001fffe", "\U0010ffff"]
)  # fmt: skip
def test_R_43_what_no_database_takes_is_removed(removed):
    assert clean_text(f"a{removed}b\tc\nd", limit=20) == "ab\tc\nd"


@given(ANY)
def test_R_43_every_text_can_be_stored_and_sent_and_cleaning_again_changes_nothing(value):
    cleaned = clean_text(value, limit=1000)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert "\r" not in cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert clean_text(cleaned, limit=1000) == cleaned


@given(ANY)
def test_a_line_has_one_line(value):
    line = clean_line(value, limit=1000)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert clean_line(line, limit=1000) == line


def test_a_line_end_is_a_line_feed():
    assert clean_text("a\r\nb\rc\u2028d", limit=20) == "a\nb\nc\nd"


def test_R_48_a_text_beyond_its_limit_is_refused_with_both_numbers():
    with pytest.raises(TextTooLong) as refused:
        clean_text("xxxx", limit=3)
    assert refused.value.facts == {"length": 4, "limit": 3}


def test_what_others_send_is_shortened():
    assert shorten_text("abc\x00def", limit=5) == "abcd"
    assert len(shorten_text("\ufb2c" * 100, limit=10)) == 10


def test_CNT_6_tags_are_compared_without_case_and_compatibility_forms():
    assert {fold_tag(name) for name in ("#Straße", "STRASSE", "ｓｔｒａｓｓｅ")} == {"strasse"}


@given(ANY)
def test_CNT_6_folding_a_tag_twice_is_folding_it_once(name):
    folded = fold_tag(name.lstrip("#"))
    assert folded.startswith("#") or fold_tag(folded) == folded


@pytest.mark.parametrize("name", ["anna", "Anna", "a", "_", "a.b-c_d", "1", "x" * 30])
def test_DISC_6_usernames_we_mint(name):
    assert username_problem(name) is None
    assert fold_username(name) == name.lower()


@pytest.mark.parametrize(
    ("name", "problem"),
    [("", "empty"), (" ", "empty"), ("x" * 31, "too_long"), (".a", "bad_characters"), ("a.", "bad_characters"),
     ("-a", "bad_characters"), ("a b", "bad_characters"), ("jürgen", "bad_characters"), ("a@b", "bad_characters"),
     ("a\n", None), ("a\u200bb", "bad_characters"), ("аnna", "bad_characters"), ("a/b", "bad_characters")],
)  # fmt: skip
def test_DISC_6_usernames_we_refuse(name, problem):
    assert username_problem(name) == problem


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("https://example.com/a/very/long/path?with=many&parameters=in&it=1", 23),
        ("http://a.b", 23),
        ("see https://e.example/x.", 4 + 23 + 1),
        ("https://a.example https://b.example", 23 + 1 + 23),
        ("@anna", 5),
        ("@anna@very.long.host.example", 5),
        ("hi @anna@h.example:8080!", 9),
        ("me@mail.example", 15),
        ("https://h.example/@anna@other.example", 23),
        ("e\u0301", 1),
        ("\U0001f469\u200d\U0001f469\u200d\U0001f467", 1),
        ("\U0001f44d\U0001f3fd", 1),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", 2),
        ("a\r\nb", 3),
        ("https://", 8),
    ],
)
def test_the_length_is_what_clients_count(text, length):
    assert count(text) == length


def test_the_content_warning_counts_along_and_has_no_short_links():
    assert count("abc", warning="de") == 5
    assert count("", warning="https://e.example/1234567890") == len("https://e.example/1234567890")


def test_R_47_a_giant_text_is_not_measured():
    with pytest.raises(TextTooLong):
        count("x" * MEASURED_CHARACTERS, warning="x")
