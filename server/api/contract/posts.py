"""Posts as clients read them, and what hangs on them."""

from typing import Literal

from server.api.contract.kinds import UNSET, Count, Entity, Id, Left, Time, Url
from server.api.contract.people import Account, CustomEmoji, Tag, TagHistory, Visibility

FilterContext = Literal["home", "notifications", "public", "thread", "account"]


class Size(Entity):
    width: Count
    height: Count
    size: str | Left = UNSET
    aspect: float | Left = UNSET
    frame_rate: str | Left = UNSET
    duration: float | Left = UNSET
    bitrate: Count | Left = UNSET


class Sound(Entity):
    """Where the picture of a file would be told: how long it sounds."""

    width: Count | Left = UNSET
    height: Count | Left = UNSET
    size: str | Left = UNSET
    aspect: float | Left = UNSET
    frame_rate: str | Left = UNSET
    duration: float | Left = UNSET
    bitrate: Count | Left = UNSET


class Focus(Entity):
    x: float
    y: float


class MediaMeta(Entity):
    original: Sound | Left = UNSET
    small: Size | Left = UNSET
    focus: Focus | Left = UNSET
    length: str | Left = UNSET
    duration: float | Left = UNSET
    fps: float | Left = UNSET
    size: str | Left = UNSET
    width: Count | Left = UNSET
    height: Count | Left = UNSET
    aspect: float | Left = UNSET
    audio_encode: str | Left = UNSET
    audio_bitrate: str | Left = UNSET
    audio_channels: str | Left = UNSET


class MediaAttachment(Entity):
    """A file; `url` is null while it is being worked on."""

    id: Id
    type: Literal["unknown", "image", "gifv", "video", "audio"]
    url: Url | None
    preview_url: Url | None
    remote_url: Url | None
    preview_remote_url: Url | None
    text_url: None
    meta: MediaMeta | None
    description: str | None
    blurhash: str | None


class PollOption(Entity):
    title: str
    votes_count: Count | None


class Poll(Entity):
    """`voted` and `own_votes` are for people who are signed in."""

    id: Id
    expires_at: Time | None
    expired: bool
    multiple: bool
    votes_count: Count
    voters_count: Count | None
    options: list[PollOption]
    emojis: list[CustomEmoji]
    voted: bool | Left = UNSET
    own_votes: list[Count] | Left = UNSET


class CardAuthor(Entity):
    name: str
    url: str
    account: Account | None


class PreviewCard(Entity):
    url: Url
    title: str
    description: str
    language: str | None
    type: Literal["link", "photo", "video", "rich"]
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    html: str
    width: Count
    height: Count
    image: Url | None
    image_description: str
    embed_url: str
    blurhash: str | None
    published_at: Time | None
    authors: list[CardAuthor]


class TrendsLink(PreviewCard):
    history: list[TagHistory]


class OlderCard(Entity):
    """A preview card by itself; empty where a post links to nothing."""

    url: Url | Left = UNSET
    title: str | Left = UNSET
    description: str | Left = UNSET
    language: str | Left | None = UNSET
    type: str | Left = UNSET
    author_name: str | Left = UNSET
    author_url: str | Left = UNSET
    provider_name: str | Left = UNSET
    provider_url: str | Left = UNSET
    html: str | Left = UNSET
    width: Count | Left = UNSET
    height: Count | Left = UNSET
    image: Url | Left | None = UNSET
    image_description: str | Left = UNSET
    embed_url: str | Left = UNSET
    blurhash: str | Left | None = UNSET
    published_at: Time | Left | None = UNSET
    authors: list[CardAuthor] | Left = UNSET


class StatusMention(Entity):
    id: Id
    username: str
    url: Url
    acct: str


class StatusTag(Entity):
    name: str
    url: Url


class StatusApplication(Entity):
    name: str
    website: str | None


class FilterKeyword(Entity):
    id: Id
    keyword: str
    whole_word: bool


class FilterStatus(Entity):
    id: Id
    status_id: Id


class MatchedFilter(Entity):
    """A filter beside what it matched: its rules are left out."""

    id: Id
    title: str
    context: list[FilterContext]
    expires_at: Time | None
    filter_action: Literal["warn", "hide", "blur"]


class Filter(MatchedFilter):
    keywords: list[FilterKeyword]
    statuses: list[FilterStatus]


class FilterV1(Entity):
    id: Id
    phrase: str
    context: list[FilterContext]
    whole_word: bool
    expires_at: Time | None
    irreversible: bool


