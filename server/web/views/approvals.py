"""The gate: what waits, what would leave, to whom."""

from typing import Literal

from msgspec import Struct, field

from server.web.views.page import Form, Moment
from server.web.views.posts import Audience, Decision, DiffPart, PostView


class ApprovalItem(Struct, frozen=True, kw_only=True):
    """A line of the queue."""

    url: str
    title: str
    author: str
    group: str
    since: Moment
    companies: int
    public: bool = False
    current: bool = False


class Recipient(Struct, frozen=True, kw_only=True):
    """A company that would get it, at which server, through which agreement."""

    audience: Audience
    host: str
    rule: str = ""


class DeliveryLine(Struct, frozen=True, kw_only=True):
    """How far one activity got on its way to one company."""

    company: str
    host: str
    what: str
    state: Literal["queued", "delivered", "failed", "cancelled"]
    at: Moment | None = None
    fault: str = ""


class Departure(Struct, frozen=True, kw_only=True):
    """The post under decision.

    `approve_url` and `return_url` are None where the viewer may only look (their own post). Approval sends `revision`;
    return sends `revision` and `reason`.
    """

    source: PostView
    """As it stands in the house."""
    leaves: PostView | None
    """The same revision, made into what is sent and read back as a receiver reads it; None when nothing would leave."""
    revision: int
    diff: tuple[DiffPart, ...] = ()
    """Against the last approved revision; empty when there is none, or nothing in the words changed."""
    first: bool = True
    """Nothing of this post was approved before."""
    recipients: tuple[Recipient, ...] = ()
    since_then: tuple[str, ...] = ()
    """How the recipients changed since the post was handed in, one sentence each."""
    public: bool = False
    rules: tuple[str, ...] = ()
    """Why it waits, one sentence each."""
    raw_url: str = ""
    approve_url: str | None = None
    return_url: str | None = None
    why_not: str = ""
    next_url: str = ""
    form: Form = field(default_factory=Form)
    verdict: Literal["waiting", "approved", "returned", "superseded", "withdrawn"] = "waiting"
    decision: Decision | None = None
    deliveries: tuple[DeliveryLine, ...] = ()
    """What left because of the approval, by company."""


class ApprovalsView(Struct, frozen=True, kw_only=True):
    """`web/approvals.html`: the queue, and one item of it open."""

    items: tuple[ApprovalItem, ...]
    current: Departure | None = None
    keeps: bool = True
    """Whether the viewer keeps a gate at all; authors may look at what they handed in."""
    last: tuple[tuple[str, str, Moment], ...] = ()
    """Latest decisions: sentence, address of the post, when. Shown when nothing waits."""
