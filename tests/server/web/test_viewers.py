"""Who sees which page: every page for every sort of viewer; what is hidden looks like what never was (R-71)."""

from dataclasses import asdict, dataclass

import pytest
from sqlalchemy import select

from models import announcements, filters, partners, reactions, reports
from models.announcements import Words
from models.database import Database
from models.posts import outlines
from models.tables import Access, Actor, Announcement, Approval, Filter, Group, Post, Reach, Report
from models.viewers import ANONYMOUS
from tests.fixtures import NewDatabase
from tests.server.web.browser import Browser, Page
from tests.server.web.conftest import Open
from tests.templates import INHABITED, Template
from tests.world import Person, World

PEOPLE = ("visitor", "joan", "ada", "grace", "alan")
"""Nobody in particular; a colleague in no group; a member and author; the company's gatekeeper; the admin and owner."""
SEEN, DOOR, FORBIDDEN, HIDDEN = 200, 303, 403, 404

HOUSE = {"visitor": DOOR, "joan": SEEN, "ada": SEEN, "grace": SEEN, "alan": SEEN}
EVERYBODY = dict.fromkeys(PEOPLE, SEEN)
PAGES: dict[str, dict[str, int]] = {
    "/": EVERYBODY,
    "/about": EVERYBODY,
    "/about/privacy": dict.fromkeys(PEOPLE, HIDDEN),
    "/scheduled": HOUSE,
    "/house": {"visitor": DOOR, "joan": FORBIDDEN, "ada": FORBIDDEN, "grace": FORBIDDEN, "alan": SEEN},
    "/sign-in": {**dict.fromkeys(PEOPLE, DOOR), "visitor": SEEN},
    "/groups": HOUSE,
    "/new-group": HOUSE,
    "/join-group": HOUSE,
    "/people": HOUSE,
    "/search": HOUSE,
    "/search?q=milling": HOUSE,
    "/saved": HOUSE,
    "/notifications": HOUSE,
    "/settings": HOUSE,
    "/people/ada": {**HOUSE, "visitor": HIDDEN},
    "/people/nora@northwind.localhost:8002": {**HOUSE, "visitor": HIDDEN},
    "/people/nobody": dict.fromkeys(PEOPLE, HIDDEN),
    "/groups/nothing": dict.fromkeys(PEOPLE, HIDDEN),
    "/groups/alpine": {**HOUSE, "visitor": HIDDEN},
    "/groups/alpine/members": {"visitor": DOOR, "joan": FORBIDDEN, "ada": SEEN, "grace": SEEN, "alan": SEEN},
    "/groups/alpine/about": HOUSE,
    "/groups/alpine/settings": {"visitor": DOOR, "joan": FORBIDDEN, "ada": FORBIDDEN, "grace": FORBIDDEN, "alan": SEEN},
    "/groups/alpine/reach?to=public": {
        "visitor": DOOR,
        "joan": FORBIDDEN,
        "ada": FORBIDDEN,
        "grace": FORBIDDEN,
        "alan": SEEN,
    },
    "/groups/alpine/members/{ada}/ban": {
        "visitor": DOOR,
        "joan": FORBIDDEN,
        "ada": FORBIDDEN,
        "grace": FORBIDDEN,
        "alan": SEEN,
    },
    "/groups/news": EVERYBODY,
    "/groups/news/members": HOUSE,
    "/groups/canteen": {**HOUSE, "visitor": HIDDEN},
    "/posts/{closed}": {"visitor": HIDDEN, "joan": HIDDEN, "ada": SEEN, "grace": SEEN, "alan": SEEN},
    "/posts/{closed}/item": {"visitor": DOOR, "joan": HIDDEN, "ada": SEEN, "grace": SEEN, "alan": SEEN},
    "/posts/{closed}/history": {"visitor": DOOR, "joan": HIDDEN, "ada": SEEN, "grace": SEEN, "alan": SEEN},
    "/posts/{closed}/edit": {"visitor": DOOR, "joan": HIDDEN, "ada": SEEN, "grace": FORBIDDEN, "alan": FORBIDDEN},
    "/posts/{closed}/moderation": {
        "visitor": DOOR,
        "joan": HIDDEN,
        "ada": FORBIDDEN,
        "grace": FORBIDDEN,
        "alan": SEEN,
    },
    "/posts/{company}": {**HOUSE, "visitor": HIDDEN},
    "/posts/{internal}": {**HOUSE, "visitor": HIDDEN},
    "/posts/{public}": EVERYBODY,
    "/posts/1": dict.fromkeys(PEOPLE, HIDDEN),
    "/tags/milling": {**HOUSE, "visitor": HIDDEN},
    "/tags/fair": EVERYBODY,
    "/tags/unheard": {**HOUSE, "visitor": HIDDEN},
    "/approvals": {"visitor": DOOR, "joan": FORBIDDEN, "ada": FORBIDDEN, "grace": SEEN, "alan": FORBIDDEN},
    "/approvals/{approval}": {"visitor": DOOR, "joan": HIDDEN, "ada": SEEN, "grace": SEEN, "alan": HIDDEN},
    "/approvals/{approval}/raw": {"visitor": DOOR, "joan": HIDDEN, "ada": FORBIDDEN, "grace": SEEN, "alan": HIDDEN},
    "/approvals/1": {"visitor": DOOR, **dict.fromkeys(PEOPLE[1:], HIDDEN)},
    "/partners": {"visitor": DOOR, "joan": FORBIDDEN, "ada": FORBIDDEN, "grace": FORBIDDEN, "alan": SEEN},
    "/partners/{partner}": {"visitor": DOOR, "joan": FORBIDDEN, "ada": FORBIDDEN, "grace": FORBIDDEN, "alan": SEEN},
    "/federation": {"visitor": DOOR, "joan": FORBIDDEN, "ada": FORBIDDEN, "grace": FORBIDDEN, "alan": SEEN},
    "/federation/northwind.localhost:8002": {
        "visitor": DOOR,
        "joan": FORBIDDEN,
        "ada": FORBIDDEN,
        "grace": FORBIDDEN,
        "alan": SEEN,
    },
    "/people/ada/report": HOUSE,
    "/people/ada/access": {"visitor": DOOR, "joan": FORBIDDEN, "ada": FORBIDDEN, "grace": FORBIDDEN, "alan": SEEN},
    "/house/announcements/{announcement}": {
        "visitor": DOOR,
        "joan": FORBIDDEN,
        "ada": FORBIDDEN,
        "grace": FORBIDDEN,
        "alan": SEEN,
    },
    "/settings/unheard": HOUSE,
    "/settings/filters": HOUSE,
    "/settings/filters/new": HOUSE,
    "/settings/filters/{filter}": {"visitor": DOOR, "joan": HIDDEN, "ada": SEEN, "grace": HIDDEN, "alan": HIDDEN},
    "/reports": {"visitor": DOOR, "joan": FORBIDDEN, "ada": FORBIDDEN, "grace": FORBIDDEN, "alan": SEEN},
    "/reports/{report}": {"visitor": DOOR, "joan": FORBIDDEN, "ada": FORBIDDEN, "grace": FORBIDDEN, "alan": SEEN},
    "/ledger": {"visitor": DOOR, "joan": FORBIDDEN, "ada": FORBIDDEN, "grace": SEEN, "alan": SEEN},
}


