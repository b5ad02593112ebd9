"""What somebody's apps will post for them later: when, what, and why it was not published; here it can be deleted."""

from aiohttp import web

from models import groups, scheduled
from models.paging import page_of
from models.tables import ScheduledPost
from server import i18n
from server.context import acting, database, staff
from server.web import views
from server.web.answers import page, see_other
from server.web.forms import asked_page, number, paging
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

_EXCERPT = 300


@routes.get("/scheduled", name="scheduled")
async def show(request: web.Request) -> web.Response:
    looks, by = sight(request), staff(request)
    asked = asked_page(request)
    async with database(request).reading() as session:
        found = await page_of(session, scheduled.of_account(by), ScheduledPost.id, asked)
        part, links = paging(request, asked, [row.id for row in found])
        drafts = [(row, scheduled.draft_of(row)) for row in found[part]]
        named = await groups.named(session, by, {draft.group_id for _, draft in drafts if draft.group_id is not None})
        view = views.ScheduledView(
            posts=tuple(
                views.ScheduledRow(
                    at=looks.moment(row.at),
                    text=(draft.warning or draft.text)[:_EXCERPT],
                    group=named[draft.group_id].actor.shown_name if draft.group_id in named else "",
                    files=len(draft.media_ids),
                    failure=i18n.translate(i18n.spoken(), row.failure) if row.failure else "",
                    delete_url=looks.url("scheduled-end", scheduled_id=row.id),
                )
                for row, draft in drafts
            ),
            paging=links,
        )
        return await page(request, session, looks, "web/scheduled.html", view)


@routes.post(r"/scheduled/{scheduled_id:\d+}/end", name="scheduled-end")
async def end(request: web.Request) -> web.Response:
    async with acting(request) as session:
        await scheduled.cancel(session, number(request, "scheduled_id"), by=staff(request))
    return see_other(request, "/scheduled", "not_scheduled")
