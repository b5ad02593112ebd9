"""What somebody's filters say of the statuses on a page.

The text that is looked through is what the kept status says already. What was found is kept for each version of a post
and of the filters; who has no filters never comes here.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from models import filters, links
from models.base import now
from models.filters import Hit, Rule
from models.polls import Standing
from models.posts.outlines import Version
from models.text.sanitise import to_plain
from models.viewers import Staff
from server import budgets
from server.api.answers import encoded
from server.api.entities.filters import result
from server.api.entities.kept import ENTRY_BYTES, Kept
from server.api.entities.statuses import KeptStatus

NOTHING = b"[]"


class _Described(msgspec.Struct):
    description: str | None = None


class _Named(msgspec.Struct):
    name: str = ""
    acct: str = ""


class _Said(msgspec.Struct):
    """What is looked through of a status."""

    spoiler_text: str
    content: str
    media_attachments: list[_Described]
    mentions: list[_Named]
    tags: list[_Named]


_READER = msgspec.json.Decoder(_Said)


class Found:
    """What filters say of some posts."""

    def __init__(self, rules: Sequence[Rule], hits: Mapping[int, Sequence[Hit]]) -> None:
        self._rules = rules
        self._hits = hits

    def of(self, post_id: int, boost_id: int | None = None) -> bytes:
        """FilterResults as JSON for a post; for a boost of it with the boost's own id."""
        hits = self._hits.get(post_id, ())
        if boost_id is not None and any(boost_id in rule.post_ids for rule in self._rules):
            known = {hit.rule.id: hit for hit in hits}
            hits = [
                Hit(rule, known[rule.id].keywords if rule.id in known else (), named)
                for rule in self._rules
                if (named := tuple(each for each in (boost_id, post_id) if each in rule.post_ids)) or rule.id in known
            ]
        return encoded([result(hit) for hit in hits]) if hits else NOTHING


EMPTY = Found((), {})


class Filtering:
    """Matches filters against statuses, once for each version of both."""

    def __init__(self) -> None:
        self._rules: Kept[tuple[int, int], Sequence[Rule]] = Kept(
            budgets.RULES, size=lambda rules: ENTRY_BYTES * len(rules)
        )
        self._found: Kept[tuple[int, tuple[int, ...], Version], Sequence[Hit]] = Kept(
            budgets.FOUND, size=lambda hits: ENTRY_BYTES * len(hits)
        )

    async def found(
        self,
        session: AsyncSession,
        viewer: Staff,
        shown: Mapping[Version, KeptStatus],
        polls: Mapping[int, Standing],
    ) -> Found:
        """What `viewer`'s filters say of the posts `shown`; `polls` are those they ask, by id."""
        version = viewer.filter_version
        key = (viewer.account_id, version)
        known = self._rules.get(key)
        if known is None:
            known = await filters.rules_of(session, viewer)
            self._rules.put(key, known)
        rules = filters.in_force(known, now())
        in_force = tuple(rule.id for rule in rules)
        hits: dict[int, Sequence[Hit]] = {}
        for post, kept in shown.items():
            found = self._found.get((version, in_force, post))
            if found is None:
                poll = polls.get(kept.poll_id) if kept.poll_id is not None else None
                found = filters.sift(rules, _text(kept, poll), (post.id,))
                self._found.put((version, in_force, post), found)
            hits[post.id] = found
        return Found(rules, hits)


def _text(kept: KeptStatus, poll: Standing | None) -> str:
    said = _READER.decode(kept.head + b"}")
    return filters.said(
        (said.spoiler_text, to_plain(said.content)),
        _options(poll),
        (file.description or "" for file in said.media_attachments),
        (f"#{tag.name}" for tag in said.tags),
        (f"@{mention.acct}" for mention in said.mentions),
        links.pages_in(said.content),
    )


def _options(poll: Standing | None) -> Iterable[str]:
    return () if poll is None else (option.title for option in poll.poll.options)
