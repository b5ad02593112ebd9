"""Follow: the wish to follow a person, or to join a group (ActivityPub §7.5, GRP-2).

Whom the asking server may not know of does not exist for it: such a wish is dropped without an answer.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities.registry import Ignored, Incoming, Refused, receives
from federation.vocabulary import Document, id_of
from federation.wire import Wire
from models import actors, groups, journal, relations, tombstones
from models.errors import NotAllowed
from models.relations import Asking
from models.tables import Actor, ActorType, Group, MemberState, Reach

_PEOPLE = "/ap/u/"


def _is_light(wire: Wire, document: Document) -> bool:
    """What is asked of a group may be refused later, when something is written already."""
    wanted = id_of(document.get("object"))
    return wanted is not None and wanted.startswith(wire.database.instance.url(_PEOPLE))


async def _follow_all(session: AsyncSession, incoming: Sequence[Incoming]) -> Sequence[str | Exception]:
    """Several who want to follow people of ours; see `follow`."""
    over = await tombstones.over_among(session, [(one.id, one.signed_at) for one in incoming])
    targets = await actors.by_uris(session, {one.object_id for one in incoming if one.object_id})
    came: list[str | Exception] = ["asked to follow"] * len(incoming)
    asking: dict[int, Asking] = {}
    for place, one in enumerate(incoming):
        try:
            target = _one_of_ours(one, targets.get(one.object_id or ""), is_over=one.id in over)
            if target.type is ActorType.GROUP or one.sender.type is ActorType.GROUP:
                raise Refused("GRP-2", "is no matter between people")  # dealt with alone
            asking[place] = Asking(one.sender, target, one.id)
        except (Ignored, Refused) as error:
            came[place] = error
    follows = await relations.receive_follows(session, list(asking.values())) if asking else []
    for place, follow in zip(asking, follows, strict=True):
        if follow is None:
            came[place] = _unknown()
    return came


@receives("Follow", "Join", is_light=_is_light, apply_all=_follow_all)
async def follow(session: AsyncSession, incoming: Incoming) -> str:
    """Answered later by the journal's reader, never inside the request; a repetition is answered again."""
    is_over = await tombstones.is_over(session, incoming.id, signed_at=incoming.signed_at)
    found = await actors.by_uri(session, incoming.object_id) if incoming.object_id else None
    target = _one_of_ours(incoming, found, is_over=is_over)
    try:
        if target.type is ActorType.GROUP:
            return await _join(session, incoming, target)
        if incoming.sender.type is ActorType.GROUP:
            raise Refused("GRP-2", "groups follow no people")
        await relations.receive_follow(session, by=incoming.sender, followee=target, uri=incoming.id)
    except NotAllowed:
        raise _unknown() from None
    return "asked to follow"


def _unknown() -> Refused:
    return Refused("R-71", "asks for somebody they may not know of")


def _one_of_ours(incoming: Incoming, target: Actor | None, *, is_over: bool) -> Actor:
    if incoming.via is not None:
        raise Refused("GRP-9", "a group does not follow for others")
    if is_over:
        raise Ignored("was taken back before it came")
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
