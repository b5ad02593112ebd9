"""What a filter matches: words at their borders, in any case and any script; and who pays for it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from models import accounts, filters
from models.errors import NotFound
from models.filters import KeywordWish, Rule, Wish, in_force, said, sift
from models.filters.keeping import TooManyFilters
from models.filters.matching import Keyword
from models.tables import Account, Filter, FilterAction, FilterKeyword, FilterPost
from tests.world import Person, World

WHOLE, ANYWHERE = True, False

MATCHES = [
    ("as it is", "merger", WHOLE, "The merger is near", True),
    ("in another case", "MERGER", WHOLE, "The Merger is near", True),
    ("inside a longer word", "merge", WHOLE, "The merger is near", False),
    ("inside a longer word that may be longer", "merge", ANYWHERE, "The merger is near", True),
    ("after a hyphen", "merger", WHOLE, "post-merger", True),
    ("before an umlaut", "gr", WHOLE, "grün", False),
    ("an umlaut as a border", "über", WHOLE, "darüber", False),
    ("decomposed letters", "cafe\u0301", WHOLE, "Im Caf\u00e9", True),
    ("before a mark", "क", WHOLE, "कि", False),
    ("an underscore joins", "foo", WHOLE, "foo_bar", False),
    ("digits join", "version", WHOLE, "version2", False),
    ("wide letters", "ABC", WHOLE, "ＡＢＣ", True),
    ("a sharp s", "STRASSE", WHOLE, "Die Straße", True),
    ("a later place that fits", "merge", WHOLE, "merger, then merge", True),
    ("a phrase over a line end", "bad word", WHOLE, "a bad\nword", True),
    ("signs have no border", "@twitter.com", WHOLE, "joe@twitter.com", True),
    ("a sign before letters", "#case", WHOLE, "#cases", False),
    ("an emoji", "🎉", WHOLE, "party🎉🎉", True),
    ("signs of patterns mean themselves", "a.*b", ANYWHERE, "axxb", False),
    ("nothing", "", ANYWHERE, "anything", False),
]


@pytest.mark.parametrize(
    ("keyword", "whole", "text", "expected"), [m[1:] for m in MATCHES], ids=[m[0] for m in MATCHES]
)
def test_a_keyword_is_found(keyword: str, whole: bool, text: str, expected: bool) -> None:
    assert Keyword.of(keyword, whole_word=whole).is_in(said([text])) is expected


def test_nothing_matches_across_two_parts_of_a_post() -> None:
    assert not Keyword.of("one two", whole_word=True).is_in(said(["one"], ["two"]))


def rule(*keywords: str, expires_at: datetime | None = None, post_ids: tuple[int, ...] = ()) -> Rule:
    return Rule(
        id=1,
        title="A",
        contexts=("home",),
        action=FilterAction.WARN,
        expires_at=expires_at,
        keywords=tuple(Keyword.of(word, whole_word=True) for word in keywords),
        post_ids=frozenset(post_ids),
    )


def test_a_hit_names_the_keywords_and_posts_it_is_for() -> None:
    [hit] = sift([rule("Tea", "milk", "sugar", post_ids=(7,))], said(["Sugar in your tea"]), (7, 8))

    assert (hit.keywords, hit.post_ids) == (("Tea", "sugar"), (7,))
    assert sift([rule("tea")], said(["Coffee"]), (7,)) == []


def test_a_filter_ends_when_it_expires() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    ending = rule("tea", expires_at=moment)

    assert in_force([ending], moment - timedelta(seconds=1)) == [ending]
    assert in_force([ending], moment) == []


def test_what_can_be_typed_takes_no_time_that_grows_with_its_square() -> None:
    text, keyword = "a" * 20_000, Keyword.of("a" * 400 + "b", whole_word=True)

    assert not any(keyword.is_in(text) for _ in range(20))


# Kept for each person


async def version(person: Person) -> int:
    async with person.database.reading() as session:
        found = await accounts.as_of_now(session, person.staff)
        assert found is not None
        return found.filter_version


async def made(person: Person, *words: str) -> Filter:
    keywords = [KeywordWish(keyword=word) for word in words]
    async with person.database.writing() as session:
        wish = Wish(title="Mine", contexts=["home"], keywords=keywords)
        return await filters.create(session, wish, by=person.staff)


async def test_the_version_changes_with_every_change_and_is_nothing_without_filters(world: World) -> None:
    versions = [await version(world.ada)]
    found = await made(world.ada, "tea")
    versions.append(await version(world.ada))
    async with world.database.writing() as session:
        await filters.change(session, found.id, Wish(title="Yours"), by=world.ada.staff)
    versions.append(await version(world.ada))
    async with world.database.writing() as session:
        await filters.delete_keyword(session, found.keywords[0].id, by=world.ada.staff)
    emptied = await version(world.ada)

    assert versions[0] == emptied == 0
    assert len(set(versions)) == 3
    assert await version(world.grace) == 0


async def test_R_71_the_filters_of_others_do_not_exist(world: World) -> None:
    found = await made(world.ada, "tea")
    post = await world.ada.writes("Hello")
    async with world.database.writing() as session:
        entry = await filters.add_post(session, found.id, post.id, by=world.ada.staff)

    grace = world.grace.staff
    async with world.database.writing() as session:
        for refused in (
            filters.one(session, found.id, by=grace),
            filters.change(session, found.id, Wish(title="Ha"), by=grace),
            filters.delete(session, found.id, by=grace),
            filters.add_keyword(session, found.id, KeywordWish(keyword="x"), by=grace),
            filters.change_keyword(session, found.keywords[0].id, KeywordWish(keyword="x"), by=grace),
            filters.delete_keyword(session, found.keywords[0].id, by=grace),
            filters.delete_alone(session, found.keywords[0].id, by=grace),
            filters.add_post(session, found.id, post.id, by=grace),
            filters.delete_post(session, entry.id, by=grace),
        ):
            with pytest.raises(NotFound):
                await refused


async def test_L9_a_post_that_one_may_not_see_cannot_be_filtered(world: World) -> None:
    secret = await world.ada.writes("Secret", group=world.alpine)
    found = await made(world.joan, "tea")

    async with world.database.writing() as session:
        with pytest.raises(NotFound):
            await filters.add_post(session, found.id, secret.id, by=world.joan.staff)


async def test_there_is_an_end_to_keywords(world: World) -> None:
    found = await made(world.ada, *(f"word{number}" for number in range(500)))

    async with world.database.writing() as session:
        with pytest.raises(TooManyFilters):
            await filters.add_keyword(session, found.id, KeywordWish(keyword="one more"), by=world.ada.staff)


async def test_filters_go_with_their_person(world: World) -> None:
    found = await made(world.joan, "tea")
    post = await world.joan.writes("Hello")
    async with world.database.writing() as session:
        await filters.add_post(session, found.id, post.id, by=world.joan.staff)

    async with world.database.writing() as session:
        await session.execute(delete(Account).where(Account.id == world.joan.staff.account_id))
        for table in (Filter, FilterKeyword, FilterPost):
            assert (await session.scalars(select(table.id))).all() == []
