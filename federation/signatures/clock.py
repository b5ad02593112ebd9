"""HTTP dates and the window in which a signature is believed (SIG-12, R-03)."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from federation.signatures.refusals import TimeRefused

MAX_AGE = timedelta(hours=12)
MAX_FUTURE = timedelta(hours=1)
EXPIRY_GRACE = timedelta(hours=1)

_LAST_SECOND = 2**37  # the year 6325: sums with the window stay inside the calendar
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_IMF_FIXDATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) "
                          r"([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT")  # fmt: skip


def format_http_date(moment: datetime) -> str:
    """IMF-fixdate (RFC 9110 §5.6.7), independent of the locale."""
    at = moment.astimezone(UTC)
    return (
        f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04} "
        f"{at.hour:02}:{at.minute:02}:{at.second:02} GMT"
    )


def parse_http_date(text: str) -> datetime:
    """Raises: TimeRefused when the text is not an IMF-fixdate."""
    match = _IMF_FIXDATE.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        raise TimeRefused(date=text[:64])
    day, month, year, hour, minute, second = match.groups()
    if year > "6000":  # sums with the window stay inside the calendar
        raise TimeRefused(date=text[:64])
    try:
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        raise TimeRefused(date=text[:64]) from None


def parse_unix_time(seconds: int) -> datetime:
    """Raises: TimeRefused when the number is no moment a calendar knows."""
    if not 0 <= seconds <= _LAST_SECOND:
        raise TimeRefused(seconds=str(seconds)[:32])
    return datetime.fromtimestamp(seconds, UTC)


def good_until(
    moments: Iterable[datetime], expires: int | None, *, now: datetime, max_age: timedelta, max_future: timedelta
) -> datetime:
    """How long a signature made at `moments` may be believed; `expires` in Unix seconds has an hour of grace.

    Raises:
        TimeRefused: a moment is older than `max_age` or further ahead than `max_future`, or `expires` has passed.
    """
    ends = []
    for moment in moments:
        if now - moment > max_age:
            raise TimeRefused(signed_at=moment.isoformat(), reason="too_old")
        if moment - now > max_future:
            raise TimeRefused(signed_at=moment.isoformat(), reason="too_new")
        ends.append(moment + max_age)
    if expires is not None:
        expiry = parse_unix_time(expires)
        if now - expiry > EXPIRY_GRACE:
            raise TimeRefused(expires=expiry.isoformat(), reason="expired")
        ends.append(expiry + EXPIRY_GRACE)
    return min(ends)
