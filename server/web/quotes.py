"""Taking one's posts out of others' quotes, and saying who may quote."""

from aiohttp import web

from models import quotes
from models.errors import Invalid
from models.interactions import QuotePolicy
from server.context import acting, staff
from server.web.answers import local_path, see_other
from server.web.forms import fields, number, text
from server.web.post import POST

routes = web.RouteTableDef()


@routes.post(POST + r"/quotes/{quoting_id:\d+}/revocation", name="post-quote-revocation")
async def revoke(request: web.Request) -> web.Response:
    by, form = staff(request), await fields(request)
    async with acting(request) as session:
        await quotes.revoke(session, number(request, "post_id"), number(request, "quoting_id"), by=by)
    return see_other(request, local_path(text(form, "next")), "quote_revoked")


@routes.post(POST + "/quoting", name="post-quoting")
async def set_policy(request: web.Request) -> web.Response:
    """Who may quote a post from now on."""
    by, form = staff(request), await fields(request)
    wanted = text(form, "quoting")
    if wanted not in set(QuotePolicy):
        raise Invalid(field="quoting")
    async with acting(request) as session:
        await quotes.set_policy(session, number(request, "post_id"), QuotePolicy(wanted), by=by)
    return see_other(request, local_path(text(form, "next")), "saved")