@dataclass(frozen=True, slots=True)
class Things:
    """What the pages of the table are about."""

    closed: int
    company: int
    internal: int
    public: int
    approval: int
    partner: int
    ada: int
    report: int
    announcement: int
    filter: int


async def _written(database: Database) -> None:
    """A post in a closed partner group waiting at the gate, one for the company, one in an open group, a public one."""
    world = await World.met(database)
    await world.ada.writes("Milling begins #milling", group=world.alpine)
    company = await world.ada.writes("Lunch is ready #milling")
    canteen = await world.alan.founds("canteen")
    await world.alan.writes("Soup today #milling", group=canteen)
    news = await world.alan.founds("news", reach=Reach.PUBLIC, access=Access.OPEN)
    await world.alan.writes("We are at the fair #fair", group=news)
    async with database.writing() as session:
        about = await session.get_one(Actor, world.ada.id)
        await reports.report(session, about, by=world.joan.staff, post_ids=[company.id], text="Rude")
        await announcements.announce(session, Words(text="Soup"), by=world.alan.staff)
        await filters.create(session, filters.Wish(title="Fairs", contexts=["home"]), by=world.ada.staff)
    await world.settle()


WRITTEN = Template("written", _written, after=INHABITED)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str, new_database: NewDatabase) -> str:
    return new_database(database_kind, template=WRITTEN if "things" in request.fixturenames else INHABITED)


