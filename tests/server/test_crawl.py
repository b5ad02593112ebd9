"""Nobody outside finds a word of an internal group, at whatever address they ask (conformance 3).

Every route that can be asked is asked, with every id, name and file that there is, and whatever address an answer
names is asked as well: by anybody, by a partner who signs, and by a company that nobody admitted and that signs too.
"""

import itertools
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from sqlalchemy import select
from yarl import URL

from federation.vocabulary import ACCEPT
from models.tables import Activity, Actor, Group, Level, Media, Post, Reach, Role
from tests.browsing import LocalNames
from tests.federation import neighbours
from tests.federation.neighbours import PeerActor
from tests.town import Company, Town
from tests.world import Person

SIGNED = ("/ap/", "/.well-known/", "/nodeinfo", "/media/")
PAGES = ("/people/", "/groups/", "/posts/")
NEGOTIATED = {"/people/{handle}", "/groups/{handle}", "/posts/{post_id}"}
UNASKED = re.compile(r"/api/v1/streaming(?!/health)|/events|/static|/$")  # streams have no end; slashes are the same
LOADED = re.compile(
    r'<(?!a |form |link rel="(?:alternate|canonical))[^>]*\b(?:src|srcset|poster|href)="(?!/(?!/)|#)[^"]*"'
)
"""What a page would load from another server (R-56)."""
ANYTHING = ["1", "x", "northwind.example"]
COLLECTIONS = ("outbox", "outbox?page=true", "followers", "following", "featured", "moderators")
QUERIES = {
    "/.well-known/webfinger": ["resource=acct:{handle}@{host}", "resource={actor}"],
    "/api/v2/search": ["q={handle}", "q=soup", "q=@{handle}@{host}&resolve=true"],
    "/search": ["q=soup"],
    "/api/v1/accounts/lookup": ["acct={handle}"],
    "/api/v1/timelines/public": ["", "local=true", "remote=true"],
    "/api/v1/timelines/link": ["url=http://{host}/tags/soup"],
    "/api/v1/statuses": ["id[]={id}"],
    "/api/v1/accounts": ["id[]={id}"],
}


@dataclass
class Crawl:
    """Asks everything once for each who asks, and remembers what was said where."""

    company: Company
    client: aiohttp.ClientSession
    values: dict[str, list[str]]
    asked: set[tuple[str, str]] = field(default_factory=set)
    told: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    async def everything(self, name: str, who: PeerActor | None) -> None:
        queue = list(self._addresses(wire_only=who is not None))
        while queue:
            path = queue.pop()
            if (name, path) not in self.asked:
                self.asked.add((name, path))
                for accept in _forms(path) if who is None else (ACCEPT,):
                    queue += await self._ask(name, who, path, accept)

    async def _ask(self, name: str, who: PeerActor | None, path: str, accept: str) -> list[str]:
        url = f"{self.company.base_url}{path}"
        headers = {"Accept": accept}
        if who is not None:
            headers = who.headers("GET", url, accept=accept)
        async with self.client.get(URL(url, encoded=True), headers=headers, allow_redirects=False) as answer:
            assert answer.status < 500, (path, answer.status)
            text = f"{path} {sorted(answer.headers.items())} {await answer.text(errors='replace')}"
        self.told.setdefault(name, []).append((path, text))
        found = re.findall(rf"{re.escape(self.company.base_url)}(/[^\s\"'<>\\)}}{{]*)|href=\"(/[^\"]*)\"", text)
        links = {(absolute or relative).replace("&amp;", "&").partition("#")[0] for absolute, relative in found}
        assert LOADED.findall(text) == [], path
        return [link for link in links if not UNASKED.search(link.partition("?")[0]) and "token=" not in link]

    def _addresses(self, *, wire_only: bool) -> Iterator[str]:
        for pattern in self.patterns():
            if not wire_only or pattern in NEGOTIATED or pattern.startswith(SIGNED):
                yield from self._filled(pattern)
        yield from self.values["wire"]

    def patterns(self) -> Iterator[str]:
        """The routes that can be asked without doing anything."""
        for resource in self.company.app.router.resources():
            can_get = any(route.method in ("GET", "*") for route in resource)
            if can_get and not isinstance(resource, web.StaticResource) and not UNASKED.search(resource.canonical):
                yield resource.canonical

    def _filled(self, pattern: str) -> Iterator[str]:
        names = re.findall(r"{(\w+)}", pattern)
        kind = pattern.split("/")[3] if pattern.startswith("/api/v") else ""
        values = [self.values.get(f"{kind} {name}") or self.values.get(name, ANYTHING) for name in names]
        most = max(map(len, values), default=1)
        for chosen in (
            zip(*(itertools.islice(itertools.cycle(each), most) for each in values), strict=True) if names else [()]
        ):
            path = pattern.format(**dict(zip(names, chosen, strict=True)))
            yield path
            for query in QUERIES.get(pattern, []):
                for handle, actor, id in zip(*(self.values[n] for n in ("handle", "actor", "id")), strict=False):
                    yield f"{path}?{query.format(handle=handle, actor=actor, id=id, host=self.company.host)}"

    def never_asked(self) -> list[str]:
        """The routes that no address led to."""
        asked = {path.partition("?")[0] for _, path in self.asked}
        resources = {each.canonical: each.get_info() for each in self.company.app.router.resources()}
        patterns = {name: resources[name].get("pattern", re.compile(re.escape(name))) for name in self.patterns()}
        return [name for name, pattern in patterns.items() if not any(map(pattern.fullmatch, asked))]

    def who_heard(self, word: str) -> dict[str, list[str]]:
        """Which of those who asked were told a word, and where."""
        heard = {name: [path for path, text in told if word in text] for name, told in self.told.items()}
        return {name: paths for name, paths in heard.items() if paths}


