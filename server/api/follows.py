"""Following: people are followed, groups are joined; and who waits for one's consent."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors, groups, relations, wishes
from models.errors import NotFound
from models.paging import page_of
from models.tables import Actor, ActorType, Follow, Group
from server.api import answers
from server.api.entities.relationships import relationship
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.routing import Call, Routes
from server.api.standing import answer_standing

routes = Routes()

_MANY = 80


@routes.get("/api/v1/accounts/relationships", "read:follows")
async def several(call: Call) -> web.Response:
    """How one stands to the accounts `id[]`, in that order, oneself too."""
    ids = call.params.known_ids("id")[: _MANY * 2]
    async with call.reading() as session:
        known = await actors.several(session, call.viewer, ids)
        found = await relations.relationships(session, call.staff, [actor_id for actor_id in ids if actor_id in known])
    return answers.answer([relationship(entry) for entry in found])


@routes.post(r"/api/v1/accounts/{id:\d+}/follow", "write:follows", "follow")
async def follow(call: Call) -> web.Response:
    """Follow a person or join a group; elsewhere it stays requested until they answer."""
    async with call.writing() as session:
        actor = await actors.one(session, call.viewer, call.id())
        if actor.type is ActorType.GROUP:
            found = await session.get(Group, actor.id) or await groups.keep_mirror(session, actor)
            await groups.join(session, found, by=call.staff)
        else:
            await relations.follow(
                session,
                actor,
                by=call.staff,
                shows_boosts=call.params.maybe_flag("reblogs"),
                notifies=call.params.maybe_flag("notify"),
                languages=call.params.texts("languages") if call.params.has("languages") else None,
            )
        return await answer_standing(call, session, actor.id)


@routes.post(r"/api/v1/accounts/{id:\d+}/unfollow", "write:follows", "follow")
async def unfollow(call: Call) -> web.Response:
    async with call.writing() as session:
        actor = await actors.one(session, call.viewer, call.id())
        if actor.type is ActorType.GROUP:
            found = await session.get(Group, actor.id)
            if found is not None:
                await groups.leave(session, found, by=call.staff)
        else:
            await relations.unfollow(session, actor, by=call.staff)
        return await answer_standing(call, session, actor.id)


@routes.post(r"/api/v1/accounts/{id:\d+}/remove_from_followers", "write:follows", "follow")
async def remove_follower(call: Call) -> web.Response:
    async with call.writing() as session:
        actor = await actors.one(session, call.viewer, call.id())
        if await relations.between(session, actor.id, call.staff.actor_id) is not None:
            await relations.answer_request(session, actor.id, by=call.staff, accepted=False)
        return await answer_standing(call, session, actor.id)


# Who waits


@routes.get("/api/v1/follow_requests", "read:follows", "follow")
async def requests(call: Call) -> web.Response:
    async with call.reading() as session:
        waiting = await page_of(session, relations.requests(call.staff), Follow.id, call.page(40, _MANY))
        people: list[Actor] = [found.follower for found in waiting]
        if call.page(40, _MANY).max_id is None:  # and who wants to join a group of theirs (GRP-2)
            people = [*(wish.actor for wish in await wishes.to_answer(session, call.staff)), *people]
        bodies = await call.app[SHELF].accounts(session, call.viewer, [(actor.id, actor.version) for actor in people])
    return answers.answer_list(bodies, headers=links(call, [found.id for found in waiting]))


@routes.post(r"/api/v1/follow_requests/{id:\d+}/authorize", "write:follows", "follow")
async def authorize(call: Call) -> web.Response:
    return await _answer(call, accepted=True)


@routes.post(r"/api/v1/follow_requests/{id:\d+}/reject", "write:follows", "follow")
async def reject(call: Call) -> web.Response:
    return await _answer(call, accepted=False)


async def _answer(call: Call, *, accepted: bool) -> web.Response:
    async with call.writing() as session:
        waiting = await relations.between(session, call.id(), call.staff.actor_id)
        if waiting is None or waiting.accepted_at is not None:
            await _answer_wishes(call, session, accepted=accepted)
            return await answer_standing(call, session, call.id())
        await relations.answer_request(session, waiting.follower_id, by=call.staff, accepted=accepted)
        return await answer_standing(call, session, waiting.follower_id)


async def _answer_wishes(call: Call, session: AsyncSession, *, accepted: bool) -> None:
    """The same for somebody who asked to join groups of one's own. Raises NotFound."""
    asked = [wish for wish in await wishes.to_answer(session, call.staff) if wish.actor_id == call.id()]
    if not asked:
        raise NotFound(follower_id=call.id())
    for wish in asked:
        await wishes.answer(
            session, await session.get_one(Group, wish.group_id), wish.actor_id, by=call.staff, accepted=accepted
        )
