"""Quotes: nobody reads a post by way of a quote who may not read it anyway, and its author has a say."""

from typing import Any

import pytest

from models import quotes
from models.errors import NotAllowed, NotFound
from models.interactions import EVERYBODY, Interaction, NotPermitted, QuotePolicy, Rule, pack
from models.posts import receiving, writing
from models.quotes import CannotAsk, CannotQuoteHere, Quote, QuoteState
from models.tables import Access, Actor, Consent, ConsentState, Group, Post, Reach, Visibility
from models.viewers import ANONYMOUS, Viewer
from tests.world import NORTHWIND, Person, World, take_in


async def shown(world: World, viewer: Viewer, post: Post) -> Quote | None:
    async with world.database.reading() as session:
        return (await quotes.of_posts(session, viewer, [post.id])).get(post.id)


async def consent_of(world: World, post: Post) -> Consent:
    async with world.database.reading() as session:
        found = await quotes.of_post(session, post.id)
        assert found is not None
        return found


async def a_group(world: World, name: str, reach: Reach, access: Access, **more: Any) -> Group:
    group = await world.alan.founds(name, reach=reach, access=access, **more)
    await take_in(world.database, world.alan, group, world.ada, world.grace)
    return group


async def elsewhere(world: World, rule: Rule | None = None, **more: Any) -> Post:
    """A public post of Nils' at Northwind."""
    author = await world.northwind.sends("nils")
    kept = pack({Interaction.QUOTE: rule}) if rule is not None else None
    async with world.database.writing() as session:
        told: dict[str, Any] = {
            "uri": f"http://{NORTHWIND}/o/1",
            "url": None,
            "author": await session.get_one(Actor, author.id),
            "visibility": Visibility.PUBLIC,
            "html": "From us",
            "interaction": kept,
            **more,
        }
        post = await receiving.receive(session, receiving.RemotePost(**told))
        assert post is not None
        return post


async def test_a_colleague_quotes_and_the_author_is_told(world: World) -> None:
    post = await world.ada.writes("News")

    quote = await world.grace.writes("Look", quote_of_id=post.id)
    await world.settle()

    assert await shown(world, world.joan.staff, quote) == Quote(QuoteState.ACCEPTED, post.id)
    assert (await world.ada.notifications())[0] == "quote"
    assert (await consent_of(world, quote)).stamp_uri is not None
    own = await world.ada.writes("As I said", quote_of_id=post.id)
    assert (await consent_of(world, own)).stamp_uri is None


#                               quoted in      for the company, in its own group, in an open internal, partner, public
WIDENING = {
    "company":                  "x . x . .",
    "internal open group":      "x x x . .",
    "internal closed group":    ". x . . .",
    "partner closed group":     ". x . . .",
    "partner open group":       "x x x . .",
    "public group":             "x x x x x",
}  # fmt: skip


@pytest.mark.parametrize("line", WIDENING)
async def test_POL_5_L13_a_quote_never_widens(world: World, line: str, subtests: pytest.Subtests) -> None:
    reach = {"internal": Reach.INTERNAL, "partner": Reach.PARTNERS, "public": Reach.PUBLIC}.get(
        line.split(maxsplit=1)[0]
    )
    access = Access.CLOSED if "closed" in line else Access.OPEN
    own = await a_group(world, "own", reach, access) if reach is not None else None
    post = await world.ada.writes("Here", group=own)
    places = [
        None,
        own,
        await a_group(world, "inner", Reach.INTERNAL, Access.OPEN),
        await a_group(world, "partners", Reach.PARTNERS, Access.CLOSED),
        await a_group(world, "public", Reach.PUBLIC, Access.OPEN),
    ]
    for number, (place, mark) in enumerate(zip(places, WIDENING[line].split(), strict=True)):
        if number == 1 and own is None:
            continue
        with subtests.test(place=number):
            if mark == "x":
                quote = await world.ada.writes("See", group=place, quote_of_id=post.id)
                assert (await consent_of(world, quote)).state is ConsentState.ACCEPTED
            else:
                with pytest.raises(CannotQuoteHere):
                    await world.ada.writes("See", group=place, quote_of_id=post.id)


async def test_POL_5_a_group_that_was_opened_later_takes_no_quote_of_what_was_written_before(world: World) -> None:
    group = await a_group(world, "own", Reach.INTERNAL, Access.CLOSED)
    post = await world.ada.writes("Inside", group=group)
    await world.alan.opens(group, Reach.PARTNERS)

    with pytest.raises(CannotQuoteHere):
        await world.ada.writes("See", group=group, quote_of_id=post.id)


async def test_a_direct_message_is_quoted_nowhere(world: World) -> None:
    post = await world.ada.tells(world.grace)

    with pytest.raises(CannotQuoteHere):
        await world.grace.writes("Look", quote_of_id=post.id)


