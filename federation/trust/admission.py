"""Admission: which servers may be asked at all, checked before each fetch and again at every redirect (B2B-2, R-31)."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.errors import ProtocolError
from federation.fetch import FetchedDocument, Signer
from federation.vocabulary import checked_url
from federation.wire import Wire
from models import policy
from models.instance import instance_of

FETCHES_PER_MINUTE = 60


class NotAdmitted(ProtocolError):
    """This server does not talk with that one."""

    code = "not_admitted"
    status = 403


class TooManyFetches(ProtocolError):
    """That server was asked too often in the last minute."""

    code = "too_many_fetches"
    status = 429


async def admit(session: AsyncSession, host: str) -> None:
    """Make sure that `host`, with its port if it has one, is somebody we talk with today.

    Raises:
        NotAdmitted: no agreement, suspended, or our own name in a stranger's mouth (R-13).
    """
    if host == instance_of(session).host or not await policy.is_admitted(session, host):
        raise NotAdmitted(host=host)


def is_own(wire: Wire, uri: str) -> bool:
    """Whether an id is ours: such ids are looked up and never fetched (R-13)."""
    return wire.database.instance.owns(uri)


async def fetch(wire: Wire, uri: str, *, signer: Signer | None = None) -> FetchedDocument:
    """Fetch an ActivityPub document that its own origin vouches for, signed by our instance actor (DISC-16).

    Raises:
        BadUrl, NotAdmitted: nothing was sent. TooManyFetches: try again later.
        FetchRefused, FetchFailed, BadJson: see `Fetcher.get_activity_json`.
    """
    at = checked_url(uri, insecure=wire.insecure_hosts)
    host = at.origin.authority
    own = wire.database.instance.host
    async with wire.database.reading() as session:
        await admit(session, host)
        admitted = await policy.admission(session)
    if wire.memory.fetches.take(host, per_minute=FETCHES_PER_MINUTE, burst=FETCHES_PER_MINUTE) > 0:
        raise TooManyFetches(host=host)
    return await wire.fetcher.get_activity_json(
        uri,
        signer=signer or await wire.keys.instance_signer(wire.database),
        admit=lambda hop: hop.origin.authority != own and admitted(hop.origin.authority),
    )
