"""Writing posts and replies."""

from aiohttp import web
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from models import groups
from models.errors import DomainError, NotFound
from models.posts import reading, writing
from models.tables import Group, Post
from server.context import acting, config, database, staff
from server.web import views
from server.web.answers import framed, local_path, page, see_other
from server.web.drafting import TYPED, draft_of, faults, outsiders_of, pictures_kept, waits_at_the_gate
from server.web.forms import Fields, Uploads, fields, kept, text, uploads, whole
from server.web.home import home, to_quote
from server.web.post import thread
from server.web.presenters import composing
from server.web.presenters.sight import Sight, sight

routes = web.RouteTableDef()


@routes.post("/posts", name="posts")
async def create(request: web.Request) -> web.Response:
    """Post. A form that is refused comes back whole, its pictures too."""
    by = staff(request)
    form = await fields(request)
    pictures = await uploads(request, form, most=config(request).media.max_attachments)
    if pictures.fault:
        return await _again(request, form, pictures, {"image": pictures.fault})
    try:
        async with acting(request) as session:
            post = await writing.write(session, draft_of(form, pictures), by=by)
            waits = await waits_at_the_gate(session, post)
    except DomainError as error:
        return await _again(request, form, pictures, faults(error), error)
    goal = local_path(text(form, "next", "/")).partition("#")[0]
    return see_other(request, f"{goal}#post-{post.id}", "submitted" if waits else "posted")


async def _again(
    request: web.Request,
    form: Fields,
    pictures: Uploads,
    errors: dict[str, str],
    error: DomainError | None = None,
) -> web.Response:
    """The page that the form stood on, with everything typed and the reason why it was not sent."""
    typed = views.Form(values=kept(form, TYPED), errors=errors)
    looks = sight(request)
    status = error.status if error is not None and error.status != 404 else 422
    async with database(request).reading() as session:
        images = await pictures_kept(session, request, pictures)
        names = outsiders_of(error)
        parent = await _parent(session, request, form)
        if parent is not None:
            view = await thread(request, session, looks, parent)
            composer = await _reply_again(session, looks, parent, view.post, typed)
            refused = replace(composer, kept=composing.keep(looks, images), outsiders=tuple(names))
            return await page(request, session, looks, "web/post.html", replace(view, composer=refused), status=status)
        around = await framed(request, session, looks)
        chosen = await _group(session, looks, form)
        quoted = await to_quote(request, session, text(form, "quote"))
        composer = await composing.composer(
            session,
            looks,
            around.groups,
            next_url="/",
            group=chosen,
            form=typed,
            kept=images,
            outsiders=names,
            quoted=quoted,
        )
        start = await home(request, session, looks, composer, around)
        return await page(request, session, looks, "web/home.html", start, around=around, status=status)


async def _parent(session: AsyncSession, request: web.Request, form: Fields) -> Post | None:
    """What the form answers, if it is still there."""
    parent_id = whole(text(form, "in_reply_to"))
    if parent_id is None:
        return None
    try:
        return reading.shown_by(await reading.one(session, staff(request), parent_id))
    except NotFound:
        return None


async def _reply_again(
    session: AsyncSession, looks: Sight, parent: Post, shown: views.PostView, typed: views.Form
) -> views.ComposerView:
    gated = parent.group is not None and parent.group.is_gated
    return composing.reply_composer(looks, shown, group_id=parent.group_id, gated=gated, form=typed)


async def _group(session: AsyncSession, looks: Sight, form: Fields) -> Group | None:
    group_id = whole(text(form, "group"))
    if group_id is None or looks.staff is None:
        return None
    try:
        return await groups.by_id(session, looks.staff, group_id)
    except NotFound:
        return None
