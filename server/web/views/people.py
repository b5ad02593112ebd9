"""People: the directory and a profile."""

from markupsafe import Markup
from msgspec import Struct, field

from server.web.views.page import Choice, Form, Moment, Paging
from server.web.views.posts import GroupRef, PersonRef, PostView


class PersonRow(Struct, frozen=True, kw_only=True):
    """A person in the directory; what one needs to call them is on the first line."""

    person: PersonRef
    email: str | None = None
    phone: str | None = None
    place: str | None = None


class PeopleSection(Struct, frozen=True):
    """Outsiders, under the name of their company."""

    company: str
    people: tuple[PersonRow, ...]


class PeopleView(Struct, frozen=True, kw_only=True):
    """`web/people.html`. Search sends `q` by GET to `people`; groups that match are listed too."""

    query: str = ""
    people: tuple[PersonRow, ...] = ()
    outside: tuple[PeopleSection, ...] = ()
    groups: tuple[GroupRef, ...] = ()
    paging: Paging = field(default_factory=Paging)


class ProfileView(Struct, frozen=True, kw_only=True):
    """`web/person.html`: contact first, then what the viewer may read of their posts."""

    person: PersonRef
    about: Markup = field(default_factory=Markup)
    email: str | None = None
    phone: str | None = None
    place: str | None = None
    address: str = ""
    role: str = ""
    """Their duty in words ("keeps a gate", "runs this Kontor"), translated; empty for most."""
    here_since: Moment | None = None
    lines: tuple[tuple[str, Markup], ...] = ()
    """What they put on their profile: name and content."""
    left: bool = False
    own: bool = False
    follow_url: str | None = None
    following: bool = False
    """`follow_url` takes `set=yes|no`."""
    waiting: bool = False
    """Asked to follow, and not answered yet."""
    block_url: str | None = None
    """Takes `set=yes|no`."""
    mute_url: str | None = None
    """Takes `set=yes|no`, and `lasts`, one of `mute_durations`, and `silent`."""
    muted: bool = False
    muted_until: Moment | None = None
    mute_durations: tuple[Choice, ...] = ()
    mute_form: Form = field(default_factory=Form)
    blocking: bool = False
    blocked_by: bool = False
    report_url: str | None = None
    access_url: str | None = None
    """Where admins change role and access of a colleague."""
    featured: tuple[PostView, ...] = ()
    """What somebody elsewhere wants on top."""
    answer_url: str | None = None
    """They want to follow the viewer; takes `answer=yes|no`."""
    groups: tuple[GroupRef, ...] = ()
    posts: tuple[PostView, ...] = ()
    paging: Paging = field(default_factory=Paging)
    elsewhere_url: str = ""
    """Where all posts of somebody on another server are; here is only a part."""


class AccessView(Struct, frozen=True, kw_only=True):
    """`web/person_access.html`: `role` goes to `role_url`, `set=yes|no` to `access_url`. Nobody changes their `own`."""

    person: PersonRef
    role_url: str
    access_url: str
    roles: tuple[Choice, ...]
    form: Form
    own: bool = False
    left: bool = False


class SearchView(Struct, frozen=True, kw_only=True):
    """`web/search.html`: everything that matches `q`, people first. An empty query asks for one."""

    query: str = ""
    people: tuple[PersonRow, ...] = ()
    outside: tuple[PeopleSection, ...] = ()
    groups: tuple[GroupRef, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """Name and address."""
    posts: tuple[PostView, ...] = ()
    paging: Paging = field(default_factory=Paging)
