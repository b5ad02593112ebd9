"""One's own settings, the inbox, people and the search."""

import re

import pytest
from sqlalchemy import select

from models import accounts, actors, relations, tags, tokens, trigrams
from models.errors import DomainError
from models.tables import Account, Actor, Post
from models.viewers import Staff
from server.auth import passwords
from server.context import RESOLVER
from server.web.presenters import difference
from tests.server.web.browser import Browser
from tests.server.web.conftest import Open
from tests.server.web.test_posts import picture
from tests.world import NORTHWIND, Person, World, hire

PASSWORD = "a sentence that nobody guesses"


@pytest.fixture
async def emma(world: World) -> Person:
    return await hire(world.database, "emma", password_hash=await passwords.hash_password(PASSWORD))


async def test_a_profile_has_a_name_a_text_and_a_picture(world: World, ada: Browser, joan: Browser) -> None:
    await ada.submit(
        "/settings", "/settings/profile", ("avatar", picture()), name="Ada L.", about="Ask me about **engines**."
    )

    page = await joan.get("/people/ada")

    assert "Ada L." in page.words
    assert "<strong>engines</strong>" in page.html
    assert 'src="/media/' in page.html
    assert "ada@lovelace.example" in page.words


async def test_a_profile_has_lines_and_may_be_closed(world: World, ada: Browser, joan: Browser) -> None:
    lines = {"line-1": "Office", "says-1": "<b>2</b>", "line-3": "Page", "says-3": "https://ada.example/a?b&c"}
    await ada.submit("/settings", "/settings/profile", **lines, locked="on")

    page = await joan.get("/people/ada")
    assert "Office <b>2</b> Page https://ada.example/a?b&c" in page.words
    assert '<a href="https://ada.example/a?b&amp;c" rel="nofollow noopener noreferrer">' in page.html
    form = (await ada.get("/settings")).form("/settings/profile")
    assert (form.get("line-2"), form.get("says-2"), form.get("locked")) == ("Page", lines["says-3"], "on")
    asked = await joan.follow(await joan.submit("/people/ada", "/people/ada/follow", set="yes"))
    assert "You follow them as soon as they agree." in asked.words
    none = {name: "" for place in ("1", "2", "3") for name in (f"line-{place}", f"says-{place}")}
    await ada.submit("/settings", "/settings/profile", **none, locked="")
    assert "Office" not in (await joan.get("/people/ada")).words


async def test_a_hashtag_is_followed_on_its_page(world: World, ada: Browser, visitor: Browser) -> None:
    page = await ada.follow(await ada.submit("/tags/Coffee", "/tags/coffee/follow"))
    assert "What carries this tag is on your start page now." in page.words
    assert "Stop following" in page.words
    async with world.database.reading() as session:
        assert [row.name for row in await session.scalars(tags.followed(world.ada.staff))] == ["coffee"]
    await ada.submit("/tags/coffee", "/tags/coffee/follow")
    async with world.database.reading() as session:
        assert (await session.scalars(tags.followed(world.ada.staff))).all() == []
    assert not (await ada.get("/tags/2026")).has_form("/tags/2026/follow")
    assert (await visitor.send("/tags/coffee/follow", {"set": "yes"})).status in (303, 403)


@pytest.mark.parametrize(
    ("typed", "files", "sentence", "place"),
    [
        ({"name": " ", "about": "Me"}, (), "People need a name", "f-name-error"),
        ({"name": "Ada", "about": "x" * 5001}, (), "This text is too long", "f-about-error"),
        ({"name": "Ada", "about": "Me"}, (("avatar", b"no picture"),), "This is not an image", "f-avatar-error"),
    ],
    ids=["nameless", "too long", "no picture"],
)
async def test_a_refused_profile_keeps_what_was_typed(
    world: World, ada: Browser, typed: dict[str, str], files: tuple[tuple[str, bytes], ...], sentence: str, place: str
) -> None:
    page = await ada.submit("/settings", "/settings/profile", *files, **typed)

    assert page.status == 422
    assert sentence in page.words
    assert place in page.ids
    assert page.form("/settings/profile").get("about") == typed["about"]


