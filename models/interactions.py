"""What others may do with a post, as its author says: the interaction policy (FEP-044f, GoToSocial's).

For each kind of interaction there may be a rule: who may at once, and who has to ask. Without a rule whoever sees a
post may like, answer and pass it on; whether it may be quoted is then not known, and its author is asked. Nothing here
looks anything up; `models.policy` decides with what it finds.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec
from msgspec import Struct

from models.errors import NotAllowed

EVERYBODY = "*"
FOLLOWERS = "followers"
FOLLOWING = "following"
AUTHOR = "author"
MOST = 50
_LONGEST = 500


class NotPermitted(NotAllowed):
    """Its author does not permit this."""

    code = "not_permitted"


class Interaction(StrEnum):
    LIKE = "like"
    REPLY = "reply"
    ANNOUNCE = "announce"
    QUOTE = "quote"


class Verdict(StrEnum):
    """What a rule says to somebody; in the words of clients."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Rule(Struct, frozen=True):
    """Who may at once, and who may once the author agrees: the four words above, or ids of actors."""

    automatic: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()


Rules = Mapping[Interaction, Rule]


class Asker(Struct, frozen=True, kw_only=True):
    """Somebody who wants to do something with a post, as they stand to its author."""

    uri: str
    is_author: bool = False
    is_named: bool = False
    follows: bool = False
    is_followed: bool = False


def verdict(rules: Rules, interaction: Interaction, asker: Asker) -> Verdict:
    """What is said to `asker`. The most specific entry counts; of equal ones the one that lets them (section 9).

    Whoever is named in a post, or is answered by it, may always answer it (POL-2).
    """
    rule = rules.get(interaction)
    if asker.is_author or (interaction is Interaction.REPLY and asker.is_named):
        return Verdict.AUTOMATIC
    if rule is None:
        return Verdict.UNKNOWN if interaction is Interaction.QUOTE else Verdict.AUTOMATIC
    for names in _names(asker):
        if not names.isdisjoint(rule.automatic):
            return Verdict.AUTOMATIC
        if not names.isdisjoint(rule.manual):
            return Verdict.MANUAL
    return Verdict.DENIED


def _names(asker: Asker) -> Iterable[set[str]]:
    yield {asker.uri}
    yield ({FOLLOWERS} if asker.follows else set()) | ({FOLLOWING} if asker.is_followed else set())
    yield {EVERYBODY}


def needs_relations(rules: Rules, interaction: Interaction) -> bool:
    """Whether somebody has to look up who follows whom before `verdict` can be asked."""
    rule = rules.get(interaction)
    return rule is not None and not {FOLLOWERS, FOLLOWING}.isdisjoint((*rule.automatic, *rule.manual))


# In the database


class _Packed(msgspec.Struct, array_like=True):
    automatic: list[str]
    manual: list[str]


_decode = msgspec.json.Decoder(dict[str, _Packed]).decode


def pack(rules: Rules) -> str | None:
    """Rules as they are kept with a post; None where there are none. Too long or too many ids are left out."""
    if not rules:
        return None
    packed = {
        str(kind): _Packed(list(_bounded(rule.automatic)), list(_bounded(rule.manual)))
        for kind, rule in sorted(rules.items())
    }
    return msgspec.json.encode(packed).decode()


def _bounded(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if len(name) <= _LONGEST))[:MOST]


def unpack(kept: str | None) -> Rules:
    if kept is None:
        return {}
    return {Interaction(kind): Rule(tuple(rule.automatic), tuple(rule.manual)) for kind, rule in _decode(kept).items()}


# What people of ours may say


class QuotePolicy(StrEnum):
    """Who may quote a post of ours, in the words of clients."""

    PUBLIC = "public"
    FOLLOWERS = "followers"
    NOBODY = "nobody"


_QUOTING = {
    QuotePolicy.PUBLIC: Rule((EVERYBODY,)),
    QuotePolicy.FOLLOWERS: Rule((FOLLOWERS,)),
    QuotePolicy.NOBODY: Rule((AUTHOR,)),
}


def with_quoting(kept: str | None, wanted: QuotePolicy) -> str | None:
    """The rules `kept` with another one about quotes."""
    return pack({**unpack(kept), Interaction.QUOTE: _QUOTING[wanted]})
