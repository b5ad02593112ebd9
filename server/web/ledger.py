"""The ledger: everything that left, came in, was held or stopped, for those who answer for it."""

from datetime import date, datetime, time, timedelta

from aiohttp import web
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from models import groups, ledger, partners, policy
from models.base import now
from models.errors import NotAllowed
from models.paging import page_of
from models.tables import LedgerLine
from models.viewers import Staff
from server.context import database, staff
from server.i18n import gettext as _
from server.web import views
from server.web.answers import page
from server.web.forms import asked_page, paging, whole, words
from server.web.presenters import ledger as presenting
from server.web.presenters.sight import Sight, sight

routes = web.RouteTableDef()

_ROWS = 50
_CHECKED_EVERY = timedelta(minutes=1)


class Check(Struct):
    """What the last walk along the chain found, and when; walking it for every page would be too much."""

    at: datetime | None = None
    is_whole: bool = False


CHECK = web.AppKey("ledger_check", Check)


@routes.get("/ledger", name="ledger")
async def show(request: web.Request) -> web.Response:
    by = staff(request)
    if not policy.may_read_ledger(by):
        raise NotAllowed
    looks = sight(request)
    asked = asked_page(request, _ROWS)
    typed = {name: words(request, name) for name in ("q", "verdict", "company", "group", "since", "until")}
    async with database(request).reading() as session:
        check = await _checked(request, session)
        found = await page_of(session, ledger.filtered(by, _filter(looks, typed)), LedgerLine.id, asked)
        part, links = paging(request, asked, [line.id for line in found])
        view = views.LedgerView(
            rows=await presenting.rows(session, looks, found[part]),
            filter=views.Form(values=typed),
            companies=await _companies(session),
            groups=await _groups(session, by),
            paging=links,
            intact=check.is_whole,
            checked_at=looks.moment(check.at) if check.at is not None else None,
        )
        return await page(request, session, looks, "web/ledger.html", view)


async def _checked(request: web.Request, session: AsyncSession) -> Check:
    check = request.app[CHECK]
    if check.at is None or now() - check.at > _CHECKED_EVERY:
        check.is_whole = not await ledger.verify(session)
        check.at = now()
    return check


def _filter(looks: Sight, typed: dict[str, str]) -> ledger.Filter:
    """What was asked for; what makes no sense does not narrow."""
    outcome = presenting.VERDICTS.get(typed["verdict"])
    until = _day(typed["until"])
    return ledger.Filter(
        outcomes=() if outcome is None else (outcome,),
        host=typed["company"].lower(),
        group_id=whole(typed["group"]),
        word=typed["q"],
        since=_midnight(looks, _day(typed["since"])),
        until=_midnight(looks, until + timedelta(days=1)) if until is not None else None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(looks: Sight, day: date | None) -> datetime | None:
    return datetime.combine(day, time(), tzinfo=looks.zone) if day is not None else None


async def _companies(session: AsyncSession) -> tuple[views.Choice, ...]:
    found = (await session.scalars(partners.listed())).all()
    if not found:
        return ()
    return (views.Choice("", _("all")), *(views.Choice(each.host, each.shown_name) for each in found))


async def _groups(session: AsyncSession, by: Staff) -> tuple[views.Choice, ...]:
    found = (await session.scalars(groups.listed(by))).all()
    return (views.Choice("", _("all")), *(views.Choice(str(each.id), each.actor.shown_name) for each in found))
