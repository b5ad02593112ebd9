"""Block, Lock, Add, Remove and a moderator's Delete: what keeps a group in order (GRP-11 to GRP-13).

In a group of ours, those whom its owner named do it, and the group passes on what they sent. In a group elsewhere it
counts when the group announced it and they are of its server, or among its moderators as it lists them.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation import trust
from federation.activities.registry import Ignored, Incoming, Refused, receives, undoes
from federation.documents import members
from federation.errors import ProtocolError
from federation.vocabulary import Document, as_list, ids_of, parse_date, same_origin
from models import actors, journal, moderation, policy
from models.errors import DomainError
from models.journal import GroupDistributes
from models.posts import receiving
from models.tables import Actor, ActorType, Group, Post

_MOST_MODERATORS = 500
_REASON = 500


async def gather(incoming: Incoming) -> None:
    """Ask a group elsewhere whether the one whose act it announces is a moderator of it, where that is not plain."""
    via = incoming.via
    if via is None or same_origin(incoming.sender.uri, via.uri) or via.moderators_uri is None:
        return
    async with incoming.wire.database.reading() as session:
        post = await receiving.by_uri(session, incoming.object_id) if incoming.object_id else None
    if post is not None and post.author_id == incoming.sender.id:
        return
    incoming.budget.spend()
    try:
        found = await trust.fetch(incoming.wire, via.moderators_uri)
    except (ProtocolError, DomainError):
        return
    if same_origin(via.moderators_uri, via.uri):
        incoming.is_by_moderator = incoming.sender.uri in _listed(found.document)


def _listed(document: Document) -> set[str]:
    items = as_list(document.get("orderedItems")) or as_list(document.get("items"))
    return set(ids_of(items[:_MOST_MODERATORS]))


async def keeps(session: AsyncSession, incoming: Incoming, group_id: int | None) -> bool:
    """Whether the sender may keep a group in order: a moderator of ours, or of the group that announced it."""
    if group_id is None:
        return False
    via = incoming.via
    if via is None:
        return await policy.moderates(session, incoming.sender.id, group_id)
    return via.id == group_id and (incoming.is_by_moderator or same_origin(incoming.sender.uri, via.uri))


def _is_passed_on(incoming: Incoming) -> bool:
    return incoming.via is None and incoming.received_id is not None


async def _pass_on(session: AsyncSession, incoming: Incoming, group_id: int, post: Post | None = None) -> None:
    home = await session.get(Actor, group_id)
    if home is not None and home.is_local and incoming.via is None and incoming.received_id is not None:
        post_id = post.id if post is not None else None
        journal.record(session, GroupDistributes(group_id, incoming.received_id, post_id))


def _reason(incoming: Incoming) -> str:
    return members.stripped(incoming.document.get("summary"), limit=_REASON)


# Posts


async def removal(session: AsyncSession, incoming: Incoming, post: Post) -> str:
    """A moderator's Delete: it hides the post in its group, the author's own copy stays (GRP-11)."""
    if post.group_id is None or not await keeps(session, incoming, post.group_id):
        raise Refused("R-14", "is somebody else's", object_uri=post.uri)
    reason, passed = _reason(incoming), _is_passed_on(incoming)
    if not await moderation.receive_removal(session, post, by=incoming.sender, reason=reason, is_passed_on=passed):
        raise Ignored("was removed before")
    await _pass_on(session, incoming, post.group_id, post)
    return "removed from its group"


@undoes("Delete", is_passed_on=True)
async def restoration(session: AsyncSession, incoming: Incoming, uri: str | None) -> str:
    """What a moderator removed is back."""
    known = await receiving.by_uri(session, uri) if uri is not None else None
    if known is None or known.removed_at is None:
        raise Ignored("taking back a Delete that removed nothing")
    post = await _post(session, incoming, uri)
    passed = _is_passed_on(incoming)
    if not await moderation.receive_restoration(session, post, by=incoming.sender, is_passed_on=passed):
        raise Ignored("was not removed")
    await _pass_on(session, incoming, post.group_id or 0, post)
    return "restored to its group"


async def _post(session: AsyncSession, incoming: Incoming, uri: str | None) -> Post:
    """The post in a group that the sender keeps in order. Raises Ignored, Refused."""
    post = await receiving.by_uri(session, uri) if uri is not None else None
    if post is None or post.deleted_at is not None or post.group_id is None:
        raise Ignored("is about nothing in a group here")
    if incoming.via is not None and post.group_id != incoming.via.id:
        raise Ignored("is not of the group that announced it")
    if not await keeps(session, incoming, post.group_id):
        raise Refused("GRP-13", "keeps no order in that group", object_uri=post.uri)
    return post


@receives("Lock", gather=gather)
async def lock(session: AsyncSession, incoming: Incoming) -> str:
    """No new answers in a thread."""
    return await _lock(session, incoming, incoming.object_id, is_locked=True)


@undoes("Lock", is_passed_on=True)
async def unlock(session: AsyncSession, incoming: Incoming, uri: str | None) -> str:
    return await _lock(session, incoming, uri, is_locked=False)


async def _lock(session: AsyncSession, incoming: Incoming, uri: str | None, *, is_locked: bool) -> str:
    post = await _post(session, incoming, uri)
    passed = _is_passed_on(incoming)
    if not await moderation.receive_lock(session, post, by=incoming.sender, is_locked=is_locked, is_passed_on=passed):
        raise Ignored("is so already")
    await _pass_on(session, incoming, post.group_id or 0, post)
    return "locked" if is_locked else "unlocked"


# What a group lists: what stands on top, and its moderators


async def change_list(session: AsyncSession, incoming: Incoming) -> str:
    """Pin or unpin a post, name or dismiss a moderator, by the collection that is named."""
    target = incoming.address(incoming.document.get("target"))
    group = incoming.via or await _ours_with(session, target)
    if target is None or group is None:
        raise Ignored("is about no list of a group here")
    is_added = incoming.type == "Add"
    if target == group.featured_uri:
        post = await _post(session, incoming, incoming.object_id)
        if post.group_id != group.id:
            raise Refused("GRP-13", "is of another group", object_uri=post.uri)
        passed = _is_passed_on(incoming)
        if not await moderation.receive_pin(session, post, by=incoming.sender, is_pinned=is_added, is_passed_on=passed):
            raise Ignored("is so already")
        await _pass_on(session, incoming, group.id, post)
        return "pinned" if is_added else "unpinned"
    if target == group.moderators_uri:
        return await _moderators(session, incoming, group, is_added=is_added)
    raise Ignored("is about no list of a group here")


async def _ours_with(session: AsyncSession, target: str | None) -> Actor | None:
    if target is None:
        return None
    named = (Actor.featured_uri == target) | (Actor.moderators_uri == target)
    ours = (Actor.host == "", Actor.type == ActorType.GROUP)
    return await session.scalar(select(Actor).where(*ours, named))


async def _moderators(session: AsyncSession, incoming: Incoming, group: Actor, *, is_added: bool) -> str:
    if group.is_local:
        raise Refused("GRP-13", "who keeps a group of ours in order is named here", object_uri=group.uri)
    if not await keeps(session, incoming, group.id):
        raise Refused("GRP-13", "keeps no order in that group", object_uri=group.uri)
    person = await actors.by_uri(session, incoming.object_id or "")
    mirror = await session.get(Group, group.id)
    if person is None or mirror is None or not person.is_local:
        raise Ignored("is about nobody of ours")
    if not await moderation.receive_moderator(session, mirror, person, keeps=is_added):
        raise Ignored("is so already")
    return "named moderator" if is_added else "moderator no more"


# People


async def ban(session: AsyncSession, incoming: Incoming) -> str:
    """Block with a group for target: somebody is out of it, for ever or until `endTime` (GRP-12)."""
    group, person = await _banned(session, incoming, incoming.document, incoming.object_id)
    ends_at = parse_date(incoming.document.get("endTime"))
    if not await moderation.receive_ban(
        session,
        group,
        person,
        by=incoming.sender,
        reason=_reason(incoming),
        ends_at=ends_at,
        removes_posts=incoming.document.get("removeData") is True,
        is_passed_on=_is_passed_on(incoming),
    ):
        raise Ignored("bans nobody")
    await _pass_on(session, incoming, group.id)
    return "banned"


async def unban(session: AsyncSession, incoming: Incoming, uri: str | None) -> str:
    """They may join again."""
    group, person = await _banned(session, incoming, incoming.undone, uri)
    passed = _is_passed_on(incoming)
    if not await moderation.receive_unban(session, group, person, by=incoming.sender, is_passed_on=passed):
        raise Ignored("was not banned")
    await _pass_on(session, incoming, group.id)
    return "banned no more"


async def _banned(session: AsyncSession, incoming: Incoming, block: Document, uri: str | None) -> tuple[Group, Actor]:
    """The group that a Block is about, and whom it bans. Raises Ignored, Refused."""
    target = incoming.address(block.get("target"))
    place = await actors.by_uri(session, target) if target is not None else None
    if place is None or place.type is not ActorType.GROUP or (incoming.via is not None and place.id != incoming.via.id):
        raise Ignored("bans from no group here")
    group = await session.get(Group, place.id)
    if group is None or (incoming.via is None and not place.is_local):
        raise Ignored("bans from no group here")
    if not await keeps(session, incoming, group.id):
        raise Refused("GRP-12", "keeps no order in that group", object_uri=target or "")
    person = await actors.by_uri(session, uri) if uri is not None else None
    if person is None or person.deleted_at is not None:
        raise Ignored("bans nobody who is known here")
    return group, person
