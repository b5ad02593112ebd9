"""Posts, their reach, their thread, the composer."""

from typing import Literal

from markupsafe import Markup
from msgspec import Struct, field

from server.web.views.house import Announced
from server.web.views.page import Choice, Form, Moment, Paging, ReachKind


class Audience(Struct, frozen=True):
    """A company that gets something, and how many people there can read it; None where it does not tell."""

    company: str
    people: int | None = None


class Reach(Struct, frozen=True, kw_only=True):
    """Who gets it: the own house first, then the companies outside."""

    kind: ReachKind
    own: Audience
    partners: tuple[Audience, ...] = ()

    @property
    def people(self) -> int:
        """Known head count over all companies."""
        return (self.own.people or 0) + self.people_outside

    @property
    def people_outside(self) -> int:
        """Known head count outside the house."""
        return sum(partner.people or 0 for partner in self.partners)


class PersonRef(Struct, frozen=True, kw_only=True):
    """A person as a post names them. `company` is set for outsiders and for nobody else."""

    name: str
    handle: str
    url: str
    shown_name: Markup = field(default_factory=Markup)
    """The name with its custom emoji as pictures; empty where it has none."""
    avatar_url: str | None = None
    company: str | None = None
    job: str | None = None


class GroupRef(Struct, frozen=True):
    """A group as a post names it."""

    name: str
    url: str


class ImageView(Struct, frozen=True, kw_only=True):
    """A file; `alt` is empty where its author called it decorative or left it out.

    `kind` is `image`, `gifv`, `video` or `audio`; `preview_url` may be empty for what is no image. With `elsewhere` it
    is nothing that we could show, and the page links to where it is instead.
    """

    url: str
    preview_url: str
    width: int
    height: int
    alt: str = ""
    elsewhere: str = ""
    missing: str = ""
    """Why it is not shown, translated."""
    kind: str = "image"
    media_type: str = ""
    is_ours: bool = True
    """What is not, is not fetched before somebody plays it."""


class CardView(Struct, frozen=True, kw_only=True):
    """What a page says of itself that a post links to. `image_url` is our copy of its picture; empty without one."""

    url: str
    title: str
    provider: str
    description: str = ""
    image_url: str = ""


class QuoteView(Struct, frozen=True, kw_only=True):
    """A post inside another one. Without an author it may not be shown, and `sentence` says why.

    Its author may take it out by a post to `revoke_url`.
    """

    author: PersonRef | None = None
    at: Moment | None = None
    title: str = ""
    text: str = ""
    url: str = ""
    sentence: str = ""
    revoke_url: str | None = None


class PollOptionView(Struct, frozen=True, kw_only=True):
    """An answer; `votes` is None while counts are hidden, `share` is in percent, `own` what the viewer chose."""

    position: int
    title: str
    votes: int | None = None
    share: int = 0
    own: bool = False


class PollView(Struct, frozen=True, kw_only=True):
    """A poll in a post. Who may vote posts `choice` to `vote_url`; its author may end it by a post to `end_url`."""

    options: tuple[PollOptionView, ...]
    voters: int = 0
    multiple: bool = False
    over: bool = False
    hidden: bool = False
    ends: Moment | None = None
    vote_url: str | None = None
    end_url: str | None = None


class EmojiView(Struct, frozen=True):
    """An emoji that people put under a post, and how many of them."""

    emoji: str
    count: int


class Decision(Struct, frozen=True):
    """Who decided on a revision, and when; with the reason where it went back to its author."""

    by: str
    at: Moment
    reason: str = ""


class PostActions(Struct, frozen=True, kw_only=True):
    """Addresses of what the viewer may do. Like, boost and bookmark post `set=yes` or `set=no` there."""

    reply_url: str | None = None
    like_url: str | None = None
    liked: bool = False
    boost_url: str | None = None
    boosted: bool = False
    bookmark_url: str | None = None
    bookmarked: bool = False
    quote_url: str | None = None
    quoting_url: str | None = None
    quoting: str = "public"
    """Who may quote it now; its author posts another `quoting` to `quoting_url`."""
    edit_url: str | None = None
    delete_url: str | None = None
    report_url: str | None = None
    moderate_url: str | None = None


class PostView(Struct, frozen=True, kw_only=True):
    """One post, in a feed, a thread or alone."""

    id: str
    url: str
    author: PersonRef
    reach: Reach
    at: Moment
    text: Markup
    """HTML that models/text.py cleaned."""
    language: str = ""
    group: GroupRef | None = None
    reason: str = ""
    """Why it is in this feed, translated; empty where the group explains it."""
    title: str = ""
    content_warning: str = ""
    long: bool = False
    """Longer than eight lines: the feed folds it and offers to read on."""
    images: tuple[ImageView, ...] = ()
    poll: PollView | None = None
    quote: QuoteView | None = None
    card: CardView | None = None
    reply_to: PersonRef | None = None
    reply_to_url: str = ""
    boosted_by: PersonRef | None = None
    replies: int = 0
    likes: int = 0
    emoji: tuple[EmojiView, ...] = ()
    edited: Moment | None = None
    history_url: str = ""
    waiting_since: Moment | None = None
    partners_keep_approved: bool = False
    """While this revision waits, partners keep the one that was approved before."""
    returned: Decision | None = None
    removed: Decision | None = None
    """Who took it out of its group, for its author and those who keep the group; nobody else sees it."""
    locked: bool = False
    """Nobody answers in its conversation any more."""
    heading: str = ""
    """What a post in a group that has no title is called."""
    approved: Decision | None = None
    vouched: bool = False
    """Whose it is, its group alone says."""
    distribution: Literal["", "waiting", "lost"] = ""
    """Whether the group elsewhere that it was written for has passed it on."""
    deleted: bool = False
    """The gap keeps its place; nothing else of the post is shown."""
    actions: PostActions = field(default_factory=PostActions)