@pytest.fixture
async def things(world: World) -> Things:
    async with world.database.reading() as session:
        closed, company, internal, public = await session.scalars(select(Post.id).order_by(Post.id))
        approval = (await session.scalars(select(Approval.id).where(Approval.post_id == closed))).one()
        partner = (await session.scalars(partners.listed())).first()
        report = (await session.scalars(select(Report.id))).one()
        announcement = (await session.scalars(select(Announcement.id))).one()
        own = (await session.scalars(select(Filter.id))).one()
    assert partner is not None
    return Things(closed, company, internal, public, approval, partner.id, world.ada.id, report, announcement, own)


def filled(path: str, things: Things) -> str:
    return path.format(**asdict(things))


@pytest.mark.parametrize("name", PEOPLE)
async def test_R_70_a_page_is_there_for_those_whom_the_table_names(
    world: World, browser: Open, things: Things, name: str
) -> None:
    person: Person | None = None if name == "visitor" else getattr(world, name)
    viewer = await browser(person)

    found = {path: (await viewer.get(filled(path, things))).status for path in PAGES}

    assert found == {path: statuses[name] for path, statuses in PAGES.items()}


async def test_every_page_that_is_served_stands_in_the_table(app: "object") -> None:
    from aiohttp import web

    assert isinstance(app, web.Application)
    templates = {path.partition("?")[0].replace("{closed}", "{post_id}") for path in PAGES}
    for name in ("company", "internal", "public"):
        templates.discard(f"/posts/{{{name}}}")
    known = {
        path.replace("{approval}", "{approval_id}")
        .replace("{ada}", "{actor_id}")
        .replace("{partner}", "{partner_id}")
        .replace("{report}", "{report_id}")
        .replace("{announcement}", "{announcement_id}")
        .replace("{filter}", "{filter_id}")
        .replace("/federation/northwind.localhost:8002", "/federation/{host}")
        .replace("/groups/alpine", "/groups/{handle}")
        .replace("/people/ada", "/people/{handle}")
        .replace("/tags/fair", "/tags/{tag}")
        .replace("/about/privacy", "/about/{name}")
        for path in templates
    }
    served = set()
    for resource in app.router.resources():
        handlers = {route.handler.__module__ for route in resource if route.method == "GET"}
        if any(module.startswith("server.web") for module in handlers):
            served.add(resource.canonical)
    assert served - known == {"/events"}


HIDDEN_FROM = [
    ("visitor", "/posts/{closed}", "/posts/1"),
    ("visitor", "/posts/{company}", "/posts/1"),
    ("visitor", "/posts/{internal}", "/posts/1"),
    ("visitor", "/groups/alpine", "/groups/nothing"),
    ("visitor", "/groups/canteen", "/groups/nothing"),
    ("visitor", "/people/ada", "/people/nobody"),
    ("visitor", "/people/grace", "/people/nobody"),
    ("visitor", "/tags/milling", "/tags/unheard"),
    ("joan", "/posts/{closed}", "/posts/1"),
    ("joan", "/posts/{closed}/history", "/posts/1/history"),
    ("joan", "/posts/{closed}/edit", "/posts/1/edit"),
    ("joan", "/posts/{closed}/item", "/posts/1/item"),
    ("joan", "/approvals/{approval}", "/approvals/1"),
    ("joan", "/approvals/{approval}/raw", "/approvals/1/raw"),
    ("joan", "/events?post={closed}", "/events?post=1"),
]


async def test_R_71_what_is_hidden_answers_like_what_never_was(world: World, browser: Open, things: Things) -> None:
    browsers = {"visitor": await browser(), "joan": await browser(world.joan)}

    for name, hidden, absent in HIDDEN_FROM:
        one, other = await browsers[name].get(filled(hidden, things)), await browsers[name].get(absent)
        assert one.status == other.status == HIDDEN, hidden
        assert one.html == other.html, hidden
        assert _steady(one) == _steady(other), hidden


def _steady(page: Page) -> dict[str, str]:
    return {name: value for name, value in page.headers.items() if name not in ("Date", "Content-Length")}


WRITES = [
    "/posts/{post}/like",
    "/posts/{post}/boost",
    "/posts/{post}/bookmark",
    "/posts/{post}/deletion",
    "/posts/{post}",
    "/posts/{post}/approval",
    "/posts/{post}/return",
]


