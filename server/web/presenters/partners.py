"""Partner companies: their state in words, what was agreed, how deliveries to them go."""

from sqlalchemy import inspect

from models.deliveries import Health
from models.tables import Dialect, Partner, PartnerState, Reach
from server.web import views
from server.web.presenters.sight import Sight


def row(sight: Sight, partner: Partner, health: Health | None, people: int) -> views.PartnerRow:
    peer = health.peer if health is not None else None
    software = f"{peer.software} {peer.software_version}".strip() if peer is not None else ""
    return views.PartnerRow(
        company=partner.shown_name,
        host=partner.host,
        url=sight.url("partner", partner_id=partner.id),
        state="admitted" if partner.state is PartnerState.ADMITTED else "suspended",
        software=software,
        people=people,
        groups=agreements(sight, partner, is_microblog=peer is not None and peer.dialect is Dialect.MICROBLOG),
        delivery=delivery(sight, health),
    )


def agreements(sight: Sight, partner: Partner, *, is_microblog: bool = False) -> tuple[views.AgreementRow, ...]:
    assert "agreements" not in inspect(partner).unloaded  # noqa: S101 - `partners.listed` loads them
    found = sorted(partner.agreements, key=lambda agreement: agreement.group.actor.shown_name.casefold())
    return tuple(
        views.AgreementRow(
            group=agreement.group.actor.shown_name,
            url=sight.actor_url(agreement.group.actor),
            level=str(agreement.level),  # type: ignore[arg-type]
            change_url=sight.url("partner-agreement", partner_id=partner.id, group_id=agreement.group_id),
            gated=agreement.group.is_gated,
            copies=agreement.sends_copies,
            needs_copies=is_microblog and not agreement.sends_copies and agreement.group.reach is Reach.PARTNERS,
        )
        for agreement in found
    )


def delivery(sight: Sight, health: Health | None) -> views.Delivery:
    if health is None:
        return views.Delivery()
    peer = health.peer
    return views.Delivery(
        queued=health.queued,
        delivered=health.delivered,
        failed=health.failed,
        last_success=sight.moment(peer.delivered_at) if peer and peer.delivered_at else None,
        last_error=peer.last_error if peer else "",
        last_error_at=sight.moment(peer.failed_at) if peer and peer.failed_at and peer.last_error else None,
        next_attempt=sight.moment(peer.next_attempt_at) if peer and peer.next_attempt_at and health.queued else None,
    )
