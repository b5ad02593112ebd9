"""Other companies: admitting them, agreeing on groups, suspending them."""

import re
from collections.abc import Iterable, Mapping

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from models import actors, audit, groups, journal, ledger, policy
from models.base import now
from models.errors import Invalid, NotFound
from models.instance import instance_of
from models.tables import (
    Actor,
    Agreement,
    Delivery,
    DeliveryState,
    Group,
    Key,
    Level,
    Membership,
    MemberState,
    Outcome,
    Partner,
    PartnerState,
    Reach,
)
from models.text.clean import clean_line, clean_text
from models.viewers import Staff

REASON_LIMIT = 500
CONTACT_LIMIT = 200
NOTE_LIMIT = 2000
_HOST = re.compile(r"(?=.{1,253}(?::|$))(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*(?::[0-9]{1,5})?")


class BadHost(Invalid):
    """A company is named by the host of its server, such as zulieferer.example."""

    code = "bad_host"


class OwnHost(Invalid):
    """This is our own server."""

    code = "own_host"


class GroupIsInternal(Invalid):
    """An internal group cannot be shared: raise its reach to partners first."""

    code = "group_is_internal"


def clean_host(text: str) -> str:
    """The host in `text`, which may be typed as an address or a handle. Raises BadHost."""
    host = text.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/").rpartition("@")[2]
    if not host.isascii():
        try:
            name, colon, port = host.partition(":")
            host = name.encode("idna").decode() + colon + port
        except UnicodeError:
            raise BadHost(field="host", host=host) from None
    if not _HOST.fullmatch(host):
        raise BadHost(field="host", host=host)
    return host


async def admit(
    session: AsyncSession,
    host: str,
    *,
    levels: Mapping[str, Level] | None = None,
    copies: Iterable[str] = (),
    name: str | None = None,
    by: Staff | None = None,
) -> Partner:
    """Admit a company, or re-admit it, and agree on groups: `levels` maps names of groups to what its people may do.

    `copies` names groups, agreed on now or before, that speak to its server themselves (GRP-16). Agreements that
    neither names stay as they are. `by` is None for the command line.

    Raises:
        NotAllowed: `by` does not administer. BadHost, OwnHost. NotFound: no such group. GroupIsInternal.
    """
    policy.must_administer(by)
    host = clean_host(host)
    if host == instance_of(session).host:
        raise OwnHost(field="host")
    partner = await session.scalar(
        select(Partner).where(Partner.host == host).options(selectinload(Partner.agreements))
    )
    if partner is None:
        partner = Partner(host=host, agreements=[])
        session.add(partner)
    partner.state = PartnerState.ADMITTED
    partner.changed_at = now()
    partner.changed_by_id = by.account_id if by else None
    if name is not None:
        partner.name = clean_line(name, limit=actors.NAME_LIMIT)
    await session.flush()
    for username, level in (levels or {}).items():
        await _agree(session, partner, username, level)
    for username in copies:
        await _speak(session, partner, username, by=by)
    audit.note(
        session,
        "partner_admitted",
        by=by,
        host=host,
        groups={name: str(level) for name, level in (levels or {}).items()},
    )
    await session.execute(
        update(Delivery)
        .where(Delivery.host == host, Delivery.state == DeliveryState.QUEUED)
        .values(next_attempt_at=now())
    )
    await groups.tell_expelled(session, host)
    journal.record(session, journal.PartnerChanged(partner.id, host))
    return partner


async def _agree(session: AsyncSession, partner: Partner, username: str, level: Level) -> None:
    actor = await actors.by_username(session, username)
    group = await session.get(Group, actor.id) if actor else None
    if actor is None or group is None:
        raise NotFound(group=username, field="group")
    if group.reach is Reach.INTERNAL:
        raise GroupIsInternal(group=username, field="group")
    agreement = await session.get(Agreement, (partner.id, group.id))
    if agreement is None:
        agreement = Agreement(partner_id=partner.id, group_id=group.id)
        session.add(agreement)
    agreement.level = level
    await session.flush()


async def _speak(session: AsyncSession, partner: Partner, username: str, *, by: Staff | None) -> None:
    actor = await actors.by_username(session, username)
    group = await session.get(Group, actor.id) if actor else None
    if group is None:
        raise NotFound(group=username, field="group")
    await set_copies(session, partner, group, True, by=by)


async def set_copies(
    session: AsyncSession, partner: Partner, group: Group, sends_copies: bool, *, by: Staff | None = None
) -> None:
    """Let a group speak itself to a company's server, or end that; what went there stays there (GRP-16).

    Raises:
        NotAllowed: `by` does not administer. NotFound: there is no such agreement.
    """
    policy.must_administer(by)
    agreement = await session.get(Agreement, (partner.id, group.id))
    if agreement is None:
        raise NotFound(partner=partner.host, group_id=group.id, field="group")
    if agreement.sends_copies == sends_copies:
        return
    agreement.sends_copies = sends_copies
    audit.note(session, "copies_set", by=by, host=partner.host, group_id=group.id, sends_copies=sends_copies)
    await session.flush()


