"""L9: who may not see what, through whichever endpoint: every GET there is, with everything it can be filled with,
asked by everybody who may not see, and by one who may."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from models import groups
from models.tables import Access as Joining
from models.tables import Filter, FilterKeyword, Group, Media, Notification, Poll, Post, ScheduledPost
from server.api.routes import table
from server.api.routing import Access
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone, upload
from tests.server.api.story import ALL
from tests.world import Person, World, hire, take_in

ROOMS = {
    "accounts": "actors", "follow_requests": "actors", "lists": "groups", "list": "groups", "statuses": "posts",
    "polls": "polls", "media": "media", "notifications": "notifications", "conversations": "threads",
    "scheduled_statuses": "scheduled", "tag": "tags", "tags": "tags",
    "filters": "filters", "keywords": "keywords", "requests": "actors", "collections": "nothing",
    "terms_of_service": "nothing", "annual_reports": "nothing", "async_refreshes": "nothing",
}  # fmt: skip
"""What can stand in an address after a word of it."""
QUERIES = {
    "/api/v2/search": ["q={word}", "q=plan", "q=ada", "q=den", "q={address}"],
    "/api/v1/search": ["q=plan"],
    "/api/v1/accounts/search": ["q=ada", "q=den"],
    "/api/v1/accounts/lookup": ["acct=ada", "acct=den"],
    "/api/v1/accounts": ["{ids}"],
    "/api/v1/statuses": ["{posts}"],
    "/api/v1/accounts/relationships": ["{ids}"],
    "/api/v1/accounts/familiar_followers": ["{ids}"],
    "/api/v1/timelines/public": ["", "local=true", "remote=true", "only_media=true"],
    "/api/v1/timelines/link": ["url=https://news.example/plan"],
    "/api/v1/notifications": ["", "include_filtered=true"],
    "/api/v2/notifications": ["", "include_filtered=true"],
    "/api/v1/accounts/{id}/statuses": ["", "pinned=true", "only_media=true", "tagged={tag}"],
}
HELD_OPEN = "/api/v1/streaming"  # what streams tell is looked at in test_streaming


@dataclass
class Words:
    """One for each place that something can be read in, so that a leak says where from."""

    den: str = field(default_factory=lambda: f"den{secrets.token_hex(5)}")
    tag: str = field(default_factory=lambda: f"tag{secrets.token_hex(5)}")
    between: str = field(default_factory=lambda: f"dm{secrets.token_hex(5)}")
    hers: str = field(default_factory=lambda: f"hers{secrets.token_hex(5)}")
    own: str = field(default_factory=lambda: f"own{secrets.token_hex(5)}")


async def told(world: World, hand: Hand, words: Words) -> tuple[Group, dict[str, Phone]]:
    """A closed group of Alan's with Ada in it, where everything has the word; Grace was in it, too, and took part in
    all of it; Ada blocks Mary; and nobody else is told what Ada notes and keeps for later."""
    den = await world.alan.founds("den", access=Joining.CLOSED)
    await take_in(world.database, world.alan, den, world.ada, world.grace)
    mary = await hire(world.database, "mary")
    people: dict[str, Person | None] = {
        "ada": world.ada, "alan": world.alan, "removed": world.grace, "colleague": world.joan, "blocked": mary,
        "application": None,
    }  # fmt: skip
    phones = {name: await hand(person, ALL) for name, person in people.items()}
    ada, alan, grace = phones["ada"], phones["alan"], phones["removed"]
    inside = {"kontor_group_id": str(den.id)}
    file = (await ada.post("/api/v2/media", data=upload(description=f"A {words.den}"))).body
    first = await ada.writes(
        f"The plan {words.den} #{words.tag} https://news.example/plan @grace", spoiler_text=words.den,
        media_ids=[file["id"]], **inside,
    )  # fmt: skip
    await ada.put(f"/api/v1/statuses/{first['id']}", json={"status": f"The plan, again {words.den} @grace"})
    asked = await ada.writes(f"Tea {words.den}?", poll={"options": [words.den, "No"], "expires_in": 600}, **inside)
    answer = await alan.writes(f"More {words.den} #{words.tag} @grace", in_reply_to_id=first["id"])
    await grace.writes("I see", in_reply_to_id=answer["id"])
    for verb in ("favourite", "bookmark", "reblog", "mute"):
        await grace.post(f"/api/v1/statuses/{first['id']}/{verb}")
    await grace.post(f"/api/v1/polls/{asked['poll']['id']}/votes", json={"choices": [0]})
    await grace.writes("As she says", quoted_status_id=first["id"], **inside)
    await ada.writes(f"Between us {words.between} @alan", visibility="direct")
    await ada.writes(f"To all of us {words.hers} @mary")
    await phones["blocked"].post(f"/api/v1/accounts/{world.ada.id}/follow")
    await ada.post(f"/api/v1/accounts/{world.joan.id}/note", json={"comment": words.own})
    later = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    await ada.post("/api/v1/statuses", json={"status": f"Tomorrow {words.own}", "scheduled_at": later, **inside})
    filtering = {"title": words.own, "context": ["home"], "keywords_attributes": [{"keyword": words.own}]}
    await ada.post("/api/v2/filters", json=filtering)
    await world.settle()
    await ada.post(f"/api/v1/accounts/{mary.id}/block")
    async with world.database.writing() as session:
        await groups.remove(session, await session.get_one(Group, den.id), world.grace.id, by=world.alan.staff)
    await world.settle()
    return den, phones


async def values_of(world: World, den: Group, words: Words) -> dict[str, list[str]]:
    """What has the words in it, by kind."""
    async with world.database.reading() as session:
        posts = list(await session.scalars(select(Post)))
        telling = [post for post in posts if any(word in post.source for word in vars(words).values())]
        found = {
            "polls": await session.scalars(select(Poll.id)),
            "media": await session.scalars(select(Media.id)),
            "notifications": await session.scalars(
                select(Notification.id).where(Notification.post_id == telling[0].id)
            ),
            "scheduled": await session.scalars(select(ScheduledPost.id)),
            "filters": await session.scalars(select(Filter.id)),
            "keywords": await session.scalars(select(FilterKeyword.id)),
        }
        values = {kind: [str(each) for each in ids] for kind, ids in found.items()}
    values["actors"] = [str(world.ada.id), str(den.id)]
    values["groups"] = [str(den.id)]
    values["posts"] = [str(post.id) for post in telling]
    values["threads"] = [str(post.thread_id) for post in telling if words.between in post.source]
    values["tags"] = [words.tag]
    values["group_key"] = [f"ungrouped-{number}" for number in values["notifications"]]
    values["address"] = [telling[0].uri]
    return values


def addresses(values: dict[str, list[str]], words: Words, *access: Access) -> Iterator[str]:
    """Every GET for whoever has such access, filled with everything."""
    for route in table():
        path = re.sub(r"\{(\w+)(?::[^/]*)?\}", r"{\1}", route.path)
        if route.method != "GET" or route.access not in access or "{rest}" in path or path.startswith(HELD_OPEN):
            continue
        for filled in _filled(path, values):
            for query in QUERIES.get(path, [""]):
                asked = query.format(
                    word=words.den, tag=words.tag, address=values["address"][0],
                    ids="&".join(f"id[]={each}" for each in values["actors"]),
                    posts="&".join(f"id[]={each}" for each in values["posts"]),
                )  # fmt: skip
                yield f"{filled}?{asked}" if asked else filled


def _filled(path: str, values: dict[str, list[str]]) -> Iterator[str]:
    if "{" not in path:
        yield path
        return
    before = path.partition("/{")[0].rpartition("/")[2]
    place = re.findall(r"\{(\w+)\}", path)[0]
    for value in values.get(ROOMS.get(before, place), ["1"]):
        yield re.sub(r"\{\w+\}", value, path)


def where_it_could_be(paths: Iterator[str], telling: set[str]) -> Iterator[str]:
    """Those of `paths` that told something to who may see it, and those that tell everybody something else."""
    return (path for path in paths if path in telling or not _OF_A_THING.search(path))


_OF_A_THING = re.compile(r"/(?:accounts|statuses|polls|media|tags)/\d{9,}")


async def heard(phone: Phone, paths: Iterator[str], words: Words) -> set[tuple[str, str]]:
    """Which words were told, and where; not those that were asked for."""
    found = set()
    for path in paths:
        answer = await phone.ask("GET", path)
        assert answer.status < 500, path
        said = f"{answer.body} {answer.headers.get('Link', '')}"
        found |= {(name, path) for name, word in vars(words).items() if word in said and word not in path}
    return found


async def test_L9_what_one_may_not_see_is_told_at_no_address(world: World, hand: Hand, anybody: Phone) -> None:
    words = Words()
    den, phones = await told(world, hand, words)
    values = await values_of(world, den, words)
    everything = Access.PUBLIC, Access.APP, Access.PERSON

    def names(found: set[tuple[str, str]]) -> set[str]:
        return {name for name, _ in found}

    ada = await heard(phones["ada"], addresses(values, words, *everything), words)
    assert names(ada) == set(vars(words)), "who may see it finds it"
    assert len({path.partition("?")[0] for name, path in ada if name == "den"}) > 12
    for who, allowed in (("removed", {"hers"}), ("colleague", {"hers"}), ("blocked", set())):
        paths = where_it_could_be(addresses(values, words, *everything), {path for _, path in ada})
        found = await heard(phones[who], paths, words)
        assert {each for each in found if each[0] not in allowed} == set(), who
    found = await heard(phones["application"], addresses(values, words, Access.PUBLIC, Access.APP), words)
    assert found == set()
    found = await heard(anybody, addresses(values, words, Access.PUBLIC), words)
    assert found == set()

    for who in ("removed", "colleague", "blocked", "application"):
        members = await phones[who].ask("GET", f"/api/v1/accounts/{den.id}/followers")
        assert members.body == [] or members.status == 404, who
        people = await phones[who].ask("GET", f"/api/v1/lists/{den.id}/accounts")
        assert people.status in (403, 404), who
    assert len((await phones["ada"].get(f"/api/v1/accounts/{den.id}/followers")).body) == 2


def test_everything_that_can_be_asked_is_asked() -> None:
    """A new place in an address has to be given something to stand there."""
    unknown = set()
    for route in table():
        if route.method != "GET" or "{" not in route.path or route.access is Access.ADMIN:
            continue
        before = route.path.partition("/{")[0].rpartition("/")[2]
        if before not in ROOMS and "{group_key" not in route.path:
            unknown.add(route.path)

    assert unknown == set()
