"""The gate: what waits, what would leave, to whom."""

from dataclasses import dataclass, field
from typing import Literal

from server.web.views.page import Form, Moment
from server.web.views.posts import Audience, PostView


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalItem:
    """A line of the queue."""

    url: str
    title: str
    author: str
    group: str
    since: Moment
    companies: int
    public: bool = False
    current: bool = False


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A run of words: kept, put in, taken out, or many kept words folded away (`text` then says how many)."""

    kind: Literal["same", "added", "removed", "folded"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A company that would get it, at which server, through which agreement."""

    audience: Audience
    host: str
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """The post under decision.

    `approve_url` and `return_url` are None where the viewer may only look (their own post). Approval sends `revision`;
    return sends `revision` and `reason`.
    """

    source: PostView
    """As it stands in the house."""
    leaves: PostView
    """The same revision, rendered as a receiver gets it: no internal group, names as they are shown outside."""
    revision: int
    diff: tuple[DiffPart, ...] = ()
    """Against the last approved revision; empty when there is none."""
    recipients: tuple[Recipient, ...] = ()
    public: bool = False
    rules: tuple[str, ...] = ()
    """Why it waits, one sentence each."""
    raw_url: str = ""
    approve_url: str | None = None
    return_url: str | None = None
    why_not: str = ""
    next_url: str = ""
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsView:
    """`web/approvals.html`: the queue, and one item of it open."""

    items: tuple[ApprovalItem, ...]
    current: Departure | None = None
    last: tuple[tuple[str, str, Moment], ...] = ()
    """Latest decisions: sentence, address of the post, when. Shown when nothing waits."""
