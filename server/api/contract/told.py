"""What people are told: notifications, reports, announcements."""

from typing import Literal

from server.api.contract.kinds import UNSET, Count, Digits, Entity, Id, Left, Time, Url
from server.api.contract.people import Account, CustomEmoji
from server.api.contract.posts import Status, StatusMention, StatusTag

NotificationType = Literal[
    "mention",
    "status",
    "reblog",
    "follow",
    "follow_request",
    "favourite",
    "poll",
    "update",
    "quote",
    "quoted_update",
    "admin.sign_up",
    "admin.report",
    "severed_relationships",
    "moderation_warning",
]


class Report(Entity):
    id: Id
    action_taken: bool
    action_taken_at: Time | None
    category: Literal["spam", "legal", "violation", "other"]
    comment: str
    forwarded: bool
    created_at: Time
    status_ids: list[Id] | None
    rule_ids: list[Id] | None
    target_account: Account


class SeveredRelationships(Entity):
    id: Id
    type: Literal["domain_block", "user_domain_block", "account_suspension"]
    purged: bool
    target_name: str
    followers_count: Count
    following_count: Count
    created_at: Time


class Notification(Entity):
    """`status`, `report` and `event` are there for the types that have one."""

    id: Id
    type: NotificationType
    created_at: Time
    group_key: str
    account: Account
    status: Status | Left | None = UNSET
    report: Report | Left = UNSET
    event: SeveredRelationships | Left = UNSET
    filtered: bool | Left = UNSET


class NotificationGroup(Entity, kw_only=True):
    group_key: str
    notifications_count: Count
    type: NotificationType
    most_recent_notification_id: int
    page_min_id: Id | Left = UNSET
    page_max_id: Id | Left = UNSET
    latest_page_notification_at: Time | Left = UNSET
    sample_account_ids: list[Id]
    status_id: Id | Left | None = UNSET
    report: Report | Left = UNSET
    event: SeveredRelationships | Left = UNSET


class PartialAccount(Entity):
    id: Id
    acct: str
    url: Url
    avatar: Url
    avatar_static: Url
    locked: bool
    bot: bool


class GroupedNotifications(Entity):
    accounts: list[Account]
    statuses: list[Status]
    notification_groups: list[NotificationGroup]
    partial_accounts: list[PartialAccount] | Left = UNSET


class NotificationRequest(Entity):
    id: Id
    created_at: Time
    updated_at: Time
    notifications_count: Digits
    account: Account
    last_status: Status | Left | None = UNSET


class AnnouncementStatus(Entity):
    id: Id
    url: Url


class Reaction(Entity):
    name: str
    count: Count
    me: bool | Left = UNSET
    url: Url | Left = UNSET
    static_url: Url | Left = UNSET


class Announcement(Entity, kw_only=True):
    id: Id
    content: str
    starts_at: Time | None
    ends_at: Time | None
    all_day: bool
    published_at: Time
    updated_at: Time
    published: bool | Left = UNSET
    read: bool | Left = UNSET
    mentions: list[StatusMention]
    statuses: list[AnnouncementStatus]
    tags: list[StatusTag]
    emojis: list[CustomEmoji]
    reactions: list[Reaction]


class AnnualReports(Entity):
    """Nobody is given the statistics of a year here: all three are empty."""

    annual_reports: list[Status]
    accounts: list[Account]
    statuses: list[Status]
