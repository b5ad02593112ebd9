"""The contract with strict clients: which members each entity has, and of which kind. Arrays are never null."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from models.tables import Reach
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone, upload
from tests.time import Clock
from tests.world import World

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
WEB = re.compile(r"https?://[^/]+(/.*)?")
Check = Callable[[Any], bool]


def text(value: Any) -> bool:
    return isinstance(value, str)


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def id_(value: Any) -> bool:
    return isinstance(value, str) and value.isdigit() and len(value) <= 30


def at(value: Any) -> bool:
    return isinstance(value, str) and TIME.fullmatch(value) is not None


def day(value: Any) -> bool:
    return isinstance(value, str) and DAY.fullmatch(value) is not None


def url(value: Any) -> bool:
    return isinstance(value, str) and WEB.fullmatch(value) is not None


def nothing(value: Any) -> bool:
    return value is None


def array(value: Any) -> bool:
    return isinstance(value, list)


def table(value: Any) -> bool:
    return isinstance(value, dict)


def maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def each(shape: "Shape") -> Check:
    return lambda value: isinstance(value, list) and all(fits(item, shape) for item in value)


def of(shape: "Shape") -> Check:
    return lambda value: fits(value, shape)


Shape = dict[str, Check]

ACCOUNT: Shape = {
    "id": id_,
    "username": text,
    "acct": text,
    "display_name": text,
    "locked": flag,
    "bot": flag,
    "discoverable": flag,
    "indexable": flag,
    "group": flag,
    "created_at": at,
    "note": text,
    "url": url,
    "uri": url,
    "avatar": url,
    "avatar_static": url,
    "header": url,
    "header_static": url,
    "followers_count": number,
    "following_count": number,
    "statuses_count": number,
    "last_status_at": maybe(day),
    "hide_collections": flag,
    "noindex": flag,
    "emojis": array,
    "roles": array,
    "fields": each({"name": text, "value": text, "verified_at": maybe(text)}),
}
SOURCE: Shape = {
    "privacy": text,
    "sensitive": flag,
    "language": maybe(text),
    "note": text,
    "fields": array,
    "follow_requests_count": number,
}
ROLE: Shape = {"id": text, "name": text, "color": text, "permissions": text, "highlighted": flag}
MEDIA: Shape = {
    "id": id_,
    "type": text,
    "url": url,
    "preview_url": url,
    "remote_url": nothing,
    "meta": table,
    "description": maybe(text),
    "blurhash": maybe(text),
}
MENTION: Shape = {"id": id_, "username": text, "url": url, "acct": text}
STATUS: Shape = {
    "id": id_,
    "uri": url,
    "url": url,
    "created_at": at,
    "edited_at": maybe(at),
    "account": of(ACCOUNT),
    "content": text,
    "visibility": lambda value: value in ("public", "unlisted", "private", "direct"),
    "local_only": flag,
    "sensitive": flag,
    "spoiler_text": text,
    "language": maybe(text),
    "media_attachments": each(MEDIA),
    "mentions": each(MENTION),
    "tags": each({"name": text, "url": url}),
    "emojis": array,
    "filtered": array,
    "replies_count": number,
    "reblogs_count": number,
    "favourites_count": number,
    "favourited": flag,
    "reblogged": flag,
    "bookmarked": flag,
    "muted": flag,
    "in_reply_to_id": maybe(id_),
    "in_reply_to_account_id": maybe(id_),
    "reblog": maybe(table),
    "application": maybe(table),
    "card": nothing,
    "poll": maybe(lambda value: fits(value, POLL)),
    "quote": maybe(lambda value: fits(value, QUOTE)),
    "quote_approval": lambda value: fits(value, APPROVAL),
    "quotes_count": number,
}
QUOTE: Shape = {"state": text, "quoted_status": maybe(table)}
APPROVAL: Shape = {
    "automatic": array,
    "manual": array,
    "current_user": lambda value: value in ("automatic", "manual", "denied", "unknown"),
}
POLL: Shape = {
    "id": id_,
    "expires_at": maybe(at),
    "expired": flag,
    "multiple": flag,
    "votes_count": number,
    "voters_count": number,
    "options": each({"title": text, "votes_count": maybe(number)}),
    "emojis": array,
    "voted": flag,
    "own_votes": array,
}
RELATIONSHIP: Shape = {
    "id": id_,
    "note": text,
    **dict.fromkeys(
        (
            "following",
            "showing_reblogs",
            "notifying",
            "followed_by",
            "blocking",
            "blocked_by",
            "muting",
            "muting_notifications",
            "requested",
            "requested_by",
            "domain_blocking",
            "endorsed",
        ),
        flag,
    ),
}
NOTIFICATION: Shape = {"id": id_, "type": text, "created_at": at, "account": of(ACCOUNT), "group_key": text}
LIST: Shape = {"id": id_, "title": text, "replies_policy": text, "exclusive": flag}
TAG: Shape = {"name": text, "url": url, "history": array, "following": flag}
MARKER: Shape = {"last_read_id": id_, "version": number, "updated_at": at}
PREFERENCES: Shape = {
    "posting:default:visibility": text,
    "posting:default:sensitive": flag,
    "posting:default:language": maybe(text),
    "reading:expand:media": text,
    "reading:expand:spoilers": flag,
}
CONVERSATION: Shape = {"id": id_, "unread": flag, "accounts": each(ACCOUNT), "last_status": of(STATUS)}
APPLICATION: Shape = {
    "id": id_,
    "name": text,
    "website": maybe(text),
    "scopes": array,
    "redirect_uris": array,
    "redirect_uri": text,
    "vapid_key": text,
}
LIMITS: Shape = {
    "statuses": of({"max_characters": number, "max_media_attachments": number, "characters_reserved_per_url": number}),
    "media_attachments": of({"supported_mime_types": array, "image_size_limit": number, "image_matrix_limit": number}),
    "polls": of(
        {
            "max_options": number,
            "max_characters_per_option": number,
            "min_expiration": number,
            "max_expiration": number,
        }
    ),
}
INSTANCE_2: Shape = {
    "domain": text,
    "title": text,
    "version": text,
    "description": text,
    "usage": of({"users": of({"active_month": number})}),
    "thumbnail": of({"url": url}),
    "languages": array,
    "configuration": of({**LIMITS, "urls": of({"streaming": text}), "translation": of({"enabled": flag})}),
    "registrations": of({"enabled": flag, "approval_required": flag, "message": maybe(text)}),
    "contact": of({"email": text, "account": maybe(table)}),
    "api_versions": of({"mastodon": number}),
    "rules": array,
}
INSTANCE_1: Shape = {
    "uri": text,
    "title": text,
    "description": text,
    "short_description": text,
    "email": text,
    "version": text,
    "urls": of({"streaming_api": text}),
    "stats": of({"user_count": number, "status_count": number, "domain_count": number}),
    "languages": array,
    "registrations": flag,
    "approval_required": flag,
    "invites_enabled": flag,
    "configuration": of(LIMITS),
    "contact_account": maybe(table),
    "rules": array,
}
GROUPED: Shape = {
    "accounts": each(ACCOUNT),
    "statuses": each(STATUS),
    "notification_groups": each(
        {
            "group_key": text,
            "notifications_count": number,
            "type": text,
            "most_recent_notification_id": number,
            "sample_account_ids": array,
            "latest_page_notification_at": at,
        }
    ),
}
EDIT: Shape = {
    "content": text,
    "spoiler_text": text,
    "sensitive": flag,
    "created_at": at,
    "account": of(ACCOUNT),
    "media_attachments": each(MEDIA),
    "emojis": array,
}


def faults(value: Any, shape: Shape) -> dict[str, Any]:
    """The members of `value` that are missing or of another kind."""
    if not isinstance(value, dict):
        return {"": value}
    missing = {name: "is missing" for name in shape if name not in value}
    return missing | {name: value[name] for name in shape if name in value and not shape[name](value[name])}


def fits(value: Any, shape: Shape) -> bool:
    return not faults(value, shape)


@pytest.fixture
async def story(ada: Phone, grace: Phone, hand: Hand, world: World) -> dict[str, str]:
    """Something of everything there is, and the ids of it."""
    alan = await hand(world.alan)
    media = (await ada.post("/api/v2/media", data=upload(description="A case"))).body
    status = await ada.writes("Look @grace #case", media_ids=[media["id"]], spoiler_text="Big")
    reply = await grace.writes("Nice", in_reply_to_id=status["id"])
    await grace.post(f"/api/v1/statuses/{status['id']}/favourite")
    await grace.post(f"/api/v1/statuses/{status['id']}/reblog")
    await ada.post(f"/api/v1/statuses/{reply['id']}/bookmark")
    await ada.post(f"/api/v1/statuses/{reply['id']}/favourite")
    await grace.post(f"/api/v1/accounts/{world.ada.id}/follow")
    await ada.put(f"/api/v1/statuses/{status['id']}", json={"status": "Look again @grace #case"})
    await alan.writes("In the group @alpine @ada")
    await grace.writes("Between us @ada", visibility="direct")
    await ada.post("/api/v1/markers", json={"home": {"last_read_id": status["id"]}})
    await world.settle()
    notifications = (await ada.get("/api/v1/notifications")).body
    return {
        "status": status["id"],
        "reply": reply["id"],
        "ada": str(world.ada.id),
        "grace": str(world.grace.id),
        "alpine": str(world.alpine.id),
        "notification": notifications[0]["id"],
    }


async def test_every_answer_has_all_members_in_their_kinds(
    ada: Phone, story: dict[str, str], subtests: pytest.Subtests
) -> None:
    single: dict[str, Shape] = {
        "/api/v1/accounts/verify_credentials": {**ACCOUNT, "source": of(SOURCE), "role": of(ROLE)},
        "/api/v1/accounts/{grace}": ACCOUNT,
        "/api/v1/accounts/{alpine}": ACCOUNT,
        "/api/v1/accounts/lookup?acct=grace": ACCOUNT,
        "/api/v1/statuses/{status}": STATUS,
        "/api/v1/statuses/{status}/context": {"ancestors": each(STATUS), "descendants": each(STATUS)},
        "/api/v1/statuses/{status}/source": {"id": id_, "text": text, "spoiler_text": text},
        "/api/v1/notifications/{notification}": NOTIFICATION,
        "/api/v2/notifications": GROUPED,
        "/api/v2/notifications/ungrouped-{notification}": GROUPED,
        "/api/v2/notifications/policy": {"for_not_following": text, "summary": table},
        "/api/v2/notifications/unread_count": {"count": number},
        "/api/v1/lists/{alpine}": LIST,
        "/api/v1/tags/nobody": TAG,
        "/api/v1/preferences": PREFERENCES,
        "/api/v1/apps/verify_credentials": APPLICATION,
        "/api/v1/markers?timeline[]=home": {"home": of(MARKER)},
        "/api/v1/instance": INSTANCE_1,
        "/api/v2/instance": INSTANCE_2,
        "/api/v2/search?q=case": {"accounts": each(ACCOUNT), "statuses": each(STATUS), "hashtags": each(TAG)},
    }
    for path, shape in single.items():
        with subtests.test(path):
            answer = await ada.get(path.format(**story))
            assert faults(answer.body, shape) == {}


async def test_every_list_has_entries_of_their_kind(
    ada: Phone, story: dict[str, str], subtests: pytest.Subtests
) -> None:
    lists: dict[str, Shape] = {
        "/api/v1/timelines/home": STATUS,
        "/api/v1/timelines/public": STATUS,
        "/api/v1/timelines/public?local=true": STATUS,
        "/api/v1/timelines/tag/case": STATUS,
        "/api/v1/timelines/list/{alpine}": STATUS,
        "/api/v1/timelines/direct": STATUS,
        "/api/v1/bookmarks": STATUS,
        "/api/v1/favourites": STATUS,
        "/api/v1/statuses?id[]={status}": STATUS,
        "/api/v1/accounts/{ada}/statuses": STATUS,
        "/api/v1/accounts/{alpine}/statuses": STATUS,
        "/api/v1/accounts/{ada}/followers": ACCOUNT,
        "/api/v1/accounts/{grace}/following": ACCOUNT,
        "/api/v1/accounts/{alpine}/followers": ACCOUNT,
        "/api/v1/accounts/search?q=gr": ACCOUNT,
        "/api/v1/accounts?id[]={grace}": ACCOUNT,
        "/api/v1/directory": ACCOUNT,
        "/api/v1/lists": LIST,
        "/api/v1/lists/{alpine}/accounts": ACCOUNT,
        "/api/v1/statuses/{status}/favourited_by": ACCOUNT,
        "/api/v1/statuses/{status}/reblogged_by": ACCOUNT,
        "/api/v1/statuses/{status}/history": EDIT,
        "/api/v1/accounts/relationships?id[]={grace}&id[]={ada}": RELATIONSHIP,
        "/api/v1/notifications": NOTIFICATION,
        "/api/v1/conversations": CONVERSATION,
    }
    for path, shape in lists.items():
        with subtests.test(path):
            answer = await ada.get(path.format(**story))
            assert answer.body, "an empty list shows nothing"
            assert [faults(entry, shape) for entry in answer.body] == [{}] * len(answer.body)
            if shape is not RELATIONSHIP and shape is not EDIT:
                assert len(set(answer.ids)) == len(answer.body), "an id comes twice"


EMPTY = [
    "custom_emojis",
    "announcements",
    "filters",
    "followed_tags",
    "featured_tags",
    "blocks",
    "mutes",
    "domain_blocks",
    "scheduled_statuses",
    "trends",
    "trends/tags",
    "trends/statuses",
    "trends/links",
    "endorsements",
    "follow_requests",
    "notifications/requests",
    "instance/rules",
    "instance/peers",
    "instance/activity",
]


async def test_what_is_not_there_is_an_empty_list(ada: Phone, subtests: pytest.Subtests) -> None:
    for path in [*(f"/api/v1/{name}" for name in EMPTY), "/api/v2/filters"]:
        with subtests.test(path):
            assert (await ada.get(path)).body == []


async def test_a_boost_is_whole_outside_and_inside(ada: Phone, story: dict[str, str]) -> None:
    boosts = [status for status in (await ada.get("/api/v1/timelines/home")).body if status["reblog"]]

    assert boosts == []  # boosts reach those who follow the booster
    await ada.post(f"/api/v1/accounts/{story['grace']}/follow")
    boost = next(status for status in (await ada.get("/api/v1/timelines/home")).body if status["reblog"])
    assert faults(boost, STATUS) == {}
    assert faults(boost["reblog"], STATUS) == {}
    assert boost["content"] == ""


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_the_two_numbers_that_decide_what_clients_ask(anybody: Phone, version: str) -> None:
    instance = (await anybody.get(f"/api/{version}/instance")).body

    assert float(instance["version"][:3]) == 4.5
    if version == "v2":
        assert instance["api_versions"]["mastodon"] == 7


async def test_visitors_learn_nothing_of_the_companys_size(
    anybody: Phone, ada: Phone, world: World, clock: Clock
) -> None:
    """And colleagues what it was some minutes ago."""
    await world.ada.writes("Hello")

    outside = (await anybody.get("/api/v1/instance")).body["stats"]
    inside = (await ada.get("/api/v1/instance")).body["stats"]

    assert outside == {"user_count": 0, "status_count": 0, "domain_count": 0}
    assert inside == {"user_count": 4, "status_count": 1, "domain_count": 2}
    await world.ada.writes("Hello again")
    assert (await ada.get("/api/v1/instance")).body["stats"]["status_count"] == 1
    clock.advance(minutes=6)
    await world.ada.writes("And again")
    assert (await ada.get("/api/v1/instance")).body["stats"]["status_count"] == 3


async def test_a_group_is_an_account_that_says_so(ada: Phone, story: dict[str, str]) -> None:
    group = (await ada.get(f"/api/v1/accounts/{story['alpine']}")).body

    assert (group["group"], group["locked"], group["followers_count"], group["statuses_count"]) == (True, True, 3, 1)
    assert group["kontor"] == {"reach": str(Reach.PARTNERS), "access": "closed"}
