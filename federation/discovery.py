"""From what somebody types to whom or what they mean: a handle, or an address, here or elsewhere."""

import logging
import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation import remote_posts, trust, webfinger
from federation.activities import places
from federation.activities.places import Place
from federation.errors import ProtocolError
from federation.remote_posts import Budget, Seen
from federation.vocabulary import BadUrl, Document, checked_url, normal_host, types_of
from federation.webfinger import Resource
from federation.wire import Wire
from models import actors, groups, policy, upkeep
from models.base import now
from models.errors import DomainError
from models.posts import receiving
from models.tables import Actor, ActorType, Group, Membership, MemberState, Post
from models.viewers import ANONYMOUS, Staff, Viewer

log = logging.getLogger(__name__)

_HANDLE = re.compile(r"[@!]?([A-Za-z0-9_.-]{1,128})@([^\s@/]{1,260})")
_LONGEST = 2048


async def resolve(wire: Wire, text: str, *, by: Staff | None = None) -> Actor | Post | None:
    """Whom or what `text` names: `user@host`, `!group@host`, or the address of an actor or a post.

    What is elsewhere is asked for, when its server is one we talk with; what is here is found as far as `by` may see
    it. None for everything else. Must not be called inside `writing()`.

    Raises:
        NotAdmitted: it is elsewhere, and we do not talk with that server.
        FetchFailed, FetchRefused, TooManyFetches: its server could not be asked, or did not answer properly.
    """
    text = text.strip().removeprefix("acct:")
    if not 0 < len(text) <= _LONGEST:
        return None
    try:
        if "://" in text:
            return await _at(wire, text, by)
        match = _HANDLE.fullmatch(text)
        return await _named(wire, match[1], match[2], by) if match is not None else None
    except BadUrl:
        return None
    except DomainError as error:
        log.info("nothing resolved", extra={"code": error.code})
        return None
    except ProtocolError as error:
        if error.status in (403, 429, 502):
            raise
        log.info("nothing resolved", extra={"code": error.code, **error.facts})
        return None


def _viewer(by: Staff | None) -> Viewer:
    return by if by is not None else ANONYMOUS


# By handle


async def _named(wire: Wire, name: str, host: str, by: Staff | None) -> Actor | None:
    if host.lower() == wire.database.instance.host:
        async with wire.database.reading() as session:
            own = actors.has_handle(wire.database.instance, f"{name}@{host}")
            return await session.scalar(policy.visible_actors(_viewer(by)).where(own))
    bare, colon, port = host.partition(":")
    authority = normal_host(bare) + colon + port
    async with wire.database.reading() as session:
        await trust.admit(session, authority)
        known = await session.scalar(
            select(Actor).where(
                actors.has_handle(wire.database.instance, f"{name}@{authority}"), Actor.deleted_at.is_(None)
            )
        )
        if known is not None and await _is_at_hand(session, known):
            return known
    try:
        found = await webfinger.look_up(wire, name, authority)
    except ProtocolError:
        if known is not None and not known.is_introduced:
            return known  # its server does not answer just now: what we know of it is better than nothing
        raise
    return await _confirmed(wire, found, asked=f"{name}@{authority}")


async def _is_at_hand(session: AsyncSession, known: Actor) -> bool:
    """Whether there is no need to ask again today; a group only once it can be joined here."""
    is_fresh = not known.is_introduced and known.fetched_at is not None and known.fetched_at > now() - trust.FRESH_FOR
    return is_fresh and (known.type is not ActorType.GROUP or await session.get(Group, known.id) is not None)


async def _confirmed(wire: Wire, found: Resource, *, asked: str) -> Actor | None:
    """The actor a handle leads to, once its own server says so as well (DISC-8, R-19)."""
    if trust.is_own(wire, found.actor_uri):
        return None
    actor = await trust.fetch_actor(wire, found.actor_uri)
    own = f"{actor.username}@{actor.host}"
    is_named = own.lower() == asked.lower()
    if not is_named:
        try:
            back = await webfinger.look_up(wire, actor.username, actor.host)
            is_named = back.actor_uri == actor.uri
        except ProtocolError as error:
            log.info("handle not confirmed", extra={"code": error.code, "host": actor.host})
    return await _kept(wire, actor.uri, is_named=is_named)


