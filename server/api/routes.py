"""Every route of the client API, in one list."""

from server.api import (
    absent,
    accounts,
    admin,
    announcements,
    apps,
    conversations,
    description,
    embedding,
    endorsements,
    filters,
    follows,
    grouped,
    instance,
    lists,
    media,
    mutes,
    notification_requests,
    notifications,
    polls,
    profile,
    quotes,
    reactions,
    safety,
    scheduled,
    search,
    statuses,
    suggestions,
    timelines,
)
from server.api.routing import Route, Routes

ALL: tuple[Routes, ...] = (
    instance.routes,
    embedding.routes,
    description.routes,
    announcements.routes,
    apps.routes,
    profile.routes,
    follows.routes,
    safety.routes,
    mutes.routes,
    endorsements.routes,
    suggestions.routes,
    accounts.routes,
    search.routes,
    statuses.routes,
    scheduled.routes,
    reactions.routes,
    polls.routes,
    quotes.routes,
    media.routes,
    timelines.routes,
    lists.routes,
    filters.routes,
    conversations.routes,
    notifications.routes,
    grouped.routes,
    notification_requests.routes,
    *admin.ALL,
    absent.routes,
)


def table() -> list[Route]:
    """Who may use which address with which scope."""
    return [route for routes in ALL for route in routes.table]