async def set_level(
    session: AsyncSession, partner: Partner, group: Group, level: Level, *, by: Staff | None = None
) -> None:
    """Change how far an agreement goes; it says nothing about whether the company is admitted. Raises NotFound."""
    policy.must_administer(by)
    agreement = await session.get(Agreement, (partner.id, group.id))
    if agreement is None:
        raise NotFound(partner=partner.host, group_id=group.id)
    agreement.level = level
    audit.note(session, "agreement_changed", by=by, host=partner.host, group_id=group.id, level=str(level))
    journal.record(session, journal.PartnerChanged(partner.id, partner.host))


async def end_agreement(session: AsyncSession, partner: Partner, group: Group, *, by: Staff | None = None) -> None:
    """Close one group to a company: its members are out, what still waits for it is cancelled (GRP-17)."""
    policy.must_administer(by)
    agreement = await session.get(Agreement, (partner.id, group.id))
    if agreement is None:
        raise NotFound(partner=partner.host, group_id=group.id)
    await session.delete(agreement)
    await session.flush()
    await groups.expel(session, partner.host, group_id=group.id)
    audit.note(session, "agreement_ended", by=by, host=partner.host, group_id=group.id)


async def suspend(session: AsyncSession, host: str, *, by: Staff | None = None, reason: str = "") -> Partner:
    """Stop everything with a company at once: nothing goes, nothing is taken, its people are out of our groups.

    Raises:
        NotAllowed: `by` does not administer. NotFound: we have no such partner.
    """
    policy.must_administer(by)
    host = clean_host(host)
    partner = await session.scalar(select(Partner).where(Partner.host == host))
    if partner is None:
        raise NotFound(host=host, field="host")
    partner.state = PartnerState.SUSPENDED
    partner.changed_at = now()
    partner.changed_by_id = by.account_id if by else None
    await session.execute(
        update(Delivery)
        .where(Delivery.host == host, Delivery.state == DeliveryState.QUEUED)
        .values(state=DeliveryState.CANCELLED, error="partner suspended")
    )
    await groups.expel(session, host, tells_later=True)
    await session.execute(  # B2B-3: whatever signs for them is looked up anew should they come back
        delete(Key).where(Key.actor_id.in_(select(Actor.id).where(Actor.host == host)))
    )
    await ledger.append(
        session,
        ledger.Fact(
            outcome=Outcome.STOPPED,
            what="Partner",
            actor=by.username if by else "kontor",
            rule="partner_suspended",
            hosts=(host,),
        ),
    )
    audit.note(session, "partner_suspended", by=by, host=host, reason=clean_line(reason, limit=REASON_LIMIT))
    journal.record(session, journal.PartnerChanged(partner.id, host))
    return partner


async def describe(
    session: AsyncSession, partner: Partner, *, contact: str, note: str, sends_files: bool, by: Staff
) -> None:
    """Write down whom to reach at a company, what was agreed with it, and whether its pictures are fetched (B2B-1).

    Raises NotAllowed for who does not administer.
    """
    policy.must_administer(by)
    wanted = {
        "contact": clean_line(contact, limit=CONTACT_LIMIT),
        "note": clean_text(note, limit=NOTE_LIMIT),
        "sends_files": sends_files,
    }
    changed = {name: value for name, value in wanted.items() if getattr(partner, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(partner, name, value)
    partner.changed_at = now()
    partner.changed_by_id = by.account_id
    audit.note(session, "partner_described", by=by, host=partner.host, changed=sorted(changed), files=sends_files)


def listed() -> Select[Partner]:
    """All partners with their agreements, by name."""
    return (
        select(Partner)
        .options(selectinload(Partner.agreements).joinedload(Agreement.group).joinedload(Group.actor))
        .order_by(Partner.name, Partner.host)
    )


async def one(session: AsyncSession, viewer: Staff, partner_id: int) -> Partner:
    """A partner with its agreements. Raises NotAllowed for who does not administer, NotFound."""
    policy.must_administer(viewer)
    partner = await session.scalar(listed().where(Partner.id == partner_id))
    if partner is None:
        raise NotFound(partner_id=partner_id)
    return partner


async def members_by_host(session: AsyncSession) -> dict[str, int]:
    """How many people of each company are in groups of ours."""
    rows = await session.execute(
        select(Membership.host, func.count(Membership.actor_id.distinct()))
        .where(Membership.host != "", Membership.state == MemberState.MEMBER)
        .group_by(Membership.host)
    )
    return dict(rows.all())


async def levels(session: AsyncSession, group_id: int) -> dict[str, Level]:
    """What each company that a group is open to may do in it, by host."""
    rows = await session.execute(
        select(Partner.host, Agreement.level)
        .join(Agreement, Agreement.partner_id == Partner.id)
        .where(Agreement.group_id == group_id, Partner.state == PartnerState.ADMITTED)
    )
    return {host: Level(level) for host, level in rows}
