"""Whether a filter matches what a post says.

Texts and keywords are compared without case and in one form of each character. A keyword that is to match whole words
begins and ends at a border: where it has a letter, a digit, a mark or an underscore at its end, none may go on beside
it. Each keyword is looked for as it is, so that the time goes with the length of the text whatever somebody types.
"""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from models.tables import Filter, FilterAction
from models.viewers import Staff

_WORD = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Pc"})


class Keyword(Struct, frozen=True):
    """A keyword as it was typed, and as it is looked for."""

    shown: str
    folded: str
    begins_word: bool
    ends_word: bool

    @classmethod
    def of(cls, text: str, *, whole_word: bool) -> "Keyword":
        folded = fold(text)
        return cls(text, folded, whole_word and _is_word(folded[:1]), whole_word and _is_word(folded[-1:]))

    def is_in(self, text: str) -> bool:
        """Whether it stands in a folded text."""
        at = text.find(self.folded) if self.folded else -1
        while at >= 0:
            end = at + len(self.folded)
            is_inside = self.begins_word and at > 0 and _is_word(text[at - 1])
            if not is_inside and not (self.ends_word and _is_word(text[end : end + 1])):
                return True
            at = text.find(self.folded, at + 1)
        return False


class Rule(Struct, frozen=True, kw_only=True):
    """A filter, made ready for matching."""

    id: int
    title: str
    contexts: tuple[str, ...]
    action: FilterAction
    expires_at: datetime | None
    keywords: tuple[Keyword, ...]
    post_ids: frozenset[int]


class Hit(Struct, frozen=True):
    """That a rule matches a post: by keywords, by naming it, or both."""

    rule: Rule
    keywords: tuple[str, ...] = ()
    post_ids: tuple[int, ...] = ()


def fold(text: str) -> str:
    """The form in which texts and keywords are compared: NFKC, no case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def _is_word(character: str) -> bool:
    return bool(character) and unicodedata.category(character) in _WORD


def said(*parts: Iterable[str]) -> str:
    """All that a post says, folded; no keyword matches across two of its parts."""
    return "\n".join(fold(text) for texts in parts for text in texts if text)


def in_force(rules: Iterable[Rule], at: datetime) -> list[Rule]:
    """Those of `rules` that have not expired."""
    return [rule for rule in rules if rule.expires_at is None or rule.expires_at > at]


def sift(rules: Iterable[Rule], text: str, post_ids: Collection[int]) -> list[Hit]:
    """What `rules` say of a post that says `text`, as `said` made it; `post_ids` are its own id and that of a boost."""
    hits = []
    for rule in rules:
        found = tuple(keyword.shown for keyword in rule.keywords if keyword.is_in(text))
        named = tuple(post_id for post_id in post_ids if post_id in rule.post_ids)
        if found or named:
            hits.append(Hit(rule, found, named))
    return hits


_OF_ACCOUNT = (
    select(Filter)
    .where(Filter.account_id == bindparam("account_id"))
    .options(selectinload(Filter.keywords), selectinload(Filter.posts))
    .order_by(Filter.id)
)


async def rules_of(session: AsyncSession, viewer: Staff) -> Sequence[Rule]:
    """All filters of `viewer`, made ready, expired ones too; in three statements."""
    return [
        Rule(
            id=row.id,
            title=row.title,
            contexts=tuple(row.contexts),
            action=FilterAction(row.action),
            expires_at=row.expires_at,
            keywords=tuple(Keyword.of(each.keyword, whole_word=each.whole_word) for each in row.keywords),
            post_ids=frozenset(each.post_id for each in row.posts),
        )
        for row in await session.scalars(_OF_ACCOUNT, {"account_id": viewer.account_id})
    ]