def _forms(path: str) -> tuple[str, ...]:
    """In which forms anybody asks for a path: pages that are documents too in both."""
    if path.startswith(SIGNED):
        return (ACCEPT,)
    return ("text/html", ACCEPT) if path.startswith(PAGES) and path.count("/") == 2 else ("text/html",)


async def writes_all_there_is(company: Company, author: Person, group: Group, word: str) -> list[Post]:
    """Posts in a group with a word in everything that can hold one; in groups that are open, one is enough."""
    media = await author.uploads(f"A picture of {word}")
    first = await author.writes(
        f"The soup is {word} #x{word}", title=f"On {word}", group=group, media_ids=(media.id,), warning=f"Of {word}"
    )
    if group.reach is not Reach.INTERNAL:
        return [first]
    answer = await author.replies(first, f"More {word}")
    await author.edits(answer, f"Much more {word}")
    await author.boosts(first)
    await author.likes(first)
    gone = await author.writes(f"Gone {word}", group=group)
    await author.deletes(gone)
    return [first, answer, gone]


async def values_of(company: Company, groups: Sequence[Group], posts: Sequence[Post]) -> dict[str, list[str]]:
    """What can stand at each place of an address: all that has to do with these groups and posts."""
    async with company.database.reading() as session:
        actors = [await session.get_one(Actor, group.id) for group in groups]
        actors.append(await session.get_one(Actor, posts[0].author_id))
        activities = list(await session.scalars(select(Activity)))
        files = list(await session.scalars(select(Media)))
    internal = [post for post in posts if post.group_id == groups[0].id]
    wire = [f"{actor.uri}/{name}" for actor in actors for name in ("", *COLLECTIONS)]
    wire += [f"{post.uri}{end}" for post in posts for end in ("", "/replies", "/replies?page=true&after=0", "/likes")]
    wire += [each.uri for each in activities] + [str(post.context_uri) for post in posts]
    wire += [f"{actors[0].uri}/members/{'0' * 64}"]
    return {
        "id": [str(posts[0].id)],
        "statuses id": [str(post.id) for post in (internal[0], internal[-1], posts[-1])],
        "accounts id": [str(actor.id) for actor in actors],
        "lists id": [str(group.id) for group in groups],
        "media id": [str(file.id) for file in files],
        "post_id": [str(post.id) for post in (internal[0], internal[-1], posts[-1])],
        "media_id": [str(file.id) for file in files],
        "file": [str(file.file) for file in files],
        "actor_id": [str(actor.id) for actor in actors],
        "handle": [actor.username for actor in actors],
        "actor": [actor.uri for actor in actors],
        "wire": [address.removeprefix(company.base_url).rstrip("/") for address in wire],
        "group_key": ["ungrouped-1"], "which": ["avatar"], "preview": ["preview"], "version": ["1", "2.1"],
        "tag": ["soup"], "name": ["soup", "terms"],
        "shelf": ["u"], "key": ["1"], "member": ["0" * 64], "collection": ["outbox"], "rest": ["x"],
        "approval_id": ["1"], "partner_id": ["1"],
    }  # fmt: skip


async def test_L1_to_L9_no_address_tells_anybody_outside_a_word_of_an_internal_group(town: Town) -> None:
    """GRP-18 and L15 too: redirects, errors and headers are read along with bodies. No page loads anything (R-56)."""
    company = await town.company("Muster")
    alan = await company.hires("alan", Role.ADMIN)
    words = {reach: secrets.token_hex(8) for reach in Reach}
    groups = {reach: await alan.founds(f"{reach}-soup", reach=reach) for reach in Reach}
    async with neighbours.peer("northwind") as northwind, neighbours.peer("mallory") as mallory:
        nora, eve = northwind.person("nora"), mallory.person("eve", number=1)
        async with company.database.writing() as session:
            from models import partners

            await partners.admit(session, northwind.host, levels={f"{Reach.PARTNERS}-soup": Level.POST})
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=4, resolver=LocalNames())) as client:
            crawl = Crawl(company, client, {})
            await crawl._ask("partner", nora, "/ap/u/never", ACCEPT)
            await joins(company, nora, groups[Reach.PARTNERS])
            posts = [
                post
                for reach in Reach
                for post in await writes_all_there_is(company, alan, groups[reach], words[reach])
            ]
            await town.settle()
            crawl.values = await values_of(company, list(groups.values()), posts)
            await crawl.everything("anybody", None)
            await crawl.everything("partner", nora)
            await crawl.everything("third company", eve)

    assert crawl.who_heard(words[Reach.INTERNAL]) == {}
    assert crawl.who_heard(words[Reach.PARTNERS]).keys() == {"partner"}
    assert crawl.who_heard(words[Reach.PUBLIC]).keys() == {"anybody", "partner"}
    assert crawl.never_asked() == []


async def joins(company: Company, person: PeerActor, group: Group) -> None:
    from models import actors, groups

    async with company.database.writing() as session:
        actor = await actors.by_uri(session, person.id)
        assert actor is not None
        await groups.receive_join(session, await session.get_one(Group, group.id), actor, uri=f"{person.id}/join")
