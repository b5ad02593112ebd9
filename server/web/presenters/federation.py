"""Servers and dead letters in words."""

from datetime import datetime

from models.board import Standing
from models.breakers import Condition
from models.tables import Delivery, Dialect, Halt, HaltReason
from server.i18n import gettext as _
from server.web import views
from server.web.presenters.ledger import activity_words
from server.web.presenters.sight import Sight

_TROUBLED = (Condition.FALTERING, Condition.HELD, Condition.SLEEPING)


def url(sight: Sight, name: str, host: str) -> str:
    """The path of a page about a server; the colon before a port may stand in it as it is (RFC 3986 §3.3)."""
    return sight.url(name, host=host).replace("%3A", ":")


def server(sight: Sight, standing: Standing) -> views.ServerRow:
    peer = standing.peer
    software = f"{peer.software} {peer.software_version}".strip() if peer is not None else ""
    error = peer.last_error if peer is not None else ""
    return views.ServerRow(
        name=standing.name,
        host=standing.host,
        condition=_condition(standing),
        url=sight.url("partner", partner_id=standing.partner_id) if standing.partner_id is not None else None,
        since=_moment(sight, _since(standing)),
        queued=standing.queued,
        oldest=_moment(sight, standing.oldest),
        next_attempt=_moment(sight, standing.next_attempt),
        last_success=_moment(sight, peer.delivered_at if peer is not None else None),
        last_error=error,
        last_error_at=_moment(sight, peer.failed_at if peer is not None and error else None),
        dead=standing.dead,
        letters_url=f"{url(sight, 'federation-host', standing.host)}#letters",
        retry_url=_retry_url(sight, standing),
        software=software,
        signature=signature_words(peer.signature_form if peer is not None else None),
        dialect=dialect_words(peer.dialect if peer is not None else Dialect.UNKNOWN),
        latency=_latency(peer.latency if peer is not None else None),
    )


def reason(halt: Halt | None) -> views.HaltReason:
    """Why everything is halted; empty when nothing is."""
    if halt is None:
        return ""
    words: dict[HaltReason, views.HaltReason] = {HaltReason.ADMIN: "admin", HaltReason.BACKUP: "backup"}
    return words.get(halt.reason, "outdated")


def _moment(sight: Sight, at: datetime | None) -> views.Moment | None:
    return sight.moment(at) if at is not None else None


def _condition(standing: Standing) -> views.ServerCondition:
    if standing.is_suspended:
        return "suspended"
    if standing.has_refused:
        return "refused"
    return "put_off" if standing.is_put_off else str(standing.condition)  # type: ignore[return-value]


def _since(standing: Standing) -> datetime | None:
    if standing.peer is None:
        return None
    if standing.condition is Condition.GONE:
        return standing.peer.gone_at
    return standing.peer.failing_since if standing.condition in _TROUBLED else None


def _retry_url(sight: Sight, standing: Standing) -> str | None:
    is_stuck = standing.is_put_off or standing.condition in (*_TROUBLED, Condition.GONE)
    if standing.is_suspended or not standing.queued or not is_stuck:
        return None
    return url(sight, "federation-retry", standing.host)


def _latency(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 1:
        return _("%(count)s ms", count=max(1, round(seconds * 1000)))
    return _("%(count)s s", count=round(seconds, 1))


def signature_words(form: str | None) -> str:
    """The form of signature that a server takes, by the name of its specification."""
    return {"cavage": _("signs as in draft 12"), "rfc9421": _("signs as in RFC 9421")}.get(form or "", "")


def dialect_words(dialect: Dialect) -> str:
    return {
        Dialect.FORUM: _("understands groups"),
        Dialect.MICROBLOG: _("shows single posts"),
        Dialect.MIXED: _("understands groups and single posts"),
    }.get(Dialect(dialect), "")


def letter(sight: Sight, delivery: Delivery) -> views.LetterRow:
    activity = delivery.activity
    return views.LetterRow(
        id=delivery.id,
        what=activity_words(activity.type),
        object=activity.object_uri or activity.uri,
        company=sight.company_of(delivery.host),
        host=delivery.host,
        error=delivery.error,
        at=_moment(sight, delivery.turned_at),
        url=url(sight, "federation-letters", delivery.host),
    )
