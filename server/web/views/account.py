"""The viewer's own affairs: signing in, settings, notifications, applications that act for them."""

from dataclasses import dataclass, field
from typing import Literal

from server.web.views.page import Choice, Form, Moment, Paging
from server.web.views.posts import PersonRef, Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInView:
    """`web/sign_in.html`. Fields sent: `username`, `password`, `next`."""

    form: Form = field(default_factory=Form)
    next_url: str = "/"
    application: str | None = None
    """Set when an application sent the person here: the page says what happens next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRow:
    """A browser that is signed in. `end_url` is posted to with the token."""

    browser: str
    at: Moment
    last_used: Moment
    end_url: str | None
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A client that holds a token."""

    name: str
    scopes: tuple[str, ...]
    since: Moment
    revoke_url: str
    last_used: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsView:
    """`web/settings.html`.

    The profile form sends `name`, `about`, `avatar`; the display form sends `language`, `theme`, `shortcuts` (`on` or
    absent); the password form sends `current`, `password`, `again`.
    """

    profile_url: str
    display_url: str
    password_url: str
    person: PersonRef
    profile: Form
    display: Form
    password: Form = field(default_factory=Form)
    languages: tuple[Choice, ...] = ()
    sign_ins: tuple[SignInRow, ...] = ()
    end_others_url: str | None = None
    applications: tuple[Application, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsView:
    """`web/notifications.html`: for you, replies, other (folded)."""

    for_you: tuple[NotificationRow, ...] = ()
    replies: tuple[NotificationRow, ...] = ()
    other: tuple[NotificationRow, ...] = ()
    read_all_url: str | None = None
    paging: Paging = field(default_factory=Paging)


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """What an application asks for, in words, with the scope's own name."""

    scope: str
    sentence: str
    writes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeView:
    """`web/oauth_authorize.html`. `fields` are sent back hidden; the buttons send `decision` (`allow|deny`)."""

    action: str
    application: str
    website: str | None
    scopes: tuple[ScopeRow, ...]
    fields: tuple[tuple[str, str], ...]
    redirect_host: str | None = None
    """Where the browser goes afterwards; None for a code to copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeCodeView:
    """`web/oauth_code.html`: the code for an application that cannot be sent it."""

    application: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRow:
    """A post that waits for its time, or whose time passed and which could not be published (`failure`)."""

    at: Moment
    text: str
    delete_url: str
    group: str = ""
    files: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledView:
    """`web/scheduled.html`."""

    posts: tuple[ScheduledRow, ...] = ()
    paging: Paging = field(default_factory=Paging)
