"""Reads what is elsewhere when somebody's app looks at it, before it is answered; a moment at most."""

from sqlalchemy import BigInteger, Select, bindparam

from models import policy, prepared
from models.tables import Actor, Post
from models.viewers import Staff, Viewer
from server.api.routing import Call
from server.context import VISITS


async def person(call: Call, actor: Actor) -> None:
    """The latest posts of somebody elsewhere; only the first page of their posts asks for more."""
    visits = call.app.get(VISITS)
    page = call.page(20, 40)
    is_first = page.max_id is None and page.min_id is None and page.since_id is None
    if visits is not None and isinstance(call.viewer, Staff) and not actor.is_local and is_first:
        await visits.person(actor)


async def thread(call: Call) -> None:
    """The answers that the server of a post elsewhere knows."""
    visits = call.app.get(VISITS)
    if visits is None or not isinstance(call.viewer, Staff):
        return
    async with call.reading() as session:
        post = await prepared.find(session, call.viewer, _elsewhere, id=call.id())
    if post is not None:
        await visits.thread(post)


def _elsewhere(viewer: Viewer) -> Select[Post]:
    return policy.visible_posts(viewer).where(Post.id == bindparam("id", type_=BigInteger), Post.is_local.is_(False))
