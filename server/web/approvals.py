"""The gate: what waits, one submission, and the two answers to it."""

from aiohttp import web

from models import approvals
from models.approvals import AlreadyDecided, ReasonMissing
from models.errors import DomainError, NotAllowed, NotFound
from models.posts import reading
from models.prepared import prepare
from models.tables import Approval, Verdict
from server.context import acting, database, staff
from server.i18n import gettext as _
from server.web import views
from server.web.answers import local_path, page, see_other
from server.web.forms import Fields, fields, kept, number, refused, text, whole
from server.web.presenters import approvals as presenting
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

_APPROVAL = r"/approvals/{approval_id:\d+}"


@routes.get("/approvals", name="approvals")
async def show(request: web.Request) -> web.Response:
    """The queue; a single post in it is open at once."""
    return await _gate(request, None, views.Form())


@routes.get(_APPROVAL, name="approval")
async def one(request: web.Request) -> web.Response:
    return await _gate(request, number(request, "approval_id"), views.Form())


async def _gate(request: web.Request, approval_id: int | None, form: views.Form, *, status: int = 200) -> web.Response:
    by = staff(request)
    looks = sight(request)
    async with database(request).reading() as session:
        keeps = await approvals.keeps_a_gate(session, by)
        if approval_id is None and not keeps:
            raise NotAllowed
        statement, known = prepare(by, approvals.queue)
        waiting = (await session.scalars(statement, known)).all() if keeps else []
        if approval_id is None and len(waiting) == 1:
            approval_id = waiting[0].id
        current = await approvals.one(session, by, approval_id) if approval_id is not None else None
        following = next((each.id for each in waiting if each.id != approval_id), None)
        goal = looks.url("approval", approval_id=following) if following else looks.url("approvals")
        decided = (await session.scalars(approvals.decided(by, limit=5))).all() if keeps else []
        view = views.ApprovalsView(
            items=presenting.queue_items(looks, waiting, approval_id),
            current=await presenting.departure(session, looks, current, next_url=goal, form=form)
            if current is not None
            else None,
            last=tuple(
                (_decided(each), looks.url("approval", approval_id=each.id), looks.moment(each.decided_at))
                for each in decided
                if each.decided_at is not None
            ),
            keeps=keeps,
        )
        return await page(request, session, looks, "web/approvals.html", view, status=status)


def _decided(approval: Approval) -> str:
    name = approval.decided_by.actor.shown_name if approval.decided_by is not None else ""
    title = presenting.title_of(approval.post)
    if approval.verdict is Verdict.APPROVED:
        return _("%(name)s approved “%(title)s”", name=name, title=title)
    return _("%(name)s returned “%(title)s”", name=name, title=title)


@routes.get(_APPROVAL + "/raw", name="approval-raw")
async def raw(request: web.Request) -> web.Response:
    """The object as it is sent, for those who decide about it."""
    by = staff(request)
    async with database(request).reading() as session:
        approval = await approvals.one(session, by, number(request, "approval_id"))
        body = await presenting.raw(session, approval, by=by)
    return web.Response(text=body, content_type="text/plain", charset="utf-8")


# The answers


@routes.post(r"/posts/{post_id:\d+}/approval", name="post-approval")
async def approve(request: web.Request) -> web.Response:
    """Let the revision out that was on the page."""
    by, post_id = staff(request), number(request, "post_id")
    form = await fields(request)
    try:
        async with acting(request) as session:
            await approvals.approve(session, post_id, by=by, revision=_revision(form))
    except AlreadyDecided as error:
        return await _again(request, post_id, form, error, "revision")
    return see_other(request, local_path(text(form, "next"), "/approvals"), "approved")


@routes.post(r"/posts/{post_id:\d+}/return", name="post-returned")
async def send_back(request: web.Request) -> web.Response:
    """Return the revision that was on the page, with a reason."""
    by, post_id = staff(request), number(request, "post_id")
    form = await fields(request)
    try:
        async with acting(request) as session:
            await approvals.send_back(session, post_id, by=by, revision=_revision(form), reason=text(form, "reason"))
    except ReasonMissing as error:
        return await _again(request, post_id, form, error, "reason")
    except AlreadyDecided as error:
        return await _again(request, post_id, form, error, "revision")
    return see_other(request, local_path(text(form, "next"), "/approvals"), "returned")


def _revision(form: Fields) -> int:
    return whole(text(form, "revision")) or 0


async def _again(request: web.Request, post_id: int, form: Fields, error: DomainError, field: str) -> web.Response:
    """The newest submission of the post, with what was wrong with the answer; a reason typed is kept."""
    async with database(request).reading() as session:
        await reading.one(session, staff(request), post_id)
        newest = (await approvals.latest(session, [post_id])).get(post_id)
    if newest is None:
        raise NotFound(post_id=post_id)
    return await _gate(
        request, newest.id, refused(error, field, kept(form, ("reason",)), fields=(field,)), status=error.status
    )