async def test_language_and_colours_are_chosen_for_every_browser(world: World, browser: Open) -> None:
    one, other = await browser(world.ada), await browser(world.ada)

    await one.submit("/settings", "/settings/display", language="de", theme="dark", shortcuts="on")
    page = await other.get("/")

    assert 'lang="de"' in page.html
    assert 'data-theme="dark"' in page.html


async def test_single_keys_can_be_switched_off(world: World, ada: Browser) -> None:
    form = (await ada.get("/settings")).form("/settings/display")
    form.fields = [(name, value) for name, value in form.fields if name != "shortcuts"]

    await ada.fill(form)

    assert 'data-behavior="shortcuts"' not in (await ada.get("/")).html


async def test_a_new_password_signs_out_every_other_browser(world: World, emma: Person, browser: Open) -> None:
    here, there = await browser(emma), await browser(emma)

    sent = await here.submit(
        "/settings",
        "/settings/password",
        current=PASSWORD,
        password="another long sentence",
        again="another long sentence",
    )

    assert sent.status == 303
    assert (await here.get("/groups")).status == 200
    assert (await there.get("/groups")).status == 303
    async with world.database.reading() as session:
        account = await session.get_one(Account, emma.staff.account_id)
    assert await passwords.verify(account.password_hash, "another long sentence")


@pytest.mark.parametrize(
    ("current", "password", "again", "place"),
    [
        ("wrong one here", "another long sentence", "another long sentence", "p-current-error"),
        (PASSWORD, "another long sentence", "another lung sentence", "p-again-error"),
        (PASSWORD, "short", "short", "p-password-error"),
    ],
    ids=["wrong", "different", "short"],
)
async def test_a_refused_password_changes_nothing(
    world: World, emma: Person, browser: Open, current: str, password: str, again: str, place: str
) -> None:
    here = await browser(emma)

    page = await here.submit("/settings", "/settings/password", current=current, password=password, again=again)

    assert page.status == 422
    assert place in page.ids
    async with world.database.reading() as session:
        account = await session.get_one(Account, emma.staff.account_id)
    assert await passwords.verify(account.password_hash, PASSWORD)


async def test_one_s_browsers_are_listed_and_another_one_is_signed_out(world: World, browser: Open) -> None:
    here, there = await browser(world.ada), await browser(world.ada)
    page = await here.get("/settings")
    end = next(form for form in page.forms if form.action.startswith("/settings/sign-ins/") and "/end" in form.action)

    await here.fill(end)

    assert "this one" in page.words
    assert (await there.get("/groups")).status == 303
    assert (await here.get("/groups")).status == 200


async def test_nobody_ends_somebody_else_s_sign_in(world: World, ada: Browser, joan: Browser) -> None:
    async with world.database.reading() as session:
        row = (await session.scalars(accounts.sign_ins(world.ada.staff))).first()
    assert row is not None
    token = (await joan.get("/settings")).token

    page = await joan.send(f"/settings/sign-ins/{row.id}/end", {"csrf_token": token})

    assert page.status == 404
    assert (await ada.get("/groups")).status == 200


async def test_an_application_loses_its_access(world: World, ada: Browser) -> None:
    async with world.database.writing() as session:
        tusky, _secret = await tokens.register(
            session, name="<b>Tusky</b>", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes="read", website=None
        )
        granted = await tokens.grant(session, tusky, account_id=world.ada.staff.account_id, scopes="read")
    page = await ada.get("/settings")
    await ada.fill(page.form(f"/settings/applications/{granted.row.id}/end"))

    assert "<b>Tusky</b>" in page.words
    async with world.database.reading() as session:
        assert await tokens.holder(session, granted.text) is None


# The inbox