async def test_what_one_does_not_see_one_cannot_quote(world: World) -> None:
    post = await world.ada.writes("Plans", group=world.alpine)

    with pytest.raises(NotFound):
        await world.joan.writes("Look", quote_of_id=post.id)


async def test_an_author_says_who_may_quote(world: World) -> None:
    post = await world.ada.writes("News", quoting=QuotePolicy.NOBODY)
    with pytest.raises(NotPermitted):
        await world.grace.writes("Look", quote_of_id=post.id)
    await world.ada.writes("As I said", quote_of_id=post.id)

    async with world.database.writing() as session:
        await quotes.set_policy(session, post.id, QuotePolicy.PUBLIC, by=world.ada.staff)
        with pytest.raises(NotAllowed):
            await quotes.set_policy(session, post.id, QuotePolicy.NOBODY, by=world.grace.staff)
    assert await shown(world, world.joan.staff, await world.grace.writes("Look", quote_of_id=post.id))


async def test_who_may_not_see_what_is_quoted_is_told_so_and_nothing_else(world: World) -> None:
    post = await world.ada.writes("Plans", group=world.alpine)
    await world.grace.approves(post)
    quote = await world.ada.writes("See", group=world.alpine, quote_of_id=post.id)

    assert await shown(world, world.alan.staff, quote) == Quote(QuoteState.ACCEPTED, post.id)
    assert await shown(world, world.joan.staff, quote) == Quote(QuoteState.UNAUTHORIZED)
    assert await shown(world, ANONYMOUS, quote) == Quote(QuoteState.UNAUTHORIZED)
    await world.ada.deletes(post)
    assert await shown(world, world.alan.staff, quote) == Quote(QuoteState.DELETED)


async def test_an_author_takes_a_quote_back_for_good(world: World) -> None:
    post = await world.ada.writes("News")
    quote = await world.grace.writes("Look", quote_of_id=post.id)

    async def revokes(person: Person, target: Post, quoting: Post) -> None:
        async with world.database.writing() as session:
            await quotes.revoke(session, target.id, quoting.id, by=person.staff)

    with pytest.raises(NotAllowed):
        await revokes(world.joan, post, quote)
    with pytest.raises(NotFound):
        await revokes(world.ada, post, post)
    await revokes(world.ada, post, quote)
    await revokes(world.ada, post, quote)

    assert await shown(world, world.joan.staff, quote) == Quote(QuoteState.REVOKED)
    async with world.database.reading() as session:
        assert (await session.scalars(quotes.quotes_of(world.joan.staff, post.id))).all() == []


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        (None, ConsentState.ACCEPTED),
        (Rule((EVERYBODY,)), ConsentState.ACCEPTED),
        (Rule((), (EVERYBODY,)), CannotAsk),
        (Rule(), NotPermitted),
    ],
    ids=["says nothing", "everybody", "wants to be asked", "nobody"],
)
async def test_a_post_elsewhere_is_quoted_in_the_house_unless_its_author_minds(
    world: World, rule: Rule | None, state: Any
) -> None:
    post = await elsewhere(world, rule)

    if isinstance(state, ConsentState):
        quote = await world.ada.writes("Look", quote_of_id=post.id)
        consent = await consent_of(world, quote)
        assert (consent.state, consent.request_uri, consent.stamp_uri) == (state, None, None)
    else:
        with pytest.raises(state):
            await world.ada.writes("Look", quote_of_id=post.id)


async def test_in_a_public_post_a_quote_waits_for_its_author(world: World) -> None:
    post = await elsewhere(world, Rule((), (EVERYBODY,)))
    group = await a_group(world, "public", Reach.PUBLIC, Access.OPEN)

    quote = await world.ada.writes("Look", group=group, quote_of_id=post.id)

    assert await shown(world, world.ada.staff, quote) == Quote(QuoteState.PENDING)
    assert (await consent_of(world, quote)).request_uri is not None


async def test_POL_3_what_its_author_does_not_permit_is_not_done(world: World) -> None:
    rules = pack({Interaction.LIKE: Rule(), Interaction.ANNOUNCE: Rule((), (EVERYBODY,))})
    post = await elsewhere(world, interaction=rules)

    with pytest.raises(NotPermitted):
        await world.ada.likes(post)
    with pytest.raises(NotPermitted):
        await world.ada.boosts(post)


async def test_a_deleted_quote_is_forgotten(world: World) -> None:
    post = await world.ada.writes("News")
    quote = await world.grace.writes("Look", quote_of_id=post.id)

    async with world.database.writing() as session:
        await writing.delete(session, quote.id, by=world.grace.staff)
        assert await quotes.of_post(session, quote.id) is None
