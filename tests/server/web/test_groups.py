"""Groups in pages: founding, joining, inviting, opening, and joining one of another company."""

import pytest
from aiohttp import web

from models import actors, groups
from models.errors import NotFound
from models.tables import Access, Actor, ActorType, Group, MemberRole, MemberState, Reach
from models.viewers import Staff
from server.context import RESOLVER
from tests.server.web.browser import Browser
from tests.server.web.conftest import Open
from tests.world import NORTHWIND, World


async def found(world: World, username: str) -> Group:
    async with world.database.reading() as session:
        return await groups.by_username(session, world.alan.staff, username)


async def test_somebody_founds_a_group_and_is_its_first_member(world: World, joan: Browser) -> None:
    sent = await joan.submit("/new-group", "/groups", name="Housing X200", username="Housing", purpose="All about it.")
    page = await joan.follow(sent)

    group = await found(world, "housing")
    assert sent.location == "/groups/housing"
    assert "The group is there." in page.words
    assert (group.reach, group.access, group.owner_id) == (Reach.INTERNAL, Access.OPEN, world.joan.id)
    assert page.has_form("/posts")


@pytest.mark.parametrize("reach", ["partners", "public"])
async def test_a_group_begins_internal_and_opening_it_is_confirmed_on_its_own_page(
    world: World, joan: Browser, reach: str
) -> None:
    sent = await joan.submit("/new-group", "/groups", name="Fair", username="fair", purpose="x", reach=reach)
    page = await joan.follow(sent)
    unconfirmed = await joan.fill(page.form("/groups/fair/reach"))
    before = (await found(world, "fair")).reach
    confirmed = await joan.fill(unconfirmed.form("/groups/fair/reach"), confirmed="yes")

    assert sent.location == f"/groups/fair/reach?to={reach}"
    assert unconfirmed.status == 409
    assert "confirm the new reach in so many words" in unconfirmed.words
    assert before is Reach.INTERNAL
    assert confirmed.status == 303
    assert (await found(world, "fair")).reach is Reach(reach)


FAULTS = [
    ({"username": "ada"}, "This name is taken already", "f-username-error"),
    ({"username": "über uns"}, "A name has 1 to 30 of the characters", "f-username-error"),
    ({"name": " "}, "A group needs a name", "f-name-error"),
    ({"purpose": "x" * 1001}, "This text is too long", "f-purpose-error"),
]


@pytest.mark.parametrize(("typed", "sentence", "place"), FAULTS, ids=["taken", "characters", "nameless", "too long"])
async def test_a_refused_group_form_keeps_everything(
    world: World, joan: Browser, typed: dict[str, str], sentence: str, place: str
) -> None:
    everything = {"name": "Housing", "username": "housing", "purpose": "All about it.", "access": "closed", **typed}

    page = await joan.submit("/new-group", "/groups", **everything)

    form = page.form("/groups")
    assert page.status in (409, 422)
    assert sentence in page.words
    assert place in page.ids
    assert {name: form.get(name) for name in everything} == everything


async def test_an_open_group_is_joined_and_left_by_a_press(world: World, joan: Browser) -> None:
    await world.alan.founds("canteen")

    joined = await joan.submit("/groups", "/groups/canteen/membership")
    inside = await joan.follow(joined)
    left = await joan.fill(inside.form("/groups/canteen/departure"))
    outside = await joan.follow(left)

    assert "You are a member now." in inside.words
    assert inside.has_form("/posts")
    assert "You have left the group." in outside.words
    assert not outside.has_form("/posts")


async def test_a_closed_group_says_whom_to_ask(world: World, joan: Browser) -> None:
    page = await joan.get("/groups/alpine")

    assert "This group is closed: only its members read it." in page.words
    assert "Alan can invite you." in page.words
    assert not page.has_form("/groups/alpine/membership")


async def test_nobody_joins_a_closed_group_by_sending_the_form_all_the_same(world: World, joan: Browser) -> None:
    token = (await joan.get("/groups")).token

    page = await joan.send("/groups/alpine/membership", {"csrf_token": token})

    assert page.status == 403
    assert "ask its owner for an invitation" in page.words