async def _kept(wire: Wire, uri: str, *, is_named: bool) -> Actor | None:
    """Note that the handle is the actor's, and keep a group as something that one can join."""
    async with wire.database.writing() as session:
        actor = await actors.by_uri(session, uri)
        if actor is None:
            return None
        if is_named:
            await actors.name(session, actor)
        if actor.type is ActorType.GROUP:
            await groups.keep_mirror(session, actor)
        return actor


# By address


async def _at(wire: Wire, text: str, by: Staff | None) -> Actor | Post | None:
    url = checked_url(text, insecure=wire.insecure_hosts)
    if trust.is_own(wire, text):
        return await _ours(wire, text.partition("#")[0], by)
    async with wire.database.reading() as session:
        await trust.admit(session, url.origin.authority)
        known = await _known(session, text, by)
    if known is not None:
        return known
    fetched = await trust.fetch(wire, text)
    if _is_actor(fetched.document):
        actor = await trust.keep_actor(wire, fetched.document)
        return await _kept(wire, actor.uri, is_named=False)
    return await _post(wire, fetched.document, by)


async def _ours(wire: Wire, url: str, by: Staff | None) -> Actor | Post | None:
    async with wire.database.reading() as session:
        viewer = _viewer(by)
        mine = (Actor.uri == url) | (Actor.url == url)
        actor = await session.scalar(policy.visible_actors(viewer).where(Actor.host == "", mine))
        if actor is not None:
            return actor
        at_url = (Post.uri == url) | (Post.url == url)
        return await session.scalar(policy.visible_posts(viewer).where(at_url, Post.boost_of_id.is_(None)).limit(1))


async def _known(session: AsyncSession, url: str, by: Staff | None) -> Actor | Post | None:
    actor = await session.scalar(
        select(Actor).where(
            Actor.uri == url,
            Actor.host != "",
            Actor.deleted_at.is_(None),
            Actor.type != ActorType.GROUP,
            ~Actor.is_introduced,
        )
    )
    if actor is not None or by is None:
        return actor
    return await session.scalar(policy.visible_posts(by).where(Post.uri == url))


def _is_actor(document: Document) -> bool:
    return "inbox" in document and not set(ActorType).isdisjoint(types_of(document))


async def _post(wire: Wire, document: Document, by: Staff | None) -> Post | None:
    """A post elsewhere that somebody of ours wants to see, stored with what it answers."""
    budget = Budget()
    seen = await remote_posts.read(wire, document, budget)
    parents, _ = await remote_posts.parents_of(wire, seen, budget)
    async with wire.database.writing() as session:
        for each in (*parents, seen):
            if await remote_posts.is_settled(session, each.post.uri):
                continue
            place = await place_found(session, each)
            if place is not None:
                await receiving.receive(session, places.told(each, place))
        stored = await receiving.by_uri(session, seen.post.uri)
        if stored is not None and not stored.is_local:
            await upkeep.ask_thread(session, stored.id)
        if stored is None or by is None:
            return stored
        return await policy.visible_post(session, by, stored.id)


async def place_found(session: AsyncSession, seen: Seen) -> Place | None:
    """Everybody's, or of a group that we belong to; what was shown to our server alone for another reason is left."""
    for uri in seen.post.addressing.everyone:
        actor = await actors.by_uri(session, uri)
        if actor is None or actor.type is not ActorType.GROUP or actor.is_local:
            continue
        member = select(Membership.id).where(
            Membership.group_id == actor.id, Membership.host == "", Membership.state == MemberState.MEMBER
        )
        if await session.scalar(member.limit(1)) is not None:
            return await places.of_parent(session, seen, actor)
    return await places.of_parent(session, seen, None)
