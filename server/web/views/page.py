"""What every page has: the shell around it, moments, forms, notices, paging; and the pages that have nothing else."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from babel.dates import format_date, format_time, format_timedelta
from markupsafe import Markup
from msgspec import Struct, field

ReachKind = Literal["internal", "partners", "public"]

_RELATIVE_UNTIL = timedelta(hours=24)
_MOMENT = timedelta(seconds=1)


class Moment(Struct, frozen=True):
    """A point in time, ready to print: `iso` for machines, `text` in a line, `full` where it is asked for exactly."""

    iso: str
    text: str
    full: str

    @classmethod
    def of(cls, at: datetime, *, now: datetime, locale: str, zone: tzinfo = UTC) -> "Moment":
        """Word `at` as seen from `now`: a distance within a day, a date with time before and after that."""
        language = locale.replace("-", "_")
        there = at.astimezone(zone)
        day = format_date(there, format="medium", locale=language)
        full = f"{day}, {format_time(there, format='short', tzinfo=zone, locale=language)}"
        if abs(now - at) < _RELATIVE_UNTIL:
            distance = at - now
            if abs(distance) < _MOMENT:  # what just happened is not "in 0 seconds"
                distance = -_MOMENT
            text = format_timedelta(distance, add_direction=True, format="short", locale=language)
        else:
            text = full
        return cls(iso=at.astimezone(UTC).isoformat(timespec="seconds"), text=text, full=full)


class ShellGroup(Struct, frozen=True):
    """One of the viewer's own groups in the navigation."""

    name: str
    url: str
    reach: ReachKind
    unread: bool = False


class Viewer(Struct, frozen=True, kw_only=True):
    """The person in front of the screen, as the header shows them."""

    name: str
    handle: str
    url: str
    avatar_url: str | None = None
    role: Literal["staff", "gatekeeper", "admin"] = "staff"


class Notice(Struct, frozen=True):
    """One sentence about what just happened, already translated; shown once on the next page."""

    text: str
    kind: Literal["done", "note", "problem"] = "done"


class Shell(Struct, frozen=True, kw_only=True):
    """The frame around every page; without `viewer` it is the plain frame that visitors and errors get."""

    company: str
    locale: str = "en"
    theme: Literal["system", "light", "dark"] = "system"
    csrf_token: str = ""
    path: str = "/"
    viewer: Viewer | None = None
    unread: int = 0
    waiting_approvals: int | None = None
    """None: this person keeps no gate, and the entry is not drawn. Zero is drawn: nothing waiting is an answer."""
    groups: tuple[ShellGroup, ...] = ()
    notices: tuple[Notice, ...] = ()
    software: str = "Kontor"
    version: str = ""
    shortcuts: bool = True
    """Single-key shortcuts; a person may switch them off (WCAG 2.1.4)."""


class Choice(Struct, frozen=True):
    """One option of a list."""

    value: str
    label: str
    hint: str = ""


class Form(Struct, frozen=True):
    """What somebody typed and what is wrong with it; both come back to the page, so no text is lost."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str, default: str = "") -> str:
        """The text typed into `name`, or `default` where the form is still untouched."""
        return self.values.get(name, default)

    def error(self, name: str) -> str | None:
        """The sentence about `name`, or None."""
        return self.errors.get(name)


class Paging(Struct, frozen=True):
    """Links to newer and older entries; None at the ends."""

    newer_url: str | None = None
    older_url: str | None = None


class LandingView(Struct, frozen=True, kw_only=True):
    """`web/landing.html`: the company's door for visitors."""

    about: Markup = field(default_factory=Markup)
    public_groups: tuple[tuple[str, str, str], ...] = ()
    """Name, purpose, address. Only what is public anyway."""
    contact: str | None = None


class ErrorView(Struct, frozen=True, kw_only=True):
    """`web/errors/*.html`: 404, 403, 429, 500, offline, and `refused` for every other rule that said no.

    404 takes no fact at all: it reads the same for whatever does not exist for this viewer.
    """

    status: int
    title: str = ""
    sentence: str = ""
    ask: tuple[str, str] | None = None
    """Name and address of who can open the door; for colleagues only (403)."""
    retry_after: int | None = None
    """Seconds (429)."""
    reference: str | None = None
    """What support finds this failure by in the log (500)."""
    back_url: str | None = None
