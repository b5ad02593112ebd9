"""What the house says to everybody: texts, announcements, emoji."""

from markupsafe import Markup
from msgspec import Struct, field

from server.web.views.page import Form, Moment, Paging


class AnnouncementRow(Struct, frozen=True, kw_only=True):
    """A line of what was announced or will be."""

    text: str
    at: Moment
    edit_url: str
    delete_url: str
    ends: Moment | None = None
    is_over: bool = False


class AnnouncementView(Struct, frozen=True, kw_only=True):
    """`web/announcement.html`: the form that changes one, with the fields of the one that makes it."""

    action: str
    form: Form


class HouseEmoji(Struct, frozen=True, kw_only=True):
    shortcode: str
    picture_url: str
    delete_url: str
    category: str = ""


class HouseView(Struct, frozen=True, kw_only=True):
    """`web/house.html`: three forms, `texts` with the names of the texts, `announcement`, and `sign` for an emoji."""

    texts: Form = field(default_factory=Form)
    announcement: Form = field(default_factory=Form)
    sign: Form = field(default_factory=Form)
    announcements: tuple[AnnouncementRow, ...] = ()
    emojis: tuple[HouseEmoji, ...] = ()
    paging: Paging = field(default_factory=Paging)


class Announced(Struct, frozen=True, kw_only=True):
    """An announcement on the start page; `dismiss_url` takes it away for this person."""

    html: Markup
    at: Moment
    dismiss_url: str


class HouseTextView(Struct, frozen=True, kw_only=True):
    """`web/house_text.html`."""

    title: str
    html: Markup
    since: Moment
