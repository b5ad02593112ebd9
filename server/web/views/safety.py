"""Reports: the form that makes one, and the pages of those who deal with them."""

from typing import Literal

from msgspec import Struct, field

from server.web.views.page import Choice, Form, Moment, Paging
from server.web.views.posts import PersonRef, PostView


class ReportFormView(Struct, frozen=True, kw_only=True):
    """`web/report_form.html`: fields `text`, `reason`, `post`, and `forward` where a company elsewhere is concerned."""

    action: str
    about: PersonRef
    reasons: tuple[Choice, ...]
    back_url: str
    form: Form = field(default_factory=Form)
    posts: tuple[PostView, ...] = ()
    company: str = ""
    """Whose server a forwarded report would go to; empty where nothing leaves."""


class UnheardRow(Struct, frozen=True, kw_only=True):
    """Somebody who is muted, perhaps for a while, or blocked. `end_url` takes `set=no`; `tells`: notifications come."""

    person: PersonRef
    end_url: str
    until: Moment | None = None
    tells: bool = False


class UnheardView(Struct, frozen=True, kw_only=True):
    """`web/unheard.html`. Servers go to `unheard-servers` as `host` with `set=yes|no`."""

    muted: tuple[UnheardRow, ...] = ()
    blocked: tuple[UnheardRow, ...] = ()
    hosts: tuple[str, ...] = ()
    form: Form = field(default_factory=Form)
    paging: Paging = field(default_factory=Paging)


class ReportRow(Struct, frozen=True, kw_only=True):
    """A report in the list. `by` is None where another server speaks for somebody it does not name."""

    url: str
    about: PersonRef
    at: Moment
    reason: str
    text: str
    by: PersonRef | None = None
    company: str = ""
    """Who sent it, where it came from elsewhere."""
    posts: int = 0
    group: str = ""


class ReportsView(Struct, frozen=True, kw_only=True):
    """`web/reports.html`."""

    reports: tuple[ReportRow, ...]
    is_open: bool = True
    paging: Paging = field(default_factory=Paging)


class ReportView(Struct, frozen=True, kw_only=True):
    """`web/report.html`: one report. `state_url` takes `set=yes|no`."""

    report: ReportRow
    state_url: str
    posts: tuple[PostView, ...] = ()
    unseen: int = 0
    """Reported posts that the viewer may not read, or that are gone."""
    is_forwarded: bool = False
    done: Moment | None = None
    done_by: str = ""
    state: Literal["open", "done"] = "open"
