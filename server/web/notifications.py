"""The inbox."""

from aiohttp import web

from models import notifications
from models.paging import page_of
from models.tables import Notification
from server.context import acting, database, staff
from server.web.answers import framed, page, see_other
from server.web.forms import asked_page, number, paging
from server.web.presenters import notifications as presenting
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

_ROWS = 40


@routes.get("/notifications", name="notifications")
async def show(request: web.Request) -> web.Response:
    by = staff(request)
    looks = sight(request)
    asked = asked_page(request, _ROWS)
    async with database(request).reading() as session:
        around = await framed(request, session, looks)
        found = await page_of(session, notifications.of_account(by), Notification.id, asked)
        part, links = paging(request, asked, [row.id for row in found])
        view = await presenting.inbox(session, looks, found[part], paging=links, unread=around.shell.unread > 0)
        return await page(request, session, looks, "web/notifications.html", view, around=around)


@routes.post("/notifications/read", name="notifications-read")
async def read_all(request: web.Request) -> web.Response:
    async with acting(request) as session:
        await notifications.mark_all_read(session, by=staff(request))
    return see_other(request, "/notifications", "all_read")


@routes.post(r"/notifications/{notification_id:\d+}/read", name="notification-read")
async def read(request: web.Request) -> web.Response:
    """Done with one line; thanks that were told in one line go together."""
    async with acting(request) as session:
        await notifications.mark_pile_read(session, number(request, "notification_id"), by=staff(request))
    return see_other(request, "/notifications")