async def test_R_71_acting_on_a_hidden_post_answers_like_acting_on_none(joan: Browser, things: Things) -> None:
    token = (await joan.get("/groups")).token
    said = {"csrf_token": token, "set": "yes", "text": "x", "revision": "1", "reason": "x"}

    for path in WRITES:
        one = await joan.send(path.format(post=things.closed), dict(said))
        other = await joan.send(path.format(post=1), dict(said))
        assert one.status == other.status == HIDDEN, path
        assert one.html == other.html, path


async def test_L14_search_and_lists_hold_nothing_of_closed_groups_for_those_outside(
    world: World, joan: Browser, things: Things
) -> None:
    found = await joan.get("/search?q=milling")
    profile = await joan.get("/people/ada")
    tagged = await joan.get("/tags/milling")

    assert str(things.closed) not in found.posts + profile.posts + tagged.posts
    assert str(things.company) in found.posts
    assert "Milling begins" not in found.html + profile.html + tagged.html


async def test_R_74_counts_are_of_what_the_viewer_may_see(world: World, browser: Open, visitor: Browser) -> None:
    news = await world.alan.founds("news", reach=Reach.PUBLIC)
    await world.ada.joins(news)
    post = await world.alan.writes("We are at the fair", group=news)
    async with world.database.writing() as session:  # an answer that is not released yet
        found = await session.get_one(Group, news.id)
        found.is_gated = True
    await world.ada.replies(post, "Me too")

    inside = await (await browser(world.joan)).get(f"/posts/{post.id}")
    outside = await visitor.get(f"/posts/{post.id}")

    assert "1 reply" in inside.words
    assert "reply" not in outside.words.replace("To reply from another server", "")
    assert "Me too" not in outside.html


async def test_R_74_how_many_colleagues_thanked_for_a_post_is_told_in_the_house_alone(world: World) -> None:
    news = await world.alan.founds("news", reach=Reach.PUBLIC)
    post = await world.alan.writes("We are at the fair", group=news)
    await world.ada.likes(post)
    await world.joan.likes(post)
    async with world.database.writing() as session:
        nora = await session.get_one(Actor, world.nora.id)
        found = await session.get_one(Post, post.id)
        assert await reactions.receive_like(session, by=nora, post=found, uri=f"{nora.uri}/like")

    async with world.database.reading() as session:
        inside = await outlines.marks(session, world.ada.staff, [post.id])
        outside = await outlines.marks(session, ANONYMOUS, [post.id])
    assert (inside.likes[post.id], outside.likes[post.id]) == (3, 1)


async def test_visitors_read_the_released_version_only(world: World, visitor: Browser) -> None:
    news = await world.alan.founds("news", reach=Reach.PUBLIC, is_gated=True)
    await world.ada.joins(news)
    post = await world.ada.writes("We are at the fair", group=news)
    before = await visitor.get(f"/posts/{post.id}")
    await world.grace.approves(post)
    await world.ada.edits(post, "We are at the fair, prices from 7")

    page = await visitor.get(f"/posts/{post.id}")
    group = await visitor.get("/groups/news")

    assert before.status == HIDDEN
    assert "We are at the fair" in page.words
    assert "prices" not in page.html + group.html


async def test_an_author_s_name_and_profile_stay_inside_until_something_of_theirs_is_public(
    world: World, visitor: Browser
) -> None:
    async with world.database.reading() as session:
        ada = await session.get_one(Actor, world.ada.id)
    page = await visitor.get("/people/ada")

    assert page.status == HIDDEN
    assert ada.shown_name not in page.html


async def test_R_96_a_visitor_learns_no_versions(visitor: Browser) -> None:
    for path in ("/", "/about", "/sign-in", "/groups/nothing", "/posts/1"):
        page = await visitor.get(path)
        assert "aiohttp" not in str(page.headers), path
        assert "0.1" not in page.words, path


async def test_R_55_R_76_pages_are_private_and_run_nothing_from_elsewhere(ada: Browser) -> None:
    for path in ("/", "/groups", "/posts/1", "/sign-in"):
        page = await ada.get(path)
        assert "script-src 'self'" in page.headers["Content-Security-Policy"], path
        assert "unsafe" not in page.headers["Content-Security-Policy"], path
        assert page.headers["Cache-Control"] == "private, no-store", path
        assert "Cookie" in page.headers["Vary"], path
        assert page.headers["X-Content-Type-Options"] == "nosniff", path
