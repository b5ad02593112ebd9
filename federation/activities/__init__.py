"""What we do with activities from elsewhere: one file per type, all known to the registry once this is imported."""

from federation.activities import announce, answers, create, delete, follow, like, moderation, undo, update
from federation.activities.registry import HANDLERS, Handler, Ignored, Incoming, Refused, Waiting

__all__ = [
    "HANDLERS",
    "Handler",
    "Ignored",
    "Incoming",
    "Refused",
    "Waiting",
    "announce",
    "answers",
    "create",
    "delete",
    "follow",
    "like",
    "moderation",
    "undo",
    "update",
]