async def test_an_invited_colleague_accepts(world: World, alan: Browser, joan: Browser) -> None:
    invited = await alan.submit("/groups/alpine/members", "/groups/alpine/members", username="joan")
    await world.settle()
    inbox = await joan.get("/notifications")
    page = await joan.get("/groups/alpine")
    joined = await joan.fill(page.form("/groups/alpine/membership"))

    assert invited.status == 303
    assert "Alan invites you to alpine" in inbox.words
    assert "You are invited to this group." in page.words
    assert joined.status == 303
    assert (await joan.get("/groups/alpine/members")).status == 200


async def test_inviting_somebody_who_is_not_there_keeps_the_name(world: World, alan: Browser) -> None:
    page = await alan.submit("/groups/alpine/members", "/groups/alpine/members", username="carl")

    assert page.status == 422
    assert "f-username-error" in page.ids
    assert page.form("/groups/alpine/members").get("username") == "carl"


async def test_members_stand_under_their_company(world: World, ada: Browser) -> None:
    page = await ada.get("/groups/alpine/members")

    assert page.words.index("Lovelace 2 people") < page.words.index("Northwind 1 person")
    assert "nora" in page.words.partition("Northwind 1 person")[2]


async def test_the_owner_names_a_gatekeeper_and_takes_somebody_out(world: World, alan: Browser) -> None:
    role = f"/groups/alpine/members/{world.ada.id}/role"
    removal = f"/groups/alpine/members/{world.ada.id}/removal"

    await alan.submit("/groups/alpine/members", role, role="gatekeeper")
    named = await alan.get("/groups/alpine/members")
    await alan.fill(named.form(removal))

    assert "Keeps the gate" in named.words
    async with world.database.reading() as session:
        assert await groups.membership(session, world.alpine.id, world.ada.id) is None


@pytest.mark.parametrize("role", ["admin", "", "OWNER"])
async def test_R_86_a_role_that_groups_do_not_have_is_no_role(world: World, alan: Browser, role: str) -> None:
    page = await alan.submit("/groups/alpine/members", f"/groups/alpine/members/{world.ada.id}/role", role=role)

    assert page.status == 404


async def test_members_who_are_not_the_owner_see_no_way_to_change_the_group(world: World, ada: Browser) -> None:
    page = await ada.get("/groups/alpine/members")
    token = page.token
    sent = await ada.send(f"/groups/alpine/members/{world.alan.id}/removal", {"csrf_token": token})

    assert not any("removal" in form.action or "role" in form.action for form in page.forms)
    assert "/groups/alpine/settings" not in page.links
    assert sent.status == 403


async def test_settings_change_name_purpose_access_and_gate(world: World, alan: Browser) -> None:
    group = await world.alan.founds("canteen")

    await alan.submit(
        "/groups/canteen/settings",
        "/groups/canteen/settings",
        name="Kantine",
        purpose="Essen",
        access="closed",
        gate="on",
    )

    changed = await found(world, "canteen")
    assert changed.id == group.id
    assert (changed.actor.display_name, changed.purpose) == ("Kantine", "Essen")
    assert (changed.access, changed.is_gated) == (Access.CLOSED, True)


async def test_the_reach_page_says_what_changes_before_it_changes(world: World, alan: Browser) -> None:
    await world.ada.writes("Milling begins", group=world.alpine)

    page = await alan.get("/groups/alpine/reach?to=public")

    assert "Shared by 2 people at Lovelace" in page.words
    assert "Anybody on the internet can read what is written here." in page.words
    assert "The 1 post written so far keeps its reach: it does not leave." in page.words


async def test_R_72_closing_a_group_puts_outsiders_out(world: World, alan: Browser) -> None:
    await alan.submit("/groups/alpine/reach?to=internal", "/groups/alpine/reach", confirmed="yes")

    page = await alan.get("/groups/alpine/members")
    assert "Northwind" not in page.words
    assert (await found(world, "alpine")).reach is Reach.INTERNAL


async def test_an_archived_group_is_read_but_not_written(world: World, alan: Browser, ada: Browser) -> None:
    await alan.submit("/groups/alpine/settings", "/groups/alpine/archive")

    page = await ada.get("/groups/alpine")

    assert "This group is archived: you can read, but not write." in page.words
    assert not page.has_form("/posts")


