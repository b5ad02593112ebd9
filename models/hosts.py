"""Servers that we talk with or do not, as two plain lists: all that an application of an admin may change about them.

It closes at once, and opens only the front door: what is open to a company behind it is agreed on its page, so a server
that was a partner comes back there and nowhere else. See `models.partners`.
"""

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import audit, journal, partners, policy
from models.errors import Invalid, NotFound
from models.instance import instance_of
from models.partners import OwnHost, clean_host
from models.tables import Agreement, Partner, PartnerState
from models.viewers import Staff


class IsBlocked(Invalid):
    """This server is blocked: end that first."""

    code = "host_is_blocked"


class WasPartner(Invalid):
    """This company was a partner: admit it again on its page, where you see what is open to it."""

    code = "was_partner"


def listed(viewer: Staff, state: PartnerState) -> Select[Partner]:
    """The servers in that state, the newest first. Raises NotAllowed for who does not administer."""
    policy.must_administer(viewer)
    return select(Partner).where(Partner.state == state).order_by(Partner.id.desc())


async def one(session: AsyncSession, viewer: Staff, partner_id: int, state: PartnerState) -> Partner:
    """Raises NotAllowed. NotFound: none of that id in that state."""
    found = await session.scalar(listed(viewer, state).where(Partner.id == partner_id))
    if found is None:
        raise NotFound(partner_id=partner_id)
    return found


async def allow(session: AsyncSession, host: str, *, by: Staff) -> Partner:
    """Talk with a server from now on; no group is opened to it.

    Raises:
        NotAllowed. BadHost, OwnHost. IsBlocked: whoever blocked it had a reason.
    """
    found = await _of(session, clean_host(host), by)
    if found is None:
        return await partners.admit(session, host, by=by)
    if found.state is PartnerState.SUSPENDED:
        raise IsBlocked(field="domain")
    return found


async def block(session: AsyncSession, host: str, *, by: Staff, reason: str = "") -> Partner:
    """Stop everything with a server at once, also with one that was never admitted.

    Raises NotAllowed, BadHost, OwnHost.
    """
    host = clean_host(host)
    if host == instance_of(session).host:
        raise OwnHost(field="domain")
    found = await _of(session, host, by)
    if found is not None and found.state is PartnerState.SUSPENDED:
        return found
    if found is None:
        session.add(Partner(host=host, state=PartnerState.SUSPENDED))
        await session.flush()
    return await partners.suspend(session, host, by=by, reason=reason)


async def unblock(session: AsyncSession, partner_id: int, *, by: Staff) -> None:
    """Forget that a server was blocked: it is met again as one we never heard of.

    Raises:
        NotAllowed. NotFound. WasPartner: something was agreed with it, or written down about it.
    """
    found = await one(session, by, partner_id, PartnerState.SUSPENDED)
    agreed = select(exists().where(Agreement.partner_id == found.id))
    if found.name or found.contact or found.note or await session.scalar(agreed):
        raise WasPartner(partner_id=found.id)
    await session.delete(found)
    await session.flush()
    audit.note(session, "host_unblocked", by=by, host=found.host)
    journal.record(session, journal.PartnerChanged(found.id, found.host))


async def _of(session: AsyncSession, host: str, by: Staff) -> Partner | None:
    policy.must_administer(by)
    return await session.scalar(select(Partner).where(Partner.host == host))
