"""FEP-c0e0: what counts as an emoji in a Like or EmojiReact."""

import pytest

from federation.documents.emoji_reactions import parse
from models.text.signs import is_emoji

PICTURE = "http://a.localhost/e.png"


@pytest.mark.parametrize("text", ["👍", "❤", "❤️", "👍🏽", "🇩🇪", "👩‍👩‍👧", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "♥", "‼️", "☺️", "🏳️‍🌈"])
def test_one_emoji_is_one(text: str) -> None:
    assert is_emoji(text)


@pytest.mark.parametrize(
    "text", ["", "a", "ab", "👍👍", "👍 ", "🇩🇪🇩🇪", "\u200d", "👍\u200d", "1", "<b>", "👍" * 70, "👍a"]
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_emoji(text)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"content": "👍"}, ("👍", None)),
        ({"content": " 👍 "}, ("👍", None)),
        ({"_misskey_reaction": "🎉"}, ("🎉", None)),
        ({"content": ":cat:", "tag": {"type": "Emoji", "name": ":cat:", "icon": {"url": PICTURE}}}, (":cat:", PICTURE)),
        ({"content": ":cat:", "tag": [{"type": "Emoji", "name": "cat", "icon": {"url": PICTURE}}]}, (":cat:", PICTURE)),
        (
            {"content": ":cat@a.localhost:", "tag": [{"type": "Emoji", "name": ":cat:", "icon": {"url": PICTURE}}]},
            (":cat:", PICTURE),
        ),
        ({"content": ":cat:"}, None),
        ({"content": ":cat:", "tag": [{"type": "Emoji", "name": ":dog:", "icon": {"url": PICTURE}}]}, None),
        ({"content": "good"}, None),
        ({"content": 5}, None),
        ({}, None),
    ],
)
def test_a_reaction_is_one_emoji_or_a_shortcode_with_its_picture(document, found) -> None:  # type: ignore[no-untyped-def]
    assert parse(document, insecure_hosts=("*.localhost",)) == found
