"""Keeping somebody away, reporting what they write, and dealing with reports."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors, blocks, egress, policy, reports
from models.errors import Invalid, NotAllowed
from models.paging import page_of
from models.posts import reading
from models.tables import Report, ReportReason
from models.viewers import Staff
from server.context import acting, database, staff
from server.web import views
from server.web.answers import local_path, page, see_other
from server.web.forms import Fields, asked_page, fields, is_on, kept, number, paging, refused, text, whole
from server.web.person import PERSON
from server.web.presenters import safety as presenting
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

_TYPED = ("text", "reason", "forward", "post")
_REPORT = r"/reports/{report_id:\d+}"


class ReasonMissing(Invalid):
    """Say in a sentence what is wrong, so that somebody else understands it."""

    code = "reason_missing"


# Of everybody


@routes.post(PERSON + "/block", name="person-block")
async def block(request: web.Request) -> web.Response:
    """Keep somebody away, or stop doing so."""
    by = staff(request)
    form = await fields(request)
    async with acting(request) as session:
        actor = await actors.by_handle(session, by, request.match_info["handle"])
        change = blocks.block if is_on(form, "set") else blocks.unblock
        await change(session, actor, by=by)
    to = local_path(text(form, "next"), sight(request).actor_url(actor))
    return see_other(request, to, "blocked" if is_on(form, "set") else "unblocked")


@routes.get(PERSON + "/report", name="person-report")
async def ask(request: web.Request) -> web.Response:
    """The form that reports somebody, or one post of theirs (`post`)."""
    return await _form(request, views.Form(values={"post": request.query.get("post", "")}))


async def _form(request: web.Request, form: views.Form, *, status: int = 200) -> web.Response:
    by = staff(request)
    looks = sight(request)
    async with database(request).reading() as session:
        actor = await actors.by_handle(session, by, request.match_info["handle"])
        looks = looks.naming(await egress.company_names(session, {actor.host}))
        post_id = whole(form.value("post"))
        posts = [await reading.one(session, by, post_id)] if post_id is not None else []
        view = await presenting.form(session, looks, actor, posts, form)
        return await page(request, session, looks, "web/report_form.html", view, status=status)


@routes.post(PERSON + "/report")
async def report(request: web.Request) -> web.Response:
    by = staff(request)
    form = await fields(request)
    try:
        if not text(form, "text").strip():
            raise ReasonMissing(field="text")
        async with acting(request) as session:
            actor = await actors.by_handle(session, by, request.match_info["handle"])
            await reports.report(
                session,
                actor,
                by=by,
                post_ids=[post_id] if (post_id := whole(text(form, "post"))) is not None else [],
                reason=_reason(form),
                text=text(form, "text"),
                forwards=is_on(form, "forward"),
            )
    except Invalid as error:
        return await _form(request, refused(error, "text", kept(form, _TYPED), fields=_TYPED), status=error.status)
    return see_other(request, sight(request).actor_url(actor), "reported")


def _reason(form: Fields) -> ReportReason:
    return ReportReason(text(form, "reason")) if text(form, "reason") in list(ReportReason) else ReportReason.OTHER


# Of those in charge


async def _in_charge(session: AsyncSession, by: Staff) -> Staff:
    if not await policy.may_read_reports(session, by):
        raise NotAllowed
    return by


@routes.get("/reports", name="reports")
async def listed(request: web.Request) -> web.Response:
    """What waits; with `done` what was dealt with."""
    by = staff(request)
    looks = sight(request)
    asked = asked_page(request)
    is_open = "done" not in request.query
    async with database(request).reading() as session:
        await _in_charge(session, by)
        found = await page_of(session, reports.listed(by, open_ones=is_open), Report.id, asked)
        part, links = paging(request, asked, [each.id for each in found])
        rows = await presenting.rows(session, looks, found[part])
        view = views.ReportsView(reports=rows, is_open=is_open, paging=links)
        return await page(request, session, looks, "web/reports.html", view)


@routes.get(_REPORT, name="report")
async def show(request: web.Request) -> web.Response:
    by = staff(request)
    looks = sight(request)
    async with database(request).reading() as session:
        found = await reports.one(session, await _in_charge(session, by), number(request, "report_id"))
        view = await presenting.one(session, looks, found)
        return await page(request, session, looks, "web/report.html", view)


@routes.post(_REPORT, name="report-state")
async def change(request: web.Request) -> web.Response:
    """Mark as dealt with, or let it wait again."""
    by = staff(request)
    is_done = is_on(await fields(request), "set")
    async with acting(request) as session:
        await _in_charge(session, by)
        act = reports.deal_with if is_done else reports.reopen
        await act(session, number(request, "report_id"), by=by)
    return see_other(request, sight(request).url("reports"), "report_done" if is_done else "report_reopened")
