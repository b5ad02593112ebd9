"""What we do with activities from elsewhere: one file per type, all known to the registry once this is imported."""

from federation.activities import (
    announce,
    answers,
    block,
    create,
    delete,
    featured,
    flag,
    follow,
    like,
    moderation,
    move,
    undo,
    update,
)
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
    "block",
    "create",
    "delete",
    "featured",
    "flag",
    "follow",
    "like",
    "moderation",
    "move",
    "undo",
    "update",
]
