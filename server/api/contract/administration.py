"""What clients of those in charge read."""

from typing import Literal

from server.api.contract.company import Rule
from server.api.contract.kinds import UNSET, Digits, Entity, Id, Left, Time
from server.api.contract.people import Account, Role, Tag, TagHistory
from server.api.contract.posts import PreviewCard, Status


class AdminIp(Entity):
    ip: str
    used_at: Time


class AdminAccount(Entity):
    """Somebody as those in charge see them; what concerns the account of somebody elsewhere is null."""

    id: Id
    username: str
    domain: str | None
    created_at: Time
    email: str | None
    ip: str | None
    role: Role | None
    confirmed: bool | None
    suspended: bool
    silenced: bool
    sensitized: bool
    disabled: bool | None
    approved: bool | None
    locale: str | None
    invite_request: str | None
    ips: list[AdminIp]
    account: Account
    created_by_application_id: Id | Left | None = UNSET
    invited_by_account_id: Id | Left | None = UNSET


class AdminReport(Entity):
    id: Id
    action_taken: bool
    action_taken_at: Time | None
    category: Literal["spam", "legal", "violation", "other"]
    comment: str
    forwarded: bool
    created_at: Time
    updated_at: Time
    account: AdminAccount | None  # of a server that names nobody
    target_account: AdminAccount
    assigned_account: AdminAccount | None
    action_taken_by_account: AdminAccount | None
    statuses: list[Status]
    rules: list[Rule]


class AdminDomainAllow(Entity):
    id: Id
    domain: str
    created_at: Time


class AdminDomainBlock(Entity):
    id: Id
    domain: str
    digest: str
    created_at: Time
    severity: Literal["silence", "suspend", "noop"]
    reject_media: bool
    reject_reports: bool
    private_comment: str | None
    public_comment: str | None
    obfuscate: bool


class AdminEmailDomainBlock(Entity):
    id: Id
    domain: str
    created_at: Time
    history: list[TagHistory]
    allow_with_approval: bool | Left = UNSET


class AdminCanonicalEmailBlock(Entity):
    id: Id
    canonical_email_hash: str


class AdminIpBlock(Entity):
    id: Id
    ip: str
    severity: Literal["sign_up_requires_approval", "sign_up_block", "no_access"]
    comment: str
    created_at: Time
    expires_at: Time | None


class AdminDatum(Entity):
    date: Time
    value: Digits


class AdminMeasure(Entity, kw_only=True):
    key: str
    unit: str | None
    total: Digits
    human_value: str | Left = UNSET
    previous_total: Digits | Left = UNSET
    data: list[AdminDatum]


class AdminDimensionDatum(Entity):
    key: str
    human_key: str
    value: str
    unit: str | Left = UNSET
    human_value: str | Left = UNSET


class AdminDimension(Entity):
    key: str
    data: list[AdminDimensionDatum]


class AdminCohortDatum(Entity):
    date: Time
    rate: float
    value: Digits


class AdminCohort(Entity):
    period: Time
    frequency: Literal["day", "month"]
    data: list[AdminCohortDatum]


class AdminTag(Tag):
    trendable: bool
    usable: bool
    requires_review: bool
    listable: bool | Left = UNSET


class AdminTrendsLink(PreviewCard, kw_only=True):
    id: Id | Left = UNSET
    history: list[TagHistory]
    requires_review: bool | Left = UNSET


class AdminTrendsStatus(Status):
    requires_review: bool | Left = UNSET
