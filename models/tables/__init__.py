"""The mapped classes, one noun a file; nothing else lives here."""

from models.tables.accounts import Account, Role, SignIn, Theme
from models.tables.actors import EVERYBODY, Actor, ActorType, Disclosure, Key, KeyKind
from models.tables.announcements import Announcement, AnnouncementDismissal, AnnouncementReaction
from models.tables.approvals import Approval, Verdict
from models.tables.consents import Consent, ConsentKind, ConsentState
from models.tables.copies import Copy
from models.tables.deliveries import (
    Activity,
    Delivery,
    DeliveryState,
    Ended,
    Received,
    ReceivedState,
    Tombstone,
)
from models.tables.emoji import Emoji
from models.tables.filters import Filter, FilterAction, FilterKeyword, FilterPost
from models.tables.groups import Access, Group, MemberRole, Membership, MemberState, Reach
from models.tables.halts import Halt, HaltReason
from models.tables.hearing import Dismissal, Endorsement, HostBlock, Mute, Note
from models.tables.house_texts import HouseText, HouseTextName
from models.tables.introductions import Card, Introduction
from models.tables.journal import Cursor, JournalEntry, Parked
from models.tables.ledger import AuditLine, LedgerLine, Outcome
from models.tables.link_cards import LinkCard
from models.tables.media import Media, MediaKind, MediaState
from models.tables.moderation import Ban, Pin
from models.tables.notifications import (
    Attitude,
    Notification,
    NotificationPermission,
    NotificationPolicy,
    NotificationType,
    Severance,
)
from models.tables.partners import Agreement, Dialect, Level, Partner, PartnerState, Peer
from models.tables.polls import Poll, PollOption, Vote
from models.tables.posts import Attachment, Departure, Mention, Post, PostKind, PostTag, Recipient, Revision, Visibility
from models.tables.pushes import Push, PushSubscription, VapidKey
from models.tables.relations import Bookmark, Conversation, EmojiReaction, Featured, Follow, Like, ThreadMute
from models.tables.safety import Block, Report, ReportReason
from models.tables.scheduled import ScheduledFile, ScheduledPost
from models.tables.sorting import FeaturedTag, FollowedTag, ListMember, OwnList, RepliesPolicy
from models.tables.tokens import AccessToken, Application, AuthorizationCode, IdempotencyKey, Marker
from models.tables.upkeep import Backfill, Comparison, ThreadFill

__all__ = [
    "EVERYBODY",
    "Access",
    "AccessToken",
    "Account",
    "Activity",
    "Actor",
    "ActorType",
    "Agreement",
    "Announcement",
    "AnnouncementDismissal",
    "AnnouncementReaction",
    "Application",
    "Approval",
    "Attachment",
    "Attitude",
    "AuditLine",
    "AuthorizationCode",
    "Backfill",
    "Ban",
    "Block",
    "Bookmark",
    "Card",
    "Comparison",
    "Consent",
    "ConsentKind",
    "ConsentState",
    "Conversation",
    "Copy",
    "Cursor",
    "Delivery",
    "DeliveryState",
    "Departure",
    "Dialect",
    "Disclosure",
    "Dismissal",
    "Emoji",
    "EmojiReaction",
    "Ended",
    "Endorsement",
    "Featured",
    "FeaturedTag",
    "Filter",
    "FilterAction",
    "FilterKeyword",
    "FilterPost",
    "Follow",
    "FollowedTag",
    "Group",
    "Halt",
    "HaltReason",
    "HostBlock",
    "HouseText",
    "HouseTextName",
    "IdempotencyKey",
    "Introduction",
    "JournalEntry",
    "Key",
    "KeyKind",
    "LedgerLine",
    "Level",
    "Like",
    "LinkCard",
    "ListMember",
    "Marker",
    "Media",
    "MediaKind",
    "MediaState",
    "MemberRole",
    "MemberState",
    "Membership",
    "Mention",
    "Mute",
    "Note",
    "Notification",
    "NotificationPermission",
    "NotificationPolicy",
    "NotificationType",
    "Outcome",
    "OwnList",
    "Parked",
    "Partner",
    "PartnerState",
    "Peer",
    "Pin",
    "Poll",
    "PollOption",
    "Post",
    "PostKind",
    "PostTag",
    "Push",
    "PushSubscription",
    "Reach",
    "Received",
    "ReceivedState",
    "Recipient",
    "RepliesPolicy",
    "Report",
    "ReportReason",
    "Revision",
    "Role",
    "ScheduledFile",
    "ScheduledPost",
    "Severance",
    "SignIn",
    "Theme",
    "ThreadFill",
    "ThreadMute",
    "Tombstone",
    "VapidKey",
    "Verdict",
    "Visibility",
    "Vote",
]
