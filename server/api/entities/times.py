"""Points in time as clients read them: UTC, three decimals, a Z; some refuse anything else."""

from datetime import UTC, datetime


def instant(moment: datetime) -> str:
    """`2026-01-31T12:34:56.789Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def maybe(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def day(moment: datetime | None) -> str | None:
    """`2026-01-31`, where a client expects a day."""
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d}"
