"""What carries a hashtag, as far as the viewer may see it."""

from aiohttp import web

from models import timelines
from models.errors import NotFound
from models.paging import page_of
from models.tables import Post
from models.text.clean import TAG_CHARACTERS
from server.context import database
from server.web import views
from server.web.answers import page
from server.web.forms import asked_page, paging
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
        return await page(request, session, looks, "web/tag.html", view)
