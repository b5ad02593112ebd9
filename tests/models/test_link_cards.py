"""Which link of which post may have a card (L11)."""

import pytest

from models.instance import CardsFor, Instance
from models.link_cards import link_of
from models.tables import Post, Reach, Visibility

A = '<a href="https://news.example/1?a=1&amp;b=2#x" rel="nofollow">news</a>'


def house(cards_for: CardsFor = CardsFor.PUBLIC) -> Instance:
    return Instance(base_url="https://muster.example", name="Muster", cards_for=cards_for)


def post(**more: object) -> Post:
    facts = {"is_local": True, "visibility": Visibility.GROUP, "reach": Reach.PUBLIC, "revision": 1}
    return Post(**{**facts, "published_revision": 1, **more})


@pytest.mark.parametrize(
    ("html", "link"),
    [
        (A, "https://news.example/1?a=1&b=2"),
        (f'<a href="https://b.example/@x" class="u-url mention">@x</a> {A}', "https://news.example/1?a=1&b=2"),
        ('<a class="mention hashtag" href="https://b.example/tags/x" rel="tag">#x</a>', None),
        ('<a href="https://muster.example/posts/1">ours</a>', None),
        ('<a href="mailto:a@b.example">mail</a>', None),
        ("<a>nothing</a> https://news.example/1", None),
        (f'<a href="https://news.example/{"a" * 3000}">long</a>', None),
    ],
)
def test_the_first_link_to_a_page_elsewhere_counts(html: str, link: str | None) -> None:
    assert link_of(post(), html, house()) == link


@pytest.mark.parametrize(
    ("facts", "public", "always"),
    [
        pytest.param({}, True, True, id="public and released"),
        pytest.param({"published_revision": None}, False, True, id="waits at the gate"),
        pytest.param({"revision": 2}, False, True, id="an edit waits at the gate"),
        pytest.param({"reach": Reach.PARTNERS}, False, True, id="for partners"),
        pytest.param({"reach": Reach.INTERNAL, "visibility": Visibility.COMPANY}, False, True, id="for the company"),
        pytest.param({"is_local": False, "published_revision": None}, True, True, id="public elsewhere"),
        pytest.param({"visibility": Visibility.DIRECT}, False, False, id="a direct message"),
        pytest.param({"boost_of_id": 1}, False, False, id="a boost"),
    ],
)
def test_L11_links_of_what_stays_in_the_house_are_not_asked(facts: dict, public: bool, always: bool) -> None:
    assert (link_of(post(**facts), A, house()) is not None) is public
    assert (link_of(post(**facts), A, house(CardsFor.ALL)) is not None) is always
    assert link_of(post(**facts), A, house(CardsFor.NONE)) is None
