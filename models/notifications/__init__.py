"""What people should know: made from the journal, once per thing, for those it concerns and who may see it."""

from models.notifications.consumer import CONSUMER
from models.notifications.reading import (
    count_unread,
    dismiss,
    has_unread_of,
    mark_all_read,
    mark_pile_read,
    mark_read,
    mark_seen,
    of_account,
)
from models.notifications.telling import TOGETHER

__all__ = [
    "CONSUMER",
    "TOGETHER",
    "count_unread",
    "dismiss",
    "has_unread_of",
    "mark_all_read",
    "mark_pile_read",
    "mark_read",
    "mark_seen",
    "of_account",
]
