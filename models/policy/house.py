"""What the house tells its own people."""

from sqlalchemy import Select, false, or_, select

from models.base import now
from models.tables import Announcement
from models.viewers import Staff, Viewer


def visible_announcements(viewer: Viewer) -> Select[Announcement]:
    """What is announced to all colleagues now; outsiders learn nothing of it."""
    if not isinstance(viewer, Staff):
        return select(Announcement).where(false())
    moment = now()
    return select(Announcement).where(
        Announcement.published_at <= moment, or_(Announcement.ends_at.is_(None), Announcement.ends_at > moment)
    )