async def test_thanks_for_one_post_make_one_line(world: World, ada: Browser) -> None:
    post = await world.ada.writes("Hello")
    for person in (world.joan, world.alan, world.grace):
        await person.likes(post)
    await world.settle()

    page = await ada.get("/notifications")

    assert "Grace and 2 others thank you" in page.words
    assert page.words.count("thank you") == 1


async def test_one_press_is_done_with_the_whole_line(world: World, ada: Browser) -> None:
    post = await world.ada.writes("Hello")
    await world.joan.likes(post)
    await world.alan.likes(post)
    await world.settle()
    page = await ada.get("/notifications")
    done = [form for form in page.forms if re.fullmatch(r"/notifications/\d+/read", form.action)]

    await ada.fill(done[-1])

    assert "Alan and Joan thank you new" in page.words
    assert "Alan and Joan thank you new" not in (await ada.get("/notifications")).words


async def test_everything_is_marked_as_read_at_once(world: World, joan: Browser) -> None:
    await world.ada.writes("Hello @joan")
    await world.settle()

    page = await joan.follow(await joan.submit("/notifications", "/notifications/read"))

    assert "Everything is marked as read." in page.words
    assert "Ada names you" in page.words
    assert "Ada names you new" not in page.words


async def test_who_answers_stands_under_replies_with_their_company(world: World, ada: Browser) -> None:
    post = await world.ada.writes("Hello")
    await world.joan.replies(post, "Hello yourself")
    await world.settle()

    page = await ada.get("/notifications")

    assert "Joan answers you" in page.words.partition("Replies")[2]


# People and search


async def test_the_directory_lists_colleagues_and_outsiders_under_their_company(world: World, ada: Browser) -> None:
    page = await ada.get("/people")

    assert page.words.index("Joan") < page.words.index("Northwind")
    assert "nora" in page.words.partition("Northwind")[2]
    assert "joan@lovelace.example" in page.words


async def test_two_letters_find_somebody(world: World, ada: Browser) -> None:
    page = await ada.get("/people?q=jo")

    assert "Joan" in page.words
    assert "Grace" not in page.words


async def test_somebody_is_followed_and_not_any_more(world: World, joan: Browser) -> None:
    followed = await joan.follow(await joan.submit("/people/ada", "/people/ada/follow"))
    async with world.database.reading() as session:
        standing = await relations.between(session, world.joan.id, world.ada.id)
    unfollowed = await joan.follow(await joan.fill(followed.form("/people/ada/follow")))

    assert "You follow them now." in followed.words
    assert standing is not None and standing.accepted_at is not None
    assert "You do not follow them any more." in unfollowed.words


async def test_who_asks_to_follow_is_answered(world: World, browser: Open) -> None:
    async with world.database.writing() as session:
        await actors.change_profile(session, by=world.ada.staff, is_locked=True)
    joan, ada = await browser(world.joan), await browser(world.ada)
    await joan.submit("/people/ada", "/people/ada/follow")
    page = await ada.get("/people/joan")
    await ada.fill(
        next(form for form in page.forms if form.action == "/people/joan/answer" and form.get("answer") == "yes")
    )

    assert "Joan wants to follow you." in page.words
    async with world.database.reading() as session:
        standing = await relations.between(session, world.joan.id, world.ada.id)
    assert standing is not None and standing.accepted_at is not None


async def test_somebody_who_left_is_said_to_have_left(world: World, ada: Browser) -> None:
    async with world.database.writing() as session:
        await accounts.disable(session, await accounts.by_username(session, "joan"))

    page = await ada.get("/people/joan")

    assert "Joan no longer works here." in page.words
    assert "joan@lovelace.example" not in page.words


async def test_the_search_finds_people_groups_tags_and_posts(world: World, ada: Browser) -> None:
    await world.ada.writes("The alpine route #alpine")

    for _ in range(2):
        page = await ada.get("/search?q=alpine")

        assert "/groups/alpine" in page.links
        assert "/tags/alpine" in page.links
        assert len(page.posts) == 1
        async with world.database.writing() as session:
            await trigrams.take_in(session)


