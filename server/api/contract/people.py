"""People and groups as clients read them, and how they stand to one another."""

from typing import Literal

from server.api.contract.kinds import UNSET, Count, Day, Digits, Entity, Id, Left, Time, Url

Visibility = Literal["public", "unlisted", "private", "direct"]
QuotePolicy = Literal["public", "followers", "nobody"]
Severity = Literal["accept", "filter", "drop"]


class CustomEmoji(Entity):
    shortcode: str
    url: Url
    static_url: Url
    visible_in_picker: bool
    category: str | Left | None = UNSET


class AccountField(Entity):
    name: str
    value: str
    verified_at: Time | None


class AccountRole(Entity):
    id: str
    name: str
    color: str


class Role(Entity):
    """What a person is allowed as one of those in charge."""

    id: str
    name: str
    color: str
    permissions: Digits
    highlighted: bool
    collection_limit: Count | Left = UNSET


class KontorGroup(Entity):
    """What Mastodon has no word for: how far a group reaches, and who may join it."""

    reach: Literal["internal", "partners", "public"]
    access: Literal["open", "closed", "hidden"]


class Account(Entity):
    """Somebody, or a group (`group: true`)."""

    id: Id
    username: str
    acct: str
    display_name: str
    locked: bool
    bot: bool
    discoverable: bool | None
    indexable: bool
    group: bool
    created_at: Time
    note: str
    url: Url
    uri: Url
    avatar: Url
    avatar_static: Url
    avatar_description: str
    header: Url
    header_static: Url
    header_description: str
    followers_count: Count
    following_count: Count
    statuses_count: Count
    last_status_at: Day | None
    hide_collections: bool | None
    noindex: bool | None
    emojis: list[CustomEmoji]
    roles: list[AccountRole]
    fields: list[AccountField]
    kontor: KontorGroup | None
    moved: "Account | Left | None" = UNSET
    memorial: bool | Left = UNSET
    suspended: bool | Left = UNSET
    limited: bool | Left = UNSET


class AccountSource(Entity):
    """A profile as it was typed, and how posts of this person begin."""

    privacy: Visibility
    sensitive: bool
    language: str | None
    note: str
    fields: list[AccountField]
    follow_requests_count: Count
    hide_collections: bool | None
    discoverable: bool | None
    indexable: bool
    attribution_domains: list[str]
    quote_policy: QuotePolicy


class CredentialAccount(Account, kw_only=True):
    """Oneself."""

    source: AccountSource
    role: Role


class UserInfo(Entity):
    """Oneself, for applications that let people in by us."""

    iss: Url
    sub: Url
    name: str
    preferred_username: str
    profile: Url
    picture: Url


class MutedAccount(Account, kw_only=True):
    mute_expires_at: Time | None


class Relationship(Entity):
    id: Id
    following: bool
    showing_reblogs: bool
    notifying: bool
    languages: list[str] | None
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muting_expires_at: Time | None
    requested: bool
    requested_by: bool
    domain_blocking: bool
    endorsed: bool
    note: str


class DomainBlockPreview(Entity):
    """What one would lose by wanting nothing from a server. Mastodon has it since 4.3, its documentation has not."""

    following_count: Count
    followers_count: Count


class FamiliarFollowers(Entity):
    id: Id
    accounts: list[Account]


class Suggestion(Entity):
    source: Literal["staff", "past_interactions", "global"]
    sources: list[
        Literal["featured", "most_followed", "most_interactions", "similar_to_recently_followed", "friends_of_friends"]
    ]
    account: Account


class KontorList(Entity):
    """The group behind a list."""

    group: str
    reach: Literal["internal", "partners", "public"]


class UserList(Entity):
    id: Id
    title: str
    replies_policy: Literal["followed", "list", "none"]
    exclusive: bool
    kontor: KontorList | Left | None = UNSET


class TagHistory(Entity):
    day: Digits
    accounts: Digits
    uses: Digits


class Tag(Entity):
    id: str
    name: str
    url: Url
    history: list[TagHistory]
    following: bool
    featuring: bool


class FeaturedTag(Entity):
    id: Id
    name: str
    url: Url
    statuses_count: Digits
    last_status_at: Day | None


class Profile(Entity):
    """Oneself, as one typed it."""

    id: Id
    display_name: str
    note: str
    fields: list[AccountField]
    avatar: Url
    avatar_static: Url
    avatar_description: str
    header: Url
    header_static: Url
    header_description: str
    locked: bool
    bot: bool
    hide_collections: bool
    discoverable: bool
    indexable: bool
    show_media: bool
    show_media_replies: bool
    show_featured: bool
    attribution_domains: list[str]
    featured_tags: list[FeaturedTag]


class NotificationSummary(Entity):
    pending_requests_count: Count
    pending_notifications_count: Count


class NotificationPolicy(Entity):
    for_not_following: Severity
    for_not_followers: Severity
    for_new_accounts: Severity
    for_private_mentions: Severity
    for_limited_accounts: Severity
    summary: NotificationSummary


class NotificationPolicyV1(Entity):
    filter_not_following: bool
    filter_not_followers: bool
    filter_new_accounts: bool
    filter_private_mentions: bool
    summary: NotificationSummary


class Merged(Entity):
    merged: bool


class UnreadCount(Entity):
    count: Count


class PushAlerts(Entity, rename={"admin_sign_up": "admin.sign_up", "admin_report": "admin.report"}):
    mention: bool
    quote: bool
    status: bool
    reblog: bool
    follow: bool
    follow_request: bool
    favourite: bool
    poll: bool
    update: bool
    quoted_update: bool
    admin_sign_up: bool
    admin_report: bool


class WebPushSubscription(Entity):
    """Its id is a small number, as Mastodon has it; several apps read nothing else."""

    id: int
    endpoint: Url
    standard: bool
    alerts: PushAlerts
    server_key: str
    policy: Literal["all", "followed", "follower", "none"]


class Application(Entity):
    """An application, without its secret."""

    id: Id
    name: str
    website: str | None
    scopes: list[str]
    redirect_uris: list[str]
    redirect_uri: str
    vapid_key: str


class CredentialApplication(Application):
    client_id: str
    client_secret: str
    client_secret_expires_at: Literal[0]


class Token(Entity):
    access_token: str
    token_type: Literal["Bearer"]
    scope: str
    created_at: int


class Preferences(
    Entity,
    rename={
        "default_visibility": "posting:default:visibility",
        "default_sensitive": "posting:default:sensitive",
        "default_language": "posting:default:language",
        "default_quote_policy": "posting:default:quote_policy",
        "expand_media": "reading:expand:media",
        "expand_spoilers": "reading:expand:spoilers",
        "autoplay_gifs": "reading:autoplay:gifs",
    },
):
    default_visibility: Visibility
    default_sensitive: bool
    default_language: str | None
    default_quote_policy: QuotePolicy
    expand_media: Literal["default", "show_all", "hide_all"]
    expand_spoilers: bool
    autoplay_gifs: bool


class Marker(Entity):
    last_read_id: Id
    version: Count
    updated_at: Time


class Markers(Entity):
    """Only the timelines that were asked for and have one, as the notifications always do."""

    home: Marker | Left = UNSET
    notifications: Marker | Left = UNSET


class Problem(Entity):
    description: str
    error: str


class Error(Entity):
    """Why not, in a sentence; `code` stays the same in every language."""

    error: str
    error_description: str | Left = UNSET
    code: str | Left = UNSET
    details: dict[str, list[Problem]] | Left = UNSET
    reference: str | Left = UNSET
