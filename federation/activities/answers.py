"""Accept and Reject: what somebody elsewhere answers to a wish of ours (ActivityPub §7.6, §7.7, R-16).

The wish is found by its id, which is ours, or by who asked whom. Whoever was not asked answers nothing.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities import quoting
from federation.activities.registry import Ignored, Incoming, Refused, receives
from federation.vocabulary import Document, id_of
from models import actors, groups, relations
from models.tables import Actor, ActorType, Follow, Group, Membership, MemberState


@receives("Accept", "Reject", gather=quoting.gather_answer)
async def answer(session: AsyncSession, incoming: Incoming) -> str:
    """Begin to follow, be a member, or be neither any more; or have the consent that was asked for."""
    consent = await quoting.answered(session, incoming)
    if consent is not None:
        return consent
    if incoming.via is not None:
        raise Refused("GRP-9", "a group does not answer for others")
    accepted = incoming.type == "Accept"
    member, group = await _wish_to_join(session, incoming)
    if member is not None and group is not None:
        wish = await groups.membership(session, group.id, member.id)
        if wish is None or (accepted and wish.state is MemberState.REFUSED):
            raise Ignored("nobody of ours asked for that")
        await groups.receive_answer(session, group, member=member, accepted=accepted)
        return "joined" if accepted else "not let in"
    follower = await _wish_to_follow(session, incoming)
    if follower is None:
        raise Ignored("nobody of ours asked for that")
    await relations.receive_answer(session, follower=follower, by=incoming.sender, accepted=accepted)
    return "followed" if accepted else "refused"


async def _wish_to_join(session: AsyncSession, incoming: Incoming) -> tuple[Actor | None, Group | None]:
    """The member of ours and the group, where the answer is about a group of whoever answers."""
    group_actor = await _answering_group(session, incoming)
    group = await session.get(Group, group_actor.id) if group_actor is not None else None
    if group is None:
        return None, None
    found = await session.scalar(
        select(Membership).where(
            Membership.uri == (incoming.object_id or ""), Membership.group_id == group.id, Membership.host == ""
        )
    )
    if found is not None:
        return await session.get(Actor, found.actor_id), group
    asker = await _asker(session, incoming)
    if asker is not None:
        return asker, group
    return None, None


async def _answering_group(session: AsyncSession, incoming: Incoming) -> Actor | None:
    """The group that answers, or for which its server does: one forum rejects in the server's name."""
    if incoming.sender.type is ActorType.GROUP:
        return incoming.sender
    asked = incoming.object if isinstance(incoming.object, dict) else {}
    uri = incoming.address(asked.get("object"))
    if incoming.type != "Reject" or incoming.sender.type is not ActorType.APPLICATION or uri is None:
        return None
    group = await actors.by_uri(session, uri)
    same = group is not None and group.type is ActorType.GROUP and group.host == incoming.sender.host
    return group if same else None


async def _wish_to_follow(session: AsyncSession, incoming: Incoming) -> Actor | None:
    """Whoever of ours asked to follow the one who answers."""
    by_id = await session.scalar(
        select(Actor)
        .join(Follow, Follow.follower_id == Actor.id)
        .where(Follow.uri == (incoming.object_id or ""), Follow.followee_id == incoming.sender.id, Actor.host == "")
    )
    if by_id is not None:
        return by_id
    asker = await _asker(session, incoming)
    if asker is None or await relations.between(session, asker.id, incoming.sender.id) is None:
        return None
    return asker


async def _asker(session: AsyncSession, incoming: Incoming) -> Actor | None:
    """The actor of ours that an embedded Follow of the one who answers names; one server puts it into `target`."""
    asked = incoming.object
    if not isinstance(asked, dict):
        return None
    uri = incoming.address(asked.get("actor")) or incoming.address(asked.get("target"))
    asker = await actors.by_uri(session, uri) if uri is not None else None
    return asker if asker is not None and asker.is_local and _asks(asked, incoming.sender) else None


def _asks(asked: Document, answerer: Actor) -> bool:
    wanted = id_of(asked.get("object"))
    return wanted in (None, answerer.uri) or answerer.type is ActorType.APPLICATION


async def accept_by_announcing(session: AsyncSession, group: Actor, *, inbox_actor_id: int | None) -> bool:
    """GRP-10a: a group that sends us its posts has let us in, also where it never said so.

    It counts only where it is plain who was meant: the owner of the inbox that was hit, or the one of ours who asked
    while nobody of ours was in.
    """
    rows = (
        await session.scalars(
            select(Membership).where(
                Membership.group_id == group.id,
                Membership.host == "",
                Membership.state.in_((MemberState.ASKED, MemberState.MEMBER)),
            )
        )
    ).all()
    asked = [row for row in rows if row.state is MemberState.ASKED]
    meant = [row for row in asked if row.actor_id == inbox_actor_id] or (asked if len(rows) == 1 else [])
    if len(meant) != 1:
        return False
    member = await session.get_one(Actor, meant[0].actor_id)
    return await groups.receive_answer(session, await session.get_one(Group, group.id), member=member, accepted=True)
