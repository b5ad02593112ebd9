"""What the house says to everybody: texts, announcements, emoji."""

from dataclasses import dataclass, field

from markupsafe import Markup

from server.web.views.page import Form, Moment, Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementRow:
    """A line of what was announced or will be."""

    text: str
    at: Moment
    delete_url: str
    ends: Moment | None = None
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseEmoji:
    shortcode: str
    picture_url: str
    delete_url: str
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseView:
    """`web/house.html`: three forms, `texts` with the names of the texts, `announcement`, and `sign` for an emoji."""

    texts: Form = field(default_factory=Form)
    announcement: Form = field(default_factory=Form)
    sign: Form = field(default_factory=Form)
    announcements: tuple[AnnouncementRow, ...] = ()
    emojis: tuple[HouseEmoji, ...] = ()
    paging: Paging = field(default_factory=Paging)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """An announcement on the start page; `dismiss_url` takes it away for this person."""

    html: Markup
    at: Moment
    dismiss_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseTextView:
    """`web/house_text.html`."""

    title: str
    html: Markup
    since: Moment