class TestElsewhere:
    """A group of Northwind's, found by its address."""

    @pytest.fixture
    async def lacquer(self, world: World, app: web.Application) -> Actor:
        base = f"http://{NORTHWIND}/groups/lacquer"
        async with world.database.writing() as session:
            actor = await actors.keep(
                session,
                actors.RemoteActor(
                    uri=base,
                    type=ActorType.GROUP,
                    host=NORTHWIND,
                    username="lacquer",
                    url=base,
                    inbox=f"{base}/inbox",
                    display_name="Lacquer",
                    about_html="<p>All about it.</p>",
                    is_locked=True,
                ),
            )

        async def resolve(text: str, by: Staff) -> Actor | None:
            if text not in (f"lacquer@{NORTHWIND}", base):
                raise NotFound(text=text)
            async with world.database.reading() as session:
                return await session.get(Actor, actor.id)

        app._state[RESOLVER] = resolve
        return actor

    @pytest.mark.parametrize(
        "address", [f"lacquer@{NORTHWIND}", f"!lacquer@{NORTHWIND}", f"http://{NORTHWIND}/groups/lacquer"]
    )
    async def test_it_is_shown_before_anybody_joins(
        self, world: World, lacquer: Actor, joan: Browser, address: str
    ) -> None:
        page = await joan.get(f"/join-group?address={address}")

        assert page.status == 200
        assert "Found" in page.words
        assert "Lacquer Northwind" in page.words
        assert page.has_form(f"/groups/lacquer@{NORTHWIND}/membership")
        async with world.database.reading() as session:
            assert await groups.membership(session, lacquer.id, world.joan.id) is None

    async def test_joining_it_asks_and_says_that_no_answer_is_there_yet(
        self, world: World, lacquer: Actor, joan: Browser
    ) -> None:
        at = f"/groups/lacquer@{NORTHWIND}"
        sent = await joan.submit(f"/join-group?address=lacquer@{NORTHWIND}", f"{at}/membership")
        page = await joan.follow(sent)

        async with world.database.reading() as session:
            membership = await groups.membership(session, lacquer.id, world.joan.id)
        assert membership is not None
        assert membership.state is MemberState.ASKED
        assert "You asked to join. Northwind has not answered yet." in page.words

    async def test_a_member_reads_and_writes_there_and_colleagues_do_not(
        self, world: World, lacquer: Actor, joan: Browser, ada: Browser
    ) -> None:
        at = f"/groups/lacquer@{NORTHWIND}"
        await joan.submit(f"/join-group?address=lacquer@{NORTHWIND}", f"{at}/membership")
        async with world.database.writing() as session:
            group = await session.get_one(Group, lacquer.id)
            member = await session.get_one(Actor, world.joan.id)
            await groups.receive_answer(session, group, member=member, accepted=True)
        await joan.submit(at, "/posts", text="What shade?")

        mine, theirs = await joan.get(at), await ada.get(at)

        assert "What shade?" in mine.words
        assert "A group of Northwind." in mine.words
        assert "What shade?" not in theirs.html

    async def test_an_address_where_nothing_is_stays_in_the_field(
        self, world: World, lacquer: Actor, joan: Browser
    ) -> None:
        page = await joan.get("/join-group?address=nothing@northwind.localhost:8002")

        assert page.status == 404
        assert "There is no group for you at this address." in page.words
        assert page.form("/join-group").get("address") == "nothing@northwind.localhost:8002"


async def test_a_group_s_page_has_the_roles_of_its_people(world: World, ada: Browser) -> None:
    page = await ada.get("/groups/alpine/about")

    assert "Owners Alan" in page.words.replace("A Alan", "Alan")
    assert "@alpine@lovelace.localhost:8001" in page.words
    assert MemberRole.OWNER == "owner"


async def test_every_link_of_a_group_s_pages_leads_somewhere(world: World, browser: Open) -> None:
    alan = await browser(world.alan)
    links: set[str] = set()
    for path in (
        "/groups",
        "/groups/alpine",
        "/groups/alpine/members",
        "/groups/alpine/about",
        "/groups/alpine/settings",
    ):
        links |= {link.partition("#")[0] for link in (await alan.get(path)).links if link.startswith("/")}
    pages = sorted(link for link in links if link and not link.startswith(("/static", "/media")))

    assert len(pages) > 10
    assert {link: page.status for link in pages if (page := await alan.get(link)).status != 200} == {}
