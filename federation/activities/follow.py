"""Follow: the wish to follow a person, or to join a group (ActivityPub §7.5, GRP-2).

Whom the asking server may not know of does not exist for it: such a wish is dropped without an answer.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities.registry import Ignored, Incoming, Refused, receives
from federation.vocabulary import Document, id_of
from federation.wire import Wire
from models import actors, groups, journal, relations, tombstones
from models.errors import NotAllowed
from models.tables import Actor, ActorType, Group, MemberState, Reach

_PEOPLE = "/ap/u/"


def _is_light(wire: Wire, document: Document) -> bool:
    """What is asked of a group may be refused later, when something is written already."""
    wanted = id_of(document.get("object"))
    return wanted is not None and wanted.startswith(wire.database.instance.url(_PEOPLE))


@receives("Follow", "Join", is_light=_is_light)
async def follow(session: AsyncSession, incoming: Incoming) -> str:
    """Answered later by the journal's reader, never inside the request; a repetition is answered again."""
    if incoming.via is not None:
        raise Refused("GRP-9", "a group does not follow for others")
    if await tombstones.is_over(session, incoming.id, signed_at=incoming.signed_at):
        raise Ignored("was taken back before it came")
    target = await _ours(session, incoming)
    try:
        if target.type is ActorType.GROUP:
            return await _join(session, incoming, target)
        if incoming.sender.type is ActorType.GROUP:
            raise Refused("GRP-2", "groups follow no people")
        await relations.receive_follow(session, by=incoming.sender, followee=target, uri=incoming.id)
    except NotAllowed:
        raise Refused("R-71", "asks for somebody they may not know of") from None
    return "asked to follow"


async def _ours(session: AsyncSession, incoming: Incoming) -> Actor:
    target = await actors.by_uri(session, incoming.object_id) if incoming.object_id else None
    if target is None or not target.is_local or target.deleted_at is not None:
        raise Ignored("asks for nobody here")
    if target.type is ActorType.APPLICATION:
        raise Ignored("the server itself takes no followers")
    return target


async def _join(session: AsyncSession, incoming: Incoming, target: Actor) -> str:
    group = await session.get_one(Group, target.id)
    if incoming.sender.type is ActorType.GROUP and group.reach is not Reach.PUBLIC:  # FEP-d36d
        raise Refused("GRP-2", "groups join public groups only")
    try:
        found = await groups.receive_join(session, group, incoming.sender, uri=incoming.id)
    except groups.Banned:  # GRP-12: they get the Reject again
        journal.record(session, journal.Left(group.id, incoming.sender.id, incoming.id, refused=True))
        return "turned away: is banned"
    return "joined" if found.state is MemberState.MEMBER else "asked to join"
