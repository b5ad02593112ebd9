"""GRP-7: what posts without a title are called."""

import pytest

from models.text.titles import LIMIT, title_of

MENTION = '<span class="h-card"><a href="http://a.example/g/steel" class="u-url mention">@<span>steel</span></a></span>'

CASES = [
    ("<p>Who has 3 mm?</p><p>We need it.</p>", "Who has 3 mm?"),
    (f"<p>{MENTION} Who has 3 mm?</p>", "Who has 3 mm?"),
    (f"<p>{MENTION}</p><p>Who has it?</p>", "Who has it?"),
    ("<p>@steel@a.example: who has it?</p>", "who has it?"),
    ("<p>Ask @STEEL@a.example:8001 about it</p>", "Ask about it"),
    ("<p>First<br>Second</p>", "First"),
    ("<p>@steelworks has it</p>", "@steelworks has it"),
    ("<p>mail@steel.example</p>", "mail@steel.example"),
    ("<p>…</p>", ""),
    ("", ""),
]


@pytest.mark.parametrize(("html", "title"), CASES, ids=[f"{title or html or 'empty'}" for html, title in CASES])
def test_GRP_7_the_first_line_without_the_group_is_the_title(html: str, title: str) -> None:
    assert title_of(html, "steel") == title


def test_GRP_7_a_title_has_two_hundred_characters_at_most() -> None:
    title = title_of(f"<p>{'word ' * 100}</p>", "steel")

    assert len(title) <= LIMIT
    assert title.endswith("…")
