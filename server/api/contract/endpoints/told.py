"""Notifications, push, announcements, reports, streams."""

from server.api.contract.kinds import Nothing
from server.api.contract.people import (
    Account,
    Merged,
    NotificationPolicy,
    NotificationPolicyV1,
    UnreadCount,
    WebPushSubscription,
)
from server.api.contract.promises import (
    PAGE,
    Promise,
    delete,
    flag,
    get,
    needed,
    never,
    number,
    one,
    patch,
    post,
    put,
    several,
    table,
    text,
    texts,
)
from server.api.contract.told import (
    Announcement,
    AnnualReports,
    GroupedNotifications,
    Notification,
    NotificationRequest,
    Report,
)

_SELECTION = (texts("types"), texts("exclude_types"), one("account_id"), flag("include_filtered"))
_GROUPED = (texts("grouped_types"), text("expand_accounts", "full", "partial_avatars"))
_SEVERITIES = ("accept", "filter", "drop")
_POLICY = tuple(
    text(f"for_{name}", *_SEVERITIES)
    for name in ("not_following", "not_followers", "new_accounts", "private_mentions", "limited_accounts")
)
_POLICY_V1 = tuple(
    flag(f"filter_{name}") for name in ("not_following", "not_followers", "new_accounts", "private_mentions")
)
_ALERTS = tuple(
    flag(name)
    for name in (
        "mention",
        "quote",
        "status",
        "reblog",
        "follow",
        "follow_request",
        "favourite",
        "poll",
        "update",
        "quoted_update",
        "admin.sign_up",
        "admin.report",
    )
)
_DATA = table("data", table("alerts", *_ALERTS), text("policy", "all", "followed", "follower", "none"))
_STREAM = (text("stream"), text("list"), text("tag"), text("access_token"))
_STREAMS = (
    "",
    "/user",
    "/user/notification",
    "/public",
    "/public/local",
    "/public/remote",
    "/hashtag",
    "/hashtag/local",
    "/list",
    "/direct",
    "/health",
)

ENDPOINTS: tuple[Promise, ...] = (
    get("/api/v1/notifications", list[Notification], *_SELECTION, *PAGE),
    get("/api/v1/notifications/{}", Notification),
    post("/api/v1/notifications/clear", Nothing),
    post("/api/v1/notifications/{}/dismiss", Nothing),
    post("/api/v1/notifications/dismiss", Nothing, needed(one("id"))),
    get("/api/v1/notifications/unread_count", UnreadCount, number("limit"), *_SELECTION),
    get("/api/v2/notifications", GroupedNotifications, *_SELECTION, *_GROUPED, *PAGE),
    get("/api/v2/notifications/unread_count", UnreadCount, number("limit"), *_SELECTION, *_GROUPED),
    get("/api/v2/notifications/{}", GroupedNotifications),
    get("/api/v2/notifications/{}/accounts", list[Account], *PAGE),
    post("/api/v2/notifications/{}/dismiss", Nothing),
    get("/api/v2_alpha/notifications", GroupedNotifications, *_SELECTION, *_GROUPED, *PAGE),
    get("/api/v2_alpha/notifications/unread_count", UnreadCount, number("limit"), *_SELECTION, *_GROUPED),
    get("/api/v2_alpha/notifications/{}", GroupedNotifications),
    get("/api/v2_alpha/notifications/{}/accounts", list[Account], *PAGE),
    post("/api/v2_alpha/notifications/{}/dismiss", Nothing),
    get("/api/v2/notifications/policy", NotificationPolicy),
    patch("/api/v2/notifications/policy", NotificationPolicy, *_POLICY),
    put("/api/v2/notifications/policy", NotificationPolicy, *_POLICY),
    get("/api/v1/notifications/policy", NotificationPolicyV1),
    put("/api/v1/notifications/policy", NotificationPolicyV1, *_POLICY_V1),
    patch("/api/v1/notifications/policy", NotificationPolicyV1, *_POLICY_V1),
    get("/api/v1/notifications/requests", list[NotificationRequest], *PAGE),
    get("/api/v1/notifications/requests/merged", Merged),
    get("/api/v1/notifications/requests/{}", NotificationRequest),
    post("/api/v1/notifications/requests/{}/accept", Nothing),
    post("/api/v1/notifications/requests/{}/dismiss", Nothing),
    post("/api/v1/notifications/requests/accept", Nothing, several("id")),
    post("/api/v1/notifications/requests/dismiss", Nothing, several("id")),
    get("/api/v1/push/subscription", WebPushSubscription),
    post(
        "/api/v1/push/subscription",
        WebPushSubscription,
        table("subscription", text("endpoint"), table("keys", text("p256dh"), text("auth")), flag("standard")),
        _DATA,
    ),
    put("/api/v1/push/subscription", WebPushSubscription, _DATA, text("policy")),
    delete("/api/v1/push/subscription", Nothing),
    get("/api/v1/announcements", list[Announcement], flag("with_dismissed")),
    post("/api/v1/announcements/{}/dismiss", Nothing),
    put("/api/v1/announcements/{}/reactions/{}", Nothing),
    delete("/api/v1/announcements/{}/reactions/{}", Nothing),
    post(
        "/api/v1/reports",
        Report,
        needed(one("account_id")),
        several("status_ids"),
        text("comment"),
        flag("forward"),
        text("category", "spam", "legal", "violation", "other"),
        several("rule_ids"),
    ),
    get("/api/v1/annual_reports", AnnualReports),
    never("GET", "/api/v1/annual_reports/{}"),
    get("/api/v1/annual_reports/{}/state", dict[str, str]),
    never("POST", "/api/v1/annual_reports/{}/generate"),
    never("POST", "/api/v1/annual_reports/{}/read"),
    *(get(f"/api/v1/streaming{path}", None, *_STREAM, also={101: None}) for path in _STREAMS),
)
