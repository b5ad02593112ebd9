"""The instance as clients read it before and after signing in."""

from typing import Literal

from server.api.contract.kinds import UNSET, Count, Day, Digits, Entity, Left, Time, Url
from server.api.contract.people import Account


class InstanceUrls(Entity):
    streaming: str
    status: Url | None
    about: Url | None
    privacy_policy: Url | None
    terms_of_service: Url | None


class Vapid(Entity):
    public_key: str


class AccountLimits(Entity):
    max_featured_tags: Count
    max_pinned_statuses: Count
    max_profile_fields: Count
    profile_field_name_limit: Count | Left = UNSET
    profile_field_value_limit: Count | Left = UNSET
    max_display_name_length: Count | Left = UNSET
    max_note_length: Count | Left = UNSET
    max_avatar_description_length: Count | Left = UNSET
    max_header_description_length: Count | Left = UNSET


class StatusLimits(Entity):
    max_characters: Count
    max_media_attachments: Count
    characters_reserved_per_url: Count


class MediaLimits(Entity):
    supported_mime_types: list[str]
    description_limit: Count
    image_size_limit: Count
    image_matrix_limit: Count
    video_size_limit: Count
    video_frame_rate_limit: Count
    video_matrix_limit: Count


class PollLimits(Entity):
    max_options: Count
    max_characters_per_option: Count
    min_expiration: Count
    max_expiration: Count


class TranslationSetting(Entity):
    enabled: bool


FeedAccess = Literal["public", "authenticated", "disabled"]


class Feeds(Entity):
    local: FeedAccess
    remote: FeedAccess


class TimelinesAccess(Entity):
    """Who may read which timelines."""

    live_feeds: Feeds
    hashtag_feeds: Feeds
    trending_link_feeds: Feeds


class Configuration(Entity):
    urls: InstanceUrls
    vapid: Vapid
    accounts: AccountLimits
    statuses: StatusLimits
    media_attachments: MediaLimits
    polls: PollLimits
    translation: TranslationSetting
    timelines_access: TimelinesAccess
    limited_federation: bool


class ConfigurationV1(Entity):
    accounts: AccountLimits
    statuses: StatusLimits
    media_attachments: MediaLimits
    polls: PollLimits
    translation: TranslationSetting | Left = UNSET


class ActiveUsers(Entity):
    active_month: Count


class Usage(Entity):
    users: ActiveUsers


class Thumbnail(Entity):
    url: Url
    blurhash: str | None
    versions: dict[str, Url]
    description: str | Left = UNSET


class Icon(Entity):
    src: Url
    size: str


class Registrations(Entity):
    enabled: bool
    approval_required: bool
    reason_required: bool | None
    message: str | None
    min_age: Count | None
    url: Url | None


class Contact(Entity):
    email: str
    account: Account | None


class RuleWords(Entity):
    text: str
    hint: str


class Rule(Entity):
    id: Digits
    text: str
    hint: str
    translations: dict[str, RuleWords]


class ApiVersions(Entity):
    mastodon: Count
    kontor: Count


class Instance(Entity):
    domain: str
    title: str
    version: str
    source_url: str
    description: str
    usage: Usage
    thumbnail: Thumbnail
    icon: list[Icon]
    languages: list[str]
    configuration: Configuration
    registrations: Registrations
    api_versions: ApiVersions
    contact: Contact
    rules: list[Rule]


class StreamingUrl(Entity):
    streaming_api: str


class Stats(Entity):
    user_count: Count
    status_count: Count
    domain_count: Count


class InstanceV1(Entity):
    """The older form."""

    uri: str
    title: str
    short_description: str
    description: str
    email: str
    version: str
    urls: StreamingUrl
    stats: Stats
    thumbnail: Url | None
    languages: list[str]
    registrations: bool
    approval_required: bool
    invites_enabled: bool
    configuration: ConfigurationV1
    contact_account: Account | None
    rules: list[Rule]
    max_toot_chars: Count


class ExtendedDescription(Entity):
    updated_at: Time | None
    content: str


class PrivacyPolicy(Entity):
    updated_at: Time | None
    content: str


class TermsOfService(Entity):
    effective_date: Day
    effective: bool
    content: str
    succeeded_by: Day | None


class DomainBlock(Entity):
    domain: str
    digest: str
    severity: Literal["silence", "suspend"]
    comment: str | None


class Embedded(Entity):
    """A post on somebody else's page (oEmbed 1.0)."""

    type: Literal["rich"]
    version: Literal["1.0"]
    title: str
    author_name: str
    author_url: Url
    provider_name: str
    provider_url: Url
    cache_age: Count
    html: str
    width: Count
    height: Count | None


class Activity(Entity):
    """A week of the house."""

    week: Digits
    statuses: Digits
    logins: Digits
    registrations: Digits
