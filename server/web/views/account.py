"""The viewer's own affairs: signing in, settings, notifications, applications that act for them."""

from typing import Literal

from msgspec import Struct, field

from server.web.views.page import Choice, Form, Moment, Paging
from server.web.views.posts import PersonRef, Reach


class SignInView(Struct, frozen=True, kw_only=True):
    """`web/sign_in.html`. Fields sent: `username`, `password`, `next`."""

    form: Form = field(default_factory=Form)
    next_url: str = "/"
    application: str | None = None
    """Set when an application sent the person here: the page says what happens next."""


class SignInRow(Struct, frozen=True, kw_only=True):
    """A browser that is signed in. `end_url` is posted to with the token."""

    browser: str
    at: Moment
    last_used: Moment
    end_url: str | None
    current: bool = False


class Application(Struct, frozen=True, kw_only=True):
    """A client that holds a token."""

    name: str
    scopes: tuple[str, ...]
    since: Moment
    revoke_url: str
    last_used: Moment | None = None


class SettingsView(Struct, frozen=True, kw_only=True):
    """`web/settings.html`.

    The profile form sends `name`, `about`, `avatar`, `locked`, and for each of `lines` `line-NAME` and `says-NAME`; the
    display form `language`, `theme`, `shortcuts` (`on` or absent); the password form `current`, `password`, `again`.
    """

    profile_url: str
    display_url: str
    password_url: str
    person: PersonRef
    profile: Form
    display: Form
    lines: tuple[str, ...] = ()
    password: Form = field(default_factory=Form)
    languages: tuple[Choice, ...] = ()
    sign_ins: tuple[SignInRow, ...] = ()
    end_others_url: str | None = None
    applications: tuple[Application, ...] = ()


class NotificationRow(Struct, frozen=True, kw_only=True):
    """One line for one thread; `sentence` is translated and begins with who did it."""

    id: str
    people: tuple[PersonRef, ...]
    sentence: str
    url: str
    at: Moment
    kind: Literal[
        "mention", "reply", "like", "boost", "join", "approval", "returned", "approved", "partner", "report", "other"
    ]
    excerpt: str = ""
    reach: Reach | None = None
    unread: bool = False
    archive_url: str | None = None


class NotificationsView(Struct, frozen=True, kw_only=True):
    """`web/notifications.html`: for you, replies, other (folded)."""

    for_you: tuple[NotificationRow, ...] = ()
    replies: tuple[NotificationRow, ...] = ()
    other: tuple[NotificationRow, ...] = ()
    read_all_url: str | None = None
    paging: Paging = field(default_factory=Paging)


class ScopeRow(Struct, frozen=True):
    """What an application asks for, in words, with the scope's own name."""

    scope: str
    sentence: str
    writes: bool = False


class AuthorizeView(Struct, frozen=True, kw_only=True):
    """`web/oauth_authorize.html`. `fields` are sent back hidden; the buttons send `decision` (`allow|deny`)."""

    action: str
    application: str
    website: str | None
    scopes: tuple[ScopeRow, ...]
    fields: tuple[tuple[str, str], ...]
    redirect_host: str | None = None
    """Where the browser goes afterwards; None for a code to copy."""


class AuthorizeCodeView(Struct, frozen=True, kw_only=True):
    """`web/oauth_code.html`: the code for an application that cannot be sent it."""

    application: str
    code: str


class FilterRow(Struct, frozen=True, kw_only=True):
    """A filter in the list of one's own."""

    title: str
    words: tuple[str, ...]
    places: tuple[str, ...]
    action: str
    url: str
    delete_url: str
    posts: int = 0
    """So many single posts are in it."""
    until: Moment | None = None
    is_over: bool = False


class FiltersView(Struct, frozen=True, kw_only=True):
    """`web/filters.html`."""

    filters: tuple[FilterRow, ...] = ()


class FilterFormView(Struct, frozen=True, kw_only=True):
    """`web/filter.html`: fields `title`, those of `places`, `action`, `lasts` in seconds (0 for good, empty as it is),
    and for each of `words` `word-NAME` and `whole-NAME`."""

    action: str
    form: Form
    words: tuple[str, ...]
    places: tuple[Choice, ...]
    actions: tuple[Choice, ...]
    durations: tuple[Choice, ...]
    title: str = ""
    """Empty for a new one."""
    until: Moment | None = None
    posts: int = 0


class ScheduledRow(Struct, frozen=True, kw_only=True):
    """A post that waits for its time, or whose time passed and which could not be published (`failure`)."""

    at: Moment
    text: str
    delete_url: str
    group: str = ""
    files: int = 0
    failure: str = ""


class ScheduledView(Struct, frozen=True, kw_only=True):
    """`web/scheduled.html`."""

    posts: tuple[ScheduledRow, ...] = ()
    paging: Paging = field(default_factory=Paging)
