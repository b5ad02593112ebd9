"""Accounts: people and groups, what they wrote, who follows them."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors, featured, groups, policy, relations, search, timelines
from models.instance import instance_of
from models.paging import page_of
from models.posts import outlines
from models.tables import Actor, ActorType, Follow, Group, Membership
from models.viewers import Staff
from server import resolving
from server.api import answers, visiting
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.routing import Access, Call, Routes

routes = Routes()

_MANY = 80


@routes.get("/api/v1/accounts", "read:accounts", access=Access.PUBLIC)
async def several(call: Call) -> web.Response:
    """The accounts among `id[]` that exist for whoever asks."""
    ids = call.params.known_ids("id")[:_MANY]
    async with call.reading() as session:
        found = await actors.several(session, call.viewer, ids)
        bodies = await _entities(call, session, [found[actor_id] for actor_id in ids if actor_id in found])
    return answers.answer_list(bodies)


@routes.get("/api/v1/accounts/lookup", "read:accounts", access=Access.PUBLIC)
async def lookup(call: Call) -> web.Response:
    async with call.reading() as session:
        actor = await actors.by_handle(session, call.viewer, call.params.text("acct"))
        return answers.answer_bytes(await call.app[SHELF].account(session, call.viewer, actor))


@routes.get("/api/v1/accounts/search", "read:accounts")
async def find(call: Call) -> web.Response:
    """People and groups by name or handle; with `resolve` also somebody elsewhere whom we have not met."""
    text = call.params.text("q").strip()
    if call.params.flag("resolve"):
        await resolving.meet(call.app, call.staff, text)
    limit = call.params.number("limit", 40, least=1, most=_MANY)
    offset = call.params.number("offset", 0, least=0, most=10_000)
    async with call.reading() as session:
        found = await matching(call, session, text, limit=limit, offset=offset)
        return answers.answer_list(await _entities(call, session, found))


async def matching(call: Call, session: AsyncSession, text: str, *, limit: int, offset: int) -> Sequence[Actor]:
    """The actors that fit `text`, or the one whose address it is."""
    if not text:
        return []
    if text.startswith(("http://", "https://")):
        return await actors.by_address(session, call.viewer, text) if offset == 0 else []
    statement = search.actors(call.viewer, text, instance=instance_of(session))
    return (await session.scalars(statement.offset(offset).limit(limit))).all()


@routes.get(r"/api/v1/accounts/{id:\d+}", "read:accounts", access=Access.PUBLIC)
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        actor = await actors.one(session, call.viewer, call.id())
        return answers.answer_bytes(await call.app[SHELF].account(session, call.viewer, actor))


@routes.get(r"/api/v1/accounts/{id:\d+}/statuses", "read:statuses", access=Access.PUBLIC)
async def statuses(call: Call) -> web.Response:
    """What somebody wrote and boosted, or what stands on top of their profile (`pinned`); for a group what is in it."""
    page = call.page(20, 40)
    params = call.params
    async with call.reading() as session:
        actor = await actors.one(session, call.viewer, call.id())
    await visiting.person(call, actor)
    async with call.reading() as session:
        pinned = params.flag("pinned")
        posts = timelines.narrowed(
            featured.of_actor(call.viewer, actor) if pinned else timelines.of_actor(call.viewer, actor),
            call.viewer,
            replies=not params.flag("exclude_replies"),
            boosts=not params.flag("exclude_reblogs"),
            only_files=params.flag("only_media"),
            tags=params.texts("tagged")[:8],
        )
        lines = await outlines.outlines(session, posts, page)
        bodies = await call.app[SHELF].statuses(session, call.viewer, lines)
    return answers.answer_list(bodies, headers=links(call, [line.key for line in lines]))


@routes.get(r"/api/v1/accounts/{id:\d+}/followers", "read:accounts", access=Access.PUBLIC)
async def followers(call: Call) -> web.Response:
    """Who follows a person, or belongs to a group; visitors are not told."""
    return await _related(call, "follower")


@routes.get(r"/api/v1/accounts/{id:\d+}/following", "read:accounts", access=Access.PUBLIC)
async def following(call: Call) -> web.Response:
    """Whom a person follows; visitors are not told."""
    return await _related(call, "followee")


async def _related(call: Call, which: str) -> web.Response:
    page = call.page(40, _MANY)
    async with call.reading() as session:
        actor = await actors.one(session, call.viewer, call.id())
        if not isinstance(call.viewer, Staff):
            return answers.answer_list([])
        if actor.type is ActorType.GROUP:
            group = await session.scalar(policy.readable_groups(call.viewer).where(Group.id == actor.id))
            if which == "followee" or group is None:
                return answers.answer_list([])
            members = await page_of(session, groups.members(group), Membership.id, page)
            keys, people = [member.id for member in members], [member.actor for member in members]
        else:
            related = relations.followers if which == "follower" else relations.following
            follows = await page_of(session, related(actor.id), Follow.id, page)
            keys, people = [follow.id for follow in follows], [getattr(follow, which) for follow in follows]
        bodies = await _entities(call, session, people)
    return answers.answer_list(bodies, headers=links(call, keys))


@routes.get(r"/api/v1/accounts/{id:\d+}/identity_proofs", "read:accounts")
async def nothing_of(call: Call) -> web.Response:
    """Nobody proves anything here."""
    async with call.reading() as session:
        await actors.one(session, call.viewer, call.id())
    return answers.answer([])


async def _entities(call: Call, session: AsyncSession, found: Sequence[Actor]) -> list[bytes]:
    return await call.app[SHELF].accounts(session, call.viewer, [(actor.id, actor.version) for actor in found])
