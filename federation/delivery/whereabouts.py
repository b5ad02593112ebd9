"""Where an inbox is now: asked of its owner when a server says that it is gone, unknown or somewhere else.

Deliveries follow no redirect (DLV-3); the owner's actor document says where the inbox is, and what waits goes there.
An owner who is gone is forgotten, with all follows and memberships (DLV-8).
"""

import logging
from collections.abc import Sequence

from sqlalchemy import or_, select, update

from federation import trust
from federation.errors import ProtocolError
from federation.fetch import FetchFailed
from federation.wire import Wire
from models import deliveries
from models.errors import DomainError
from models.lanes import Claimed, Result
from models.posts import receiving
from models.tables import Actor

log = logging.getLogger(__name__)

_MOST_OWNERS = 3
_GONE = 410
_IN_DOUBT = frozenset({301, 308, 404, _GONE})


def is_in_doubt(result: Result) -> bool:
    """Whether an answer says that the inbox is not where we thought."""
    return result.status in _IN_DOUBT


async def ask(wire: Wire, claimed: Claimed) -> None:
    """Ask the owners of an inbox, a few of them where it is shared, and send what waits to where they say it is.

    Makes requests: not to be called inside `writing()`.
    """
    async with wire.database.reading() as session:
        owners = await session.scalars(
            select(Actor)
            .where(
                Actor.host == claimed.host,
                Actor.deleted_at.is_(None),
                or_(Actor.inbox == claimed.inbox, Actor.shared_inbox == claimed.inbox),
            )
            .order_by(Actor.fetched_at.desc())
            .limit(_MOST_OWNERS)
        )
        found: Sequence[Actor] = owners.all()
    for owner in found:
        try:
            now_there = await trust.fetch_actor(wire, owner.uri)
        except FetchFailed as error:
            if error.http_status != _GONE:
                log.info("owner of inbox not found", extra={"host": claimed.host, "status": error.http_status})
                return
            await _forget(wire, owner)
        except (ProtocolError, DomainError) as error:
            log.info("owner of inbox not found", extra={"host": claimed.host, "reason": error.code})
            return
        else:
            await _follow(wire, claimed, owner, now_there)
            return


async def _forget(wire: Wire, owner: Actor) -> None:
    async with wire.database.writing() as session:
        actor = await session.get_one(Actor, owner.id)
        if actor.deleted_at is None:
            await receiving.receive_end(session, actor)
    log.info("owner of inbox is gone", extra={"host": owner.host})


async def _follow(wire: Wire, claimed: Claimed, owner: Actor, found: Actor) -> None:
    is_shared = owner.shared_inbox == claimed.inbox
    to = found.delivery_inbox if is_shared else found.inbox
    if to == claimed.inbox:
        return
    async with wire.database.writing() as session:
        if is_shared:  # its neighbours have moved with it: one server, one shared inbox
            await session.execute(
                update(Actor)
                .where(Actor.host == claimed.host, Actor.shared_inbox == claimed.inbox)
                .values(shared_inbox=found.shared_inbox)
            )
        await deliveries.readdress(session, claimed.host, claimed.inbox, to)
