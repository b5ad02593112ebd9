"""Partner companies, deliveries to them, and the ledger of what left."""

from typing import Literal

from msgspec import Struct, field

from server.web.views.page import Choice, Form, Moment, Paging

Level = Literal["read", "comment", "post"]
PartnerState = Literal["admitted", "suspended", "asked", "unknown"]


class AgreementRow(Struct, frozen=True, kw_only=True):
    """A group opened to a partner, and how far.

    Changing sends `level` (`read|comment|post|none`) and `copies` (`on` or absent). `copies`: the group speaks itself
    to their server; `needs_copies`: it looks as if they saw nothing otherwise.
    """

    group: str
    url: str
    level: Level
    copies: bool = False
    needs_copies: bool = False
    change_url: str | None = None
    gated: bool = False


class Delivery(Struct, frozen=True, kw_only=True):
    """How sending to a host goes."""

    queued: int = 0
    delivered: int = 0
    failed: int = 0
    last_success: Moment | None = None
    last_error: str = ""
    last_error_at: Moment | None = None
    next_attempt: Moment | None = None


class PartnerRow(Struct, frozen=True, kw_only=True):
    """A partner in the list."""

    company: str
    host: str
    url: str
    state: PartnerState
    software: str = ""
    people: int | None = None
    groups: tuple[AgreementRow, ...] = ()
    delivery: Delivery = field(default_factory=Delivery)


class PartnersView(Struct, frozen=True, kw_only=True):
    """`web/partners.html`. Admission sends `host`, `company`, `group` (many) and `level` to `admit_url`."""

    partners: tuple[PartnerRow, ...]
    mode: Literal["partners", "open"] = "partners"
    admit_url: str | None = None
    form: Form = field(default_factory=Form)
    groups: tuple[Choice, ...] = ()
    chosen: tuple[str, ...] = ()
    """Groups that were ticked in a form that was refused."""


class PartnerView(Struct, frozen=True, kw_only=True):
    """`web/partner.html`: one partner.

    Suspending sends `company` (typed by hand) and `reason`; `open_group_url` takes `group` and `level`.
    """

    partner: PartnerRow
    since: Moment | None = None
    suspend_url: str | None = None
    readmit_url: str | None = None
    retry_url: str | None = None
    check_url: str | None = None
    describe_url: str | None = None
    described: Form = field(default_factory=Form)
    """`contact` and `note` as they stand; sent to `describe_url` with `sends_files`, which is on or absent."""
    sends_files: bool = True
    open_group_url: str | None = None
    groups_to_open: tuple[Choice, ...] = ()
    people_cut_off: int = 0
    """Colleagues and partners who lose a conversation when it is suspended."""
    form: Form = field(default_factory=Form)
    recent: tuple["LedgerRow", ...] = ()


class CheckRow(Struct, frozen=True, kw_only=True):
    """What one step of a check showed, and what to do about it."""

    grade: Literal["good", "doubtful", "bad"]
    sentence: str
    fix: str = ""


class PartnerCheckView(Struct, frozen=True, kw_only=True):
    """`web/partner_check.html`: how we and a partner's server get on."""

    company: str
    host: str
    remarks: tuple[CheckRow, ...]
    well: bool
    back_url: str
    again_url: str


class LedgerRow(Struct, frozen=True, kw_only=True):
    """A line of the ledger."""

    at: Moment
    what: str
    """A sentence about the thing, without its text."""
    url: str | None
    who: str
    to: tuple[str, ...]
    rule: str
    verdict: Literal["left", "held", "stopped", "returned", "recalled", "received", "refused"]
    approved_by: str = ""
    delivered: int = 0
    deliveries: int = 0
    delivered_at: Moment | None = None
    number: int = 0
    hash: str = ""


class LedgerView(Struct, frozen=True, kw_only=True):
    """`web/ledger.html`. The filter sends `verdict`, `company`, `group`, `q`, `since`, `until` by GET."""

    rows: tuple[LedgerRow, ...]
    filter: Form = field(default_factory=Form)
    companies: tuple[Choice, ...] = ()
    groups: tuple[Choice, ...] = ()
    paging: Paging = field(default_factory=Paging)
    intact: bool | None = None
    """The chain was checked: True whole, False broken, None not checked."""
    checked_at: Moment | None = None
