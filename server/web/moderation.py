"""Keeping a group in order: taking posts out and bringing them back, closing threads, pins, and bans."""

from datetime import UTC, datetime, timedelta

from aiohttp import web

from models import moderation, policy
from models.errors import Invalid, NotAllowed, NotFound
from models.groups import by_username, membership
from models.posts import reading
from models.tables import Actor
from server.context import acting, database, staff
from server.web import views
from server.web.answers import page, see_other
from server.web.forms import fields, is_on, kept, number, refused, text
from server.web.group import GROUP
from server.web.post import POST
from server.web.presenters import groups as presenting
from server.web.presenters import posts
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

_BAN = ("reason", "until", "posts")


class BadDay(Invalid):
    """Write the day as year, month and day, or leave it empty."""

    code = "bad_day"


# One post


@routes.get(POST + "/moderation", name="post-moderation")
async def show(request: web.Request) -> web.Response:
    return await _show(request, views.Form())


async def _show(request: web.Request, form: views.Form, *, status: int = 200) -> web.Response:
    by, looks = staff(request), sight(request)
    async with database(request).reading() as session:
        post = await reading.one(session, by, number(request, "post_id"))
        if post.group is None or post.boost_of_id is not None:
            raise NotFound(post_id=post.id)
        if not await policy.may_moderate(session, by, post.group):
            raise NotAllowed(post_id=post.id)
        shown = (await posts.present(session, looks, [post]))[0]
        is_out = post.removed_at is not None
        view = views.PostModerationView(
            post=shown,
            removal_url=None if is_out else looks.url("post-removal", post_id=post.id),
            restoration_url=looks.url("post-restoration", post_id=post.id) if is_out else None,
            pin_url=None if is_out else looks.url("post-pin", post_id=post.id),
            pinned=await moderation.is_pinned(session, post),
            lock_url=None if is_out or post.reply_to_id is not None else looks.url("post-lock", post_id=post.id),
            form=form,
        )
        return await page(request, session, looks, "web/post_moderation.html", view, status=status)


@routes.post(POST + "/removal", name="post-removal")
async def remove(request: web.Request) -> web.Response:
    """Take a post out of its group, for a reason that its author is told."""
    by = staff(request)
    form = await fields(request)
    try:
        async with acting(request) as session:
            await moderation.remove_post(session, number(request, "post_id"), by=by, reason=text(form, "reason"))
    except Invalid as error:
        return await _show(request, refused(error, "reason", kept(form, ("reason",))), status=error.status)
    return see_other(request, _page_of(request), "post_removed")


@routes.post(POST + "/restoration", name="post-restoration")
async def restore(request: web.Request) -> web.Response:
    by = staff(request)
    async with acting(request) as session:
        await moderation.restore_post(session, number(request, "post_id"), by=by)
    return see_other(request, _page_of(request), "post_restored")


@routes.post(POST + "/pin", name="post-pin")
async def pin(request: web.Request) -> web.Response:
    by, form = staff(request), await fields(request)
    try:
        async with acting(request) as session:
            await moderation.pin(session, number(request, "post_id"), by=by, is_pinned=is_on(form, "set"))
    except Invalid as error:
        return await _show(request, refused(error, "pin", {}), status=error.status)
    return see_other(request, _page_of(request), "pinned" if is_on(form, "set") else "unpinned")


@routes.post(POST + "/lock", name="post-lock")
async def lock(request: web.Request) -> web.Response:
    by, form = staff(request), await fields(request)
    async with acting(request) as session:
        await moderation.lock(session, number(request, "post_id"), by=by, is_locked=is_on(form, "set"))
    return see_other(request, _page_of(request), "locked" if is_on(form, "set") else "unlocked")


def _page_of(request: web.Request) -> str:
    return sight(request).url("post-moderation", post_id=number(request, "post_id"))


# People


@routes.get(GROUP + r"/members/{actor_id:\d+}/ban", name="group-member-ban")
async def ask(request: web.Request) -> web.Response:
    return await _ask(request, views.Form())


async def _ask(request: web.Request, form: views.Form, *, status: int = 200) -> web.Response:
    by, looks = staff(request), sight(request)
    async with database(request).reading() as session:
        group = await by_username(session, by, request.match_info["handle"])
        if not await policy.may_moderate(session, by, group):
            raise NotAllowed(group_id=group.id)
        person = await session.get(Actor, number(request, "actor_id"))
        if person is None or await membership(session, group.id, person.id) is None:
            raise NotFound(actor_id=number(request, "actor_id"))
        await session.refresh(person, ["avatar"])
        own = await membership(session, group.id, by.actor_id)
        view = views.MemberBanView(
            head=await presenting.head(session, looks, group, own),
            person=looks.person(person),
            action=looks.url("group-member-ban", handle=group.actor.handle, actor_id=person.id),
            form=form,
        )
        return await page(request, session, looks, "web/group_ban.html", view, status=status)


@routes.post(GROUP + r"/members/{actor_id:\d+}/ban")
async def ban(request: web.Request) -> web.Response:
    """Take somebody out of a group and keep them out."""
    by, form = staff(request), await fields(request)
    try:
        until = _end_of(text(form, "until"))
        async with acting(request) as session:
            group = await by_username(session, by, request.match_info["handle"])
            await moderation.ban(
                session,
                group,
                number(request, "actor_id"),
                by=by,
                reason=text(form, "reason"),
                ends_at=until,
                removes_posts=is_on(form, "posts"),
            )
    except Invalid as error:
        return await _ask(request, refused(error, "reason", kept(form, _BAN), fields=_BAN), status=error.status)
    return see_other(request, _members(request), "banned")


def _end_of(day: str) -> datetime | None:
    """The end of a day as a form sends it, in UTC; None for no day. Raises BadDay."""
    if not day.strip():
        return None
    try:
        return datetime.strptime(day.strip(), "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise BadDay(field="until") from None


@routes.post(GROUP + r"/bans/{actor_id:\d+}/end", name="group-ban-end")
async def unban(request: web.Request) -> web.Response:
    by = staff(request)
    async with acting(request) as session:
        group = await by_username(session, by, request.match_info["handle"])
        await moderation.unban(session, group, number(request, "actor_id"), by=by)
    return see_other(request, _members(request), "unbanned")


def _members(request: web.Request) -> str:
    return sight(request).url("group-members", handle=request.match_info["handle"])
