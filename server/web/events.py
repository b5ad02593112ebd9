"""News for pages that are open: server-sent events (HTML Standard §9.2), one stream per page.

What an entry of the journal speaks of is looked up by the policy for this viewer when it is told (R-78). Each event
carries the place in the journal as its id, so that a browser that was away gets what it missed.

    post     {id, fragment, in_reply_to}   something that belongs on this page was written
    changed  {id, fragment}                it was edited, or a gatekeeper decided
    gone     {id}                          it was deleted
    unread   {count}                       the inbox has that many unread lines
    stale    {}                            too much happened: load the page again
"""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from urllib.parse import urlencode

from aiohttp import web
from msgspec import Struct, field
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from models import accounts, approvals, groups, journal, notifications, policy, timelines
from models.base import now
from models.errors import NotFound
from models.journal import Entry, Position
from models.posts import reading
from models.tables import Group, Post
from models.viewers import Staff
from server.context import database, sign_in, staff
from server.tail import TAIL, FellBehind, Subscription
from server.web.forms import whole
from server.web.presenters.sight import Sight

routes = web.RouteTableDef()

_STILL_HERE = 15.0
_WRITE_WITHIN = 4.0
_RETRY_MILLISECONDS = 2000


def events_url(looks: Sight, *, group: Group | None = None, post: Post | None = None) -> str:
    """The stream for a page: of the start page, of a group, of a thread; from where the page was drawn on."""
    query = {"after": f"{looks.place.transaction}-{looks.place.number}"}
    if group is not None:
        query["group"] = str(group.id)
    if post is not None:
        query["post"] = str(post.id)
    return f"{looks.url('events')}?{urlencode(query)}"


@routes.get("/events", name="events")
async def stream(request: web.Request) -> web.StreamResponse:
    by, here = staff(request), sign_in(request)
    async with database(request).reading() as session:
        page = await _page(session, by, request)
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "X-Content-Type-Options": "nosniff",
        }
    )
    await response.prepare(request)
    after = _place(request.headers.get("Last-Event-ID", "")) or _place(request.query.get("after", ""))
    with request.app[TAIL].subscribe(after) as subscription, contextlib.suppress(ConnectionError, TimeoutError):
        await _write(response, f"retry: {_RETRY_MILLISECONDS}\n\n")
        while now() < here.expires_at and not subscription.ended:
            try:
                entries = await subscription.wait(_STILL_HERE)
            except FellBehind:
                await _write(response, _event("stale", {}, None))
                break
            if not entries:
                await _write(response, ": still here\n\n")
            elif not await _tell(request, response, subscription, entries, page=page):
                break
    return response


def _place(text: str) -> Position | None:
    before, _dash, after = text.partition("-")
    transaction, number = whole(before), whole(after)
    return Position(transaction, number) if transaction is not None and number is not None else None


async def _write(response: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(_WRITE_WITHIN):
        await response.write(text.encode())


def _event(kind: str, facts: dict[str, object], place: Position | None) -> str:
    mark = f"id: {place.transaction}-{place.number}\n" if place is not None else ""
    return f"event: {kind}\n{mark}data: {json.dumps(facts)}\n\n"


class _Page(Struct, frozen=True):
    """What is open: whose, and which posts belong on it."""

    by: Staff
    posts: Select[Post]
    in_group: bool


async def _page(session: AsyncSession, by: Staff, request: web.Request) -> _Page:
    """Raises NotFound for a group or a thread that the viewer may not see."""
    group_id, post_id = whole(request.query.get("group", "")), whole(request.query.get("post", ""))
    if group_id is not None:
        return _Page(by, timelines.of_group(by, (await groups.by_id(session, by, group_id)).id), True)
    if post_id is not None:
        post = await reading.one(session, by, post_id)
        of_thread = policy.visible_posts(by).where(Post.thread_id == (post.thread_id or post.id))
        return _Page(by, of_thread, False)
    if "group" in request.query or "post" in request.query:
        raise NotFound
    return _Page(by, timelines.home_of(by)(by), False)


class _News(Struct):
    """The posts that some entries speak of, and what else concerns the viewer."""

    written: list[int] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    deleted: list[int] = field(default_factory=list)
    unread: bool = False
    access: bool = False


async def _tell(
    request: web.Request,
    response: web.StreamResponse,
    subscription: Subscription,
    entries: Sequence[Entry],
    *,
    page: _Page,
) -> bool:
    """Tell what of `entries` concerns the page; False when the viewer has no access any more."""
    async with database(request).reading() as session:
        news = await _sorted(session, page.by, entries)
        if news.access and not await accounts.is_signed_in(session, sign_in(request).id):
            return False
        events = await _events(session, page, news)
    for kind, facts in events:
        await _write(response, _event(kind, facts, subscription.position))
    return True


async def _sorted(session: AsyncSession, by: Staff, entries: Sequence[Entry]) -> _News:
    news = _News()
    for entry in entries:
        match entry:
            case journal.PostWritten(post_id):
                news.written.append(post_id)
            case journal.PostEdited(post_id) | journal.PostSubmitted(post_id) | journal.PostReleased(post_id):
                news.changed.add(post_id)
            case journal.PostDecided(approval_id):
                news.changed |= await approvals.post_ids(session, [approval_id])
            case journal.PostDeleted(post_id):
                news.deleted.append(post_id)
            case journal.Moderated("remove", post_id=int(post_id), is_undone=is_back):
                (news.written if is_back else news.deleted).append(post_id)
            case journal.Notified(_, account_id) if account_id == by.account_id:
                news.unread = True
            case journal.AccessEnded(account_id, None) if account_id == by.account_id:
                news.access = True
    return news


async def _events(session: AsyncSession, page: _Page, news: _News) -> list[tuple[str, dict[str, object]]]:
    """Events for what the viewer may see of it now."""
    events: list[tuple[str, dict[str, object]]] = []
    wanted = {*news.written, *news.changed}
    if wanted:
        rows = page.posts.options().where(Post.id.in_(wanted)).with_only_columns(Post.id, Post.reply_to_id)
        for post_id, reply_to_id in await session.execute(rows.order_by(None).order_by(Post.id)):
            facts: dict[str, object] = {"id": str(post_id), "fragment": _fragment(post_id, page)}
            if post_id in news.written:
                answered = str(reply_to_id) if reply_to_id is not None else None
                events.append(("post", {**facts, "in_reply_to": answered}))
            else:
                events.append(("changed", facts))
    if news.deleted:
        gone = policy.knew_posts(page.by).where(Post.id.in_(news.deleted)).with_only_columns(Post.id)
        events += [("gone", {"id": str(post_id)}) for post_id in await session.scalars(gone)]
    if news.unread:
        events.append(("unread", {"count": await notifications.count_unread(session, page.by)}))
    return events


def _fragment(post_id: int, page: _Page) -> str:
    return f"/posts/{post_id}/item" + ("?group=1" if page.in_group else "")
