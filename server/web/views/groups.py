"""Groups: the list, the pages of one group, its settings."""

from typing import Literal

from markupsafe import Markup
from msgspec import Struct, field

from server.web.views.page import Form, Moment, Paging, ReachKind
from server.web.views.posts import ComposerView, PersonRef, PostView, Reach


class GroupRow(Struct, frozen=True, kw_only=True):
    """A group in a list."""

    name: str
    url: str
    purpose: str
    reach: Reach
    member: bool = False
    join_url: str | None = None
    last_post: Moment | None = None
    unread: bool = False
    closed: bool = False
    home_company: str | None = None
    """The company whose group it is; None for an own group."""
    asked: bool = False
    """Joined at another company whose answer is not here yet."""
    invited: bool = False


class GroupsView(Struct, frozen=True, kw_only=True):
    """`web/groups.html`: my groups first, then those one can find."""

    mine: tuple[GroupRow, ...]
    others: tuple[GroupRow, ...]
    may_create: bool = False
    find: Form = field(default_factory=Form)
    """Sends `address` by GET to `group-find`: a group of a partner, as it calls itself."""
    found: GroupRow | None = None
    """The group at that address, to look at before joining."""


class GroupFormView(Struct, frozen=True, kw_only=True):
    """`web/group_new.html`. Fields sent: `username`, `name`, `purpose`, `reach`, `access`, `gate` (`on` or absent)."""

    form: Form = field(default_factory=Form)
    may_reach: tuple[ReachKind, ...] = ("internal",)
    host: str = ""


class GroupHead(Struct, frozen=True, kw_only=True):
    """The two lines that every page of a group begins with."""

    name: str
    purpose: str
    handle: str
    reach: Reach
    url: str
    members_url: str
    about_url: str
    settings_url: str | None = None
    agreement_url: str | None = None
    agreement: str = ""
    """Words about the agreement behind the reach, such as its version and last day."""
    gated: bool = False
    member: bool = False
    closed: bool = False
    archived: bool = False
    join_url: str | None = None
    leave_url: str | None = None
    home_company: str | None = None
    """The company whose group it is; None for an own group."""
    waiting_for_partner: bool = False
    """Joined at another company whose answer is not here yet."""
    unanswered: bool = False
    """No answer for so long that one may ask again, or give up."""
    again_url: str | None = None
    invited: bool = False
    refused: bool = False
    """The company whose group it is said no."""
    copies_for: tuple[str, ...] = ()
    """Companies whose people read copies that the group sends in its own name."""


class GroupView(Struct, frozen=True, kw_only=True):
    """`web/group.html`: the conversations."""

    head: GroupHead
    composer: ComposerView | None
    posts: tuple[PostView, ...]
    paging: Paging = field(default_factory=Paging)
    events_url: str = ""
    pinned: tuple[PostView, ...] = ()
    """What stands on top of the group, on the first page of its conversations."""
    ask: PersonRef | None = None
    """The group is closed to the viewer; this is who can let them in."""


class MemberRow(Struct, frozen=True, kw_only=True):
    """A member; `remove_url` where the viewer may take them out, `ban_url` where they may keep them out."""

    person: PersonRef
    role: Literal["owner", "moderator", "gatekeeper", "member"]
    roles: tuple[str, ...] = ()
    ban_url: str | None = None
    since: Moment | None = None
    remove_url: str | None = None
    role_url: str | None = None
    """Posting `role` there changes it."""


class WishRow(Struct, frozen=True, kw_only=True):
    """Somebody of another company who asks to be let in. Posts `answer` (`yes` or `no`) to `answer_url`."""

    person: PersonRef
    host: str
    since: Moment
    first: bool
    """Nobody in the group comes from there yet."""
    answer_url: str


class BanRow(Struct, frozen=True, kw_only=True):
    """Somebody who is banned from a group, by whom, why, and until when; `end_url` lifts it."""

    person: PersonRef
    by: str
    at: Moment
    reason: str = ""
    until: Moment | None = None
    end_url: str | None = None


class GroupMembersView(Struct, frozen=True, kw_only=True):
    """`web/group_members.html`: colleagues, then outsiders under their company. Invitation sends `username`."""

    head: GroupHead
    members: tuple[MemberRow, ...]
    outside: tuple[tuple[str, tuple[MemberRow, ...]], ...] = ()
    bans: tuple[BanRow, ...] = ()
    waiting: tuple[WishRow, ...] = ()
    invite_url: str | None = None
    invite: Form = field(default_factory=Form)


class GroupAboutView(Struct, frozen=True, kw_only=True):
    """`web/group_about.html`: purpose at length, who is responsible, address for clients and partners."""

    head: GroupHead
    description: Markup
    owners: tuple[PersonRef, ...]
    gatekeepers: tuple[PersonRef, ...]
    moderators: tuple[PersonRef, ...] = ()
    created: Moment
    address: str = ""
    asks_first: bool = False
    """People of other companies wait until the owner lets them in."""
    vouches: bool = False
    """The group answers for what members elsewhere did not sign."""


class GroupSettingsView(Struct, frozen=True, kw_only=True):
    """`web/group_settings.html`.

    Fields sent: `name`, `purpose`, `access` (`open|closed`), `gate`, `asks` and `vouches` (`on` or absent).
    """

    head: GroupHead
    action: str
    form: Form
    reach_urls: tuple[tuple[ReachKind, str], ...] = ()
    """Confirmation pages for the other reaches this owner may choose."""
    archive_url: str | None = None


class GroupReachView(Struct, frozen=True, kw_only=True):
    """`web/group_reach.html`: the friction before a reach changes. Sends `reach`, `confirmed`, `partner` (many)."""

    head: GroupHead
    action: str
    to: ReachKind
    raises: bool
    posts: int
    """Posts written so far: they stay where they are."""
    after: Reach | None = None
    form: Form = field(default_factory=Form)
    administers: bool = False
    """The viewer can open the group to companies afterwards."""
