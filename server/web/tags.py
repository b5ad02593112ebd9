"""What carries a hashtag, as far as the viewer may see it."""

from aiohttp import web
from msgspec.structs import replace

from models import tags, timelines
from models.errors import NotFound
from models.paging import page_of
from models.tables import Post
from models.text.clean import TAG_CHARACTERS
from server.context import acting, database, staff
from server.web import views
from server.web.answers import page, see_other
from server.web.forms import asked_page, fields, is_on, paging
from server.web.presenters import posts
from server.web.presenters.sight import sight

routes = web.RouteTableDef()


@routes.get("/tags/{tag}", name="tag")
async def show(request: web.Request) -> web.Response:
    """For visitors a tag without public posts is a page that does not exist (R-74)."""
    looks = sight(request)
    tag = request.match_info["tag"]
    asked = asked_page(request)
    if len(tag) > TAG_CHARACTERS:
        raise NotFound
    async with database(request).reading() as session:
        found = await page_of(session, timelines.of_tag(looks.viewer, tag), Post.id, asked)
        if not found and looks.staff is None:
            raise NotFound
        part, links = paging(request, asked, [post.id for post in found])
        shown = await posts.present(session, looks, found[part], place="public")
        view = views.FeedView(title=f"#{tag}", posts=shown, paging=links)
        name = _followable(tag)
        if looks.staff is not None and name:
            [stands] = await tags.standings(session, looks.staff, [name])
            view = replace(view, follow_url=looks.url("tag-follow", tag=name), following=stands.is_followed)
        return await page(request, session, looks, "web/tag.html", view)


def _followable(text: str) -> str:
    """The hashtag as it is stored; empty where none can be called so."""
    try:
        return tags.checked(text)
    except tags.BadTag:
        return ""


@routes.post("/tags/{tag}/follow", name="tag-follow")
async def follow(request: web.Request) -> web.Response:
    """Have what carries a hashtag on one's start page, or no longer."""
    by, form = staff(request), await fields(request)
    tag = request.match_info["tag"]
    async with acting(request) as session:
        change = tags.follow if is_on(form, "set") else tags.unfollow
        await change(session, tag, by=by)
    notice = "topic_followed" if is_on(form, "set") else "topic_unfollowed"
    return see_other(request, sight(request).url("tag", tag=tag), notice)