class FilterResult(Entity):
    filter: MatchedFilter
    keyword_matches: list[str] | None
    status_matches: list[Id] | None


class Quote(Entity):
    """A post that is quoted: whole, or by its id where the quoting post is quoted itself."""

    state: Literal[
        "pending",
        "accepted",
        "rejected",
        "revoked",
        "deleted",
        "unauthorized",
        "blocked_account",
        "blocked_domain",
        "muted_account",
    ]
    quoted_status: "Status | Left | None" = UNSET
    quoted_status_id: Id | Left | None = UNSET


QuotedBy = Literal["public", "followers", "following", "unsupported_policy"]


class QuoteApproval(Entity):
    automatic: list[QuotedBy]
    manual: list[QuotedBy]
    current_user: Literal["automatic", "manual", "denied", "unknown"]


class KontorStatus(Entity):
    """What Mastodon has no word for: how far a post may go, in which group it is, and how far it got."""

    reach: Literal["internal", "partners", "public"]
    group: str | None
    group_id: Id | None
    state: Literal["internal", "held", "released", "outdated", "received"]


class Status(Entity):
    """A post. `text` is there when it was deleted; `pinned` for its author."""

    id: Id
    uri: Url
    url: Url | None
    created_at: Time
    edited_at: Time | None
    in_reply_to_id: Id | None
    in_reply_to_account_id: Id | None
    account: Account
    content: str
    visibility: Visibility
    local_only: bool
    sensitive: bool
    spoiler_text: str
    language: str | None
    media_attachments: list[MediaAttachment]
    mentions: list[StatusMention]
    tags: list[StatusTag]
    emojis: list[CustomEmoji]
    replies_count: Count
    reblogs_count: Count
    favourites_count: Count
    quotes_count: Count
    favourited: bool
    reblogged: bool
    bookmarked: bool
    muted: bool
    filtered: list[FilterResult]
    application: StatusApplication | None
    reblog: "Status | None"
    poll: Poll | None
    card: PreviewCard | None
    quote: Quote | None
    quote_approval: QuoteApproval
    kontor: KontorStatus | None
    pinned: bool | Left = UNSET
    text: str | Left = UNSET


class Context(Entity):
    ancestors: list[Status]
    descendants: list[Status]


class StatusSource(Entity):
    id: Id
    text: str
    spoiler_text: str


class AskedOption(Entity):
    title: str


class AskedPoll(Entity):
    options: list[AskedOption]


class StatusEdit(Entity):
    """One of the texts a post had."""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: Time
    account: Account
    media_attachments: list[MediaAttachment]
    emojis: list[CustomEmoji]
    poll: AskedPoll | Left | None = UNSET
    quote: Quote | Left | None = UNSET


class ScheduledPoll(Entity):
    options: list[str]
    expires_in: Count | None
    multiple: bool | Left | None = UNSET
    hide_totals: bool | Left | None = UNSET


class ScheduledParams(Entity):
    """A post as it was sent."""

    text: str
    poll: ScheduledPoll | None
    media_ids: list[Id] | None
    sensitive: bool | None
    spoiler_text: str | None
    visibility: Visibility | None
    in_reply_to_id: Id | None
    language: str | None
    application_id: int | Id | None
    scheduled_at: Time | None
    idempotency: str | None
    with_rate_limit: bool
    quoted_status_id: Id | Left | None = UNSET
    quote_approval_policy: str | Left | None = UNSET
    allowed_mentions: list[Id] | Left | None = UNSET


class KontorScheduled(Entity):
    """The group a post for later is for, and why it could not be published."""

    failure: str | None
    group_id: Id | None


class ScheduledStatus(Entity):
    id: Id
    scheduled_at: Time
    params: ScheduledParams
    media_attachments: list[MediaAttachment]
    kontor: KontorScheduled


class Translation(Entity, kw_only=True):
    content: str
    spoiler_text: str
    language: str | Left = UNSET
    detected_source_language: str
    provider: str
    poll: AskedPoll | Left | None = UNSET
    media_attachments: list[MediaAttachment]


class Conversation(Entity):
    id: Id
    unread: bool
    accounts: list[Account]
    last_status: Status | None


class Search(Entity):
    accounts: list[Account]
    statuses: list[Status]
    hashtags: list[Tag]


class SearchV1(Entity):
    """The older form: hashtags are bare names."""

    accounts: list[Account]
    statuses: list[Status]
    hashtags: list[str]
