"""Flag: somebody elsewhere reports one of ours, or what stands in a group of ours (section 10)."""

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities.registry import Ignored, Incoming, receives
from federation.documents import addressing, members
from federation.vocabulary import as_list, id_of
from models import policy, reports
from models.tables import Actor, ActorType, Group, Post

_ADDRESS = re.compile(r"https?://[^\s<>\"']{1,2000}")


@receives("Flag")
async def flag(session: AsyncSession, incoming: Incoming) -> str:
    """Kept for those in charge. Whom it is about never learns of it, and nothing else happens."""
    if incoming.via is not None:
        raise Ignored("a group reports nobody")
    uris = _named(incoming)
    viewer = await policy.remote_viewer(session, incoming.sender.host)
    people, posts = await reports.reportable(session, viewer, uris)
    group = await _addressed(session, incoming, viewer.host)
    about = await _about(session, people, posts, group)
    if about is None:
        raise Ignored("reports nobody here")
    told = reports.RemoteReport(
        uri=incoming.id,
        host=incoming.sender.host,
        by=incoming.sender if incoming.sender.type is not ActorType.APPLICATION else None,
        about=about,
        posts=posts,
        uris=uris,
        text=_text(incoming),
        group=group,
    )
    if await reports.receive(session, told) is None:
        raise Ignored("known already")
    return "reported"


def _named(incoming: Incoming) -> list[str]:
    """All it names: ids in `object`, and what one kind of server writes into the text."""
    found = [id_of(item) for item in as_list(incoming.object)]
    found += _ADDRESS.findall(_text(incoming))
    return [uri for uri in dict.fromkeys(found) if uri and incoming.address(uri)][: 2 * reports.MOST_POSTS]


def _text(incoming: Incoming) -> str:
    for name in ("content", "summary"):
        found = members.text(incoming.document.get(name), limit=reports.TEXT_LIMIT)
        if found:
            return found
    return ""


async def _addressed(session: AsyncSession, incoming: Incoming, host: str) -> Group | None:
    """The group of ours that it is addressed to, if the server may know of it."""
    everyone = addressing.parse(incoming.document, insecure_hosts=incoming.wire.insecure_hosts).everyone
    viewer = await policy.remote_viewer(session, host)
    return await session.scalar(policy.visible_groups(viewer).where(Actor.uri.in_(everyone), Actor.host == "").limit(1))


async def _about(session: AsyncSession, people: list[Actor], posts: list[Post], group: Group | None) -> Actor | None:
    """Who is reported: one of ours that it names, the author of a post of ours, or of one in a group of ours."""
    persons = [actor for actor in people if actor.type is not ActorType.GROUP]
    if persons:
        return persons[0]
    for post in sorted(posts, key=lambda post: not post.is_local):
        author = await session.get(Actor, post.author_id)
        home = await session.scalar(select(Actor).where(Actor.id == post.group_id, Actor.host == ""))
        if author is not None and (author.is_local or home is not None):
            return author
    if people:  # a group itself
        return people[0]
    return await session.get(Actor, group.id) if group is not None and posts else None