async def test_an_address_elsewhere_is_looked_up_and_what_fails_is_just_not_found(world: World, ada: Browser) -> None:
    asked: list[str] = []

    async def resolve(text: str, by: Staff) -> None:
        asked.append(text)
        raise DomainError

    ada.client.app._state[RESOLVER] = resolve
    page = await ada.get(f"/search?q=@nobody@{NORTHWIND}")
    await ada.get("/search?q=just words")

    assert page.status == 200
    assert "Nothing here matches" in page.words
    assert asked == [f"@nobody@{NORTHWIND}"]


async def test_L14_an_address_finds_the_post_or_the_person_it_leads_to_and_only_for_those_who_may_see_it(
    world: World, ada: Browser, joan: Browser
) -> None:
    post, person = await world.ada.tells(world.grace, text="Between Grace and Ada"), world.grace.staff
    there = {"https://northwind.example/notes/7": post, "https://northwind.example/@7": person}

    async def resolve(text: str, by: Staff) -> Post | Actor | None:
        async with world.database.reading() as session:
            found = there.get(text)
            return await session.get(Actor, found.actor_id) if isinstance(found, Staff) else found

    ada.client.app._state[RESOLVER] = resolve
    note, profile = (f"/search?q={address}" for address in there)

    assert len((await ada.get(note)).posts) == 1
    assert (await joan.get(note)).posts == []
    assert "/people/grace" in (await joan.get(profile)).links


async def test_a_thousand_characters_of_search_are_no_fault(world: World, ada: Browser) -> None:
    assert (await ada.get("/search?q=" + "%25_ " * 300)).status == 200


# The difference of two texts


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ("a b c", "a b c", [("same", "a b c")]),
        ("a b c", "a x c", [("same", "a "), ("removed", "b"), ("added", "x"), ("same", " c")]),
        ("", "new", [("added", "new")]),
        ("old", "", [("removed", "old")]),
        ("", "", []),
    ],
    ids=["nothing", "a word", "all new", "all gone", "empty"],
)
async def test_a_difference_is_told_in_words(before: str, after: str, parts: list[tuple[str, str]]) -> None:
    assert [(part.kind, part.text) for part in await difference.between(before, after)] == parts


async def test_long_kept_stretches_are_folded_with_some_words_around_the_change() -> None:
    words = [f"w{n}" for n in range(200)]
    after = [*words[:100], "changed", *words[101:]]

    parts = await difference.between(" ".join(words), " ".join(after))

    assert [part.kind for part in parts] == ["folded", "same", "removed", "added", "same", "folded"]
    assert "w99" in parts[1].text
    assert "w101" in parts[4].text
    assert "words as before" in parts[0].text


async def test_very_long_texts_are_compared_too() -> None:
    parts = await difference.between("a b\n" * 5000, "a b\n" * 2500 + "c d\n" * 2500)

    assert {part.kind for part in parts} >= {"removed", "added"}


async def test_names_and_texts_of_people_are_never_markup(world: World, ada: Browser, joan: Browser) -> None:
    """R-52: in the pages where somebody else reads them."""
    mean = "<img src=x onerror=alert(1)>"
    async with world.database.writing() as session:
        await actors.change_profile(session, by=world.ada.staff, display_name=mean, about=mean)
    post = await world.ada.writes(f"{mean} @joan", title=mean, warning=mean)
    await world.settle()

    for path in (
        "/",
        f"/posts/{post.id}",
        "/people",
        "/people/ada",
        "/notifications",
        "/search?q=img",
        f"/posts/{post.id}/history",
    ):
        page = await joan.get(path)
        assert "<img src=x" not in page.html, path
        assert "&lt;img src=x" in page.html, path
    async with world.database.reading() as session:
        assert await session.scalar(select(Post.id).where(Post.id == post.id)) == post.id
        assert (await session.get_one(Actor, world.ada.id)).display_name == mean