class ComposerGroup(Struct, frozen=True, kw_only=True):
    """Where a post can go. The empty id is the whole company, outside any group."""

    id: str
    name: str
    reach: Reach
    gated: bool = False
    """The post leaves, and only after a gatekeeper's approval."""


class ComposerView(Struct, frozen=True, kw_only=True):
    """The form that writes a post; with `reply_to` it writes a reply and its group is fixed.

    Fields sent: `group`, `in_reply_to`, `text`, `title`, `content_warning`, `language`, `image` and `alt` (as many of
    each as `image_slots`), `poll-1` to `poll-10`, `poll-lasts`, `poll-multiple`, `poll-hides`, `next`, and the token.
    """

    action: str
    places: tuple[ComposerGroup, ...]
    selected: str = ""
    form: Form = field(default_factory=Form)
    reply_to: PostView | None = None
    next_url: str = "/"
    languages: tuple[Choice, ...] = ()
    durations: tuple[Choice, ...] = ()
    """For how long a poll may be open; empty where none can be asked."""
    quote: QuoteView | None = None
    quote_id: str = ""
    """What the post will quote, and its id, sent as `quote`."""
    max_characters: int = 10_000
    image_slots: int = 4
    draft: str = "new"
    """Key of the draft in this browser: one for each place where one can write."""
    kept: tuple[tuple[str, ImageView], ...] = ()
    """Images that came with a form that was refused, by id: sent again as `media`, with `media-alt-<id>`."""
    outsiders: tuple[str, ...] = ()
    """People outside whom an internal text names: the form offers `names_outsiders` to post all the same."""
    open: bool = False
    """Somebody came here to write."""

    @property
    def place(self) -> ComposerGroup:
        """The selected group, or the first."""
        return next((place for place in self.places if place.id == self.selected), self.places[0])


class HomeView(Struct, frozen=True, kw_only=True):
    """`web/home.html`: what the viewer's groups and people wrote, newest first."""

    composer: ComposerView
    posts: tuple[PostView, ...]
    paging: Paging = field(default_factory=Paging)
    events_url: str = ""
    """Stream that tells of new posts; empty switches it off."""
    today: tuple[tuple[str, str], ...] = ()
    """Duties in the right column: sentence and address."""
    newcomers: tuple[PersonRef, ...] = ()
    announcements: tuple[Announced, ...] = ()


class ThreadView(Struct, frozen=True, kw_only=True):
    """`web/post.html`: a post, what it answers, and the answers."""

    post: PostView
    ancestors: tuple[PostView, ...] = ()
    replies: tuple[PostView, ...] = ()
    composer: ComposerView | None = None
    events_url: str = ""
    elsewhere_url: str = ""
    """Where a thread from another server is whole; here is what we know of it."""


class DiffPart(Struct, frozen=True):
    """A run of words: kept, put in, taken out, or many kept words folded away (`text` then says how many)."""

    kind: Literal["same", "added", "removed", "folded"]
    text: str


class PostEditView(Struct, frozen=True, kw_only=True):
    """`web/post_edit.html`. Sends `revision`, `text`, `title`, `content_warning`, `language`, `alt-<image id>`."""

    post: PostView
    action: str
    form: Form
    revision: int
    image_alts: tuple[tuple[str, ImageView], ...] = ()
    """Ticking `drop` with an image's id takes it out; new ones come as `image` and `alt`."""
    image_slots: int = 0
    gated: bool = False
    outsiders: tuple[str, ...] = ()
    meanwhile: tuple[DiffPart, ...] = ()
    """Somebody saved another version: from theirs to what is in the form."""
    languages: tuple[Choice, ...] = ()
    durations: tuple[Choice, ...] = ()
    max_characters: int = 10_000


class RevisionRow(Struct, frozen=True, kw_only=True):
    """One revision as a sentence and its text."""

    number: int
    sentence: str
    at: Moment
    text: Markup
    title: str = ""
    state: Literal["current", "waiting", "approved", "returned", "past"] = "past"


class PostHistoryView(Struct, frozen=True, kw_only=True):
    """`web/post_history.html`: revisions, newest first."""

    post: PostView
    revisions: tuple[RevisionRow, ...]


class PublicPostView(Struct, frozen=True, kw_only=True):
    """`web/public_post.html`: a public post for visitors."""

    post: PostView
    replies: tuple[PostView, ...] = ()
    address: str = ""
    """What one searches for on another server to answer there."""


class PublicGroupView(Struct, frozen=True, kw_only=True):
    """`web/public_group.html`: a public group for visitors."""

    name: str
    purpose: str
    address: str
    """`@group@host`, to follow it from another server."""
    posts: tuple[PostView, ...] = ()
    paging: Paging = field(default_factory=Paging)


class FeedView(Struct, frozen=True, kw_only=True):
    """`web/saved.html` and `web/tag.html`: posts with a heading and nothing else."""

    posts: tuple[PostView, ...]
    paging: Paging = field(default_factory=Paging)
    title: str = ""
    follow_url: str = ""
    """Takes `set=yes|no`: a hashtag can be followed."""
    following: bool = False


class PostItemView(Struct, frozen=True, kw_only=True):
    """`web/post_item.html`: a piece of a page that is open already."""

    post: PostView
    name_group: bool = True
    open: bool = False
    """Whole and unfolded, as the post that a page is about."""
