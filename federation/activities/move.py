"""Move: somebody elsewhere goes on under another name (FEP-7628, R-18)."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation import trust
from federation.activities.registry import Ignored, Incoming, Refused, receives
from models import actors, moves


async def gather(incoming: Incoming) -> None:
    """Ask both, afresh, what each says of the other: what anybody else says of it counts for nothing."""
    if incoming.via is not None:
        raise Refused("GRP-9", "a group moves nobody")
    old, new = _names(incoming)
    async with incoming.wire.database.reading() as session:
        known = await actors.by_uri(session, old)
    if known is None:
        raise Ignored("moves nobody who is known here")
    for uri in (new, old):
        incoming.budget.spend()
        await trust.fetch_actor(incoming.wire, uri)


def _names(incoming: Incoming) -> tuple[str, str]:
    """Who moves where; it is said by one of the two. Raises Refused."""
    old, new = incoming.object_id, incoming.address(incoming.document.get("target"))
    if old is None or new is None or incoming.sender.uri not in (old, new) or old == new:
        raise Refused("R-18", "names not itself")
    if trust.is_own(incoming.wire, old) or trust.is_own(incoming.wire, new):
        raise Refused("R-18", "nobody of ours moves by word from elsewhere", object_uri=old)
    return old, new


@receives("Move", gather=gather)
async def move(session: AsyncSession, incoming: Incoming) -> str:
    """Those of ours who follow the old one follow the new one."""
    uris = _names(incoming)
    old, new = [await actors.by_uri(session, uri) for uri in uris]
    if old is None or new is None:
        raise Ignored("moves nobody who is known here")
    try:
        count = await moves.receive_move(session, old, new)
    except moves.MovedLately:
        raise Ignored("moved a few days ago") from None
    except moves.NoMove:
        raise Refused("R-18", "the two do not say that they are one", object_uri=old.uri) from None
    return f"moved, with {count} of ours"
