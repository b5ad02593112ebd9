"""The start page: what one's groups and people wrote; for visitors the company's door."""

from datetime import timedelta
from itertools import islice

from aiohttp import web
from markupsafe import Markup
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from models import accounts, approvals, groups, house_texts, timelines
from models.errors import NotFound
from models.posts import reading
from models.tables import HouseTextName, Post, Reach
from models.text.sanitise import clean_stored
from models.viewers import ANONYMOUS, Staff
from server.context import database, staff, viewer
from server.i18n import ngettext
from server.web import views
from server.web.answers import framed, page
from server.web.events import events_url
from server.web.forms import asked_page, paging, whole
from server.web.presenters import composing, house, posts
from server.web.presenters.frame import Frame
from server.web.presenters.sight import Sight, sight

routes = web.RouteTableDef()

_NEW_FOR = timedelta(days=30)
_NEWCOMERS = 4


@routes.get("/", name="home")
async def show(request: web.Request) -> web.StreamResponse:
    if not isinstance(viewer(request), Staff):
        return await landing(request)
    looks = sight(request)
    async with database(request).reading() as session:
        around = await framed(request, session, looks)
        form = composing.untouched(looks)
        quoted = await to_quote(request, session, request.query.get("quote", ""))
        # what stays within a group is quoted there alone
        home_group = quoted.group if quoted is not None else None
        group = home_group if home_group is not None and home_group.reach is not Reach.PUBLIC else None
        composer = await composing.composer(
            session, looks, around.groups, next_url="/", form=form, quoted=quoted, group=group
        )
        composer = replace(composer, open=composer.open or "write" in request.query)
        view = await home(request, session, looks, composer, around)
        return await page(request, session, looks, "web/home.html", view, around=around)


async def to_quote(request: web.Request, session: AsyncSession, text: str) -> Post | None:
    """The post that somebody wants to quote, if they see it."""
    post_id = whole(text)
    if post_id is None:
        return None
    try:
        return reading.shown_by(await reading.one(session, staff(request), post_id))
    except NotFound:
        return None


async def home(
    request: web.Request, session: AsyncSession, looks: Sight, composer: views.ComposerView, around: Frame
) -> views.HomeView:
    """The start page around a composer, which may be one that was refused."""
    by = staff(request)
    asked = asked_page(request)
    live = events_url(looks)
    found = await reading.page(session, by, timelines.home_of(by), asked)
    part, links = paging(request, asked, [post.id for post in found])
    newest = asked.max_id is None and asked.min_id is None
    return views.HomeView(
        composer=composer,
        posts=await posts.present(session, looks, found[part], place="home"),
        paging=links,
        events_url=live if newest else "",
        today=await _today(session, looks, around),
        newcomers=await _newcomers(session, looks),
        announcements=tuple(await house.told(session, looks)),
    )


async def _today(session: AsyncSession, looks: Sight, around: Frame) -> tuple[tuple[str, str], ...]:
    """Duties: what waits for one's decision, and what came back."""
    duties = []
    if around.shell.waiting_approvals:
        words = ngettext(
            "%(num)s post waits for your approval",
            "%(num)s posts wait for your approval",
            around.shell.waiting_approvals,
        )
        duties.append((words, looks.url("approvals")))
    by = looks.staff
    if by is not None:
        returned = (await session.scalars(approvals.returned_to(by))).all()
        if returned:
            words = ngettext("%(num)s post came back to you", "%(num)s posts came back to you", len(returned))
            duties.append((words, looks.url("post", post_id=returned[0].post_id)))
    return tuple(duties)


async def _newcomers(session: AsyncSession, looks: Sight) -> tuple[views.PersonRef, ...]:
    found = await session.scalars(accounts.newest(since=_NEW_FOR).limit(_NEWCOMERS + 1))
    others = (account.actor for account in found if looks.staff and account.actor_id != looks.staff.actor_id)
    return tuple(looks.person(actor) for actor in islice(others, _NEWCOMERS))


@routes.get("/about", name="about")
async def landing(request: web.Request) -> web.Response:
    """What everybody may know: whose this is, and the groups that are public."""
    looks = sight(request)
    async with database(request).reading() as session:
        public = (await session.scalars(groups.listed(ANONYMOUS))).all()
        rows = tuple((g.actor.shown_name, g.purpose, looks.actor_url(g.actor)) for g in public)
        texts = await house_texts.current(session)
        about, contact = texts.get(HouseTextName.ABOUT), texts.get(HouseTextName.CONTACT)
        view = views.LandingView(
            about=Markup(clean_stored(about.html)) if about is not None else Markup(),
            public_groups=rows,
            contact=contact.source if contact is not None else None,
        )
        return await page(request, session, looks, "web/landing.html", view)


@routes.get("/saved", name="saved")
async def saved(request: web.Request) -> web.Response:
    """Posts somebody kept for later; nobody else sees this list."""
    looks, by = sight(request), staff(request)
    asked = asked_page(request)
    async with database(request).reading() as session:
        found, keys = await timelines.bookmarked_page(session, by, asked)
        part, links = paging(request, asked, keys)
        view = views.FeedView(posts=await posts.present(session, looks, found[part]), paging=links)
        return await page(request, session, looks, "web/saved.html", view)
