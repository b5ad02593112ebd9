"""What others may do with a post, both directions: `interactionPolicy` (FEP-044f and GoToSocial's, POL-1)."""

from collections.abc import Iterable, Mapping

from federation.documents import members
from federation.vocabulary import PUBLIC, Document, as_list, ids_of, is_public
from models import interactions
from models.interactions import AUTHOR, EVERYBODY, FOLLOWERS, FOLLOWING, Interaction, Rule, Rules
from models.tables import Actor

_NAMES = {
    Interaction.LIKE: "canLike",
    Interaction.REPLY: "canReply",
    Interaction.ANNOUNCE: "canAnnounce",
    Interaction.QUOTE: "canQuote",
}
NOBODY_ELSE = Rule((AUTHOR,))


def render(kept: str | None, author: Actor, *, is_public: bool, takes_replies: bool) -> Document:
    """What the author and the place of a post of ours allow. `canQuote` is always there; of what goes to some only, no
    more than that may be passed on or quoted, whatever its author said."""
    rules = dict(interactions.unpack(kept))
    rules.setdefault(Interaction.QUOTE, Rule((EVERYBODY,)))
    if not is_public:
        rules[Interaction.QUOTE] = rules[Interaction.ANNOUNCE] = NOBODY_ELSE
    if not takes_replies:
        rules[Interaction.REPLY] = NOBODY_ELSE
    return {_NAMES[kind]: _rule(rule, author) for kind, rule in sorted(rules.items())}


def _rule(rule: Rule, author: Actor) -> Document:
    document: Document = {"automaticApproval": _spelled(rule.automatic, author)}
    if rule.manual:
        document["manualApproval"] = _spelled(rule.manual, author)
    return document


def _spelled(names: Iterable[str], author: Actor) -> list[object]:
    words = {
        EVERYBODY: PUBLIC,
        FOLLOWERS: author.followers_uri or f"{author.uri}/followers",
        FOLLOWING: author.following_uri or f"{author.uri}/following",
        AUTHOR: author.uri,
    }
    return [words.get(name, name) for name in names]


def parse(document: Document, *, insecure_hosts: tuple[str, ...]) -> Rules:
    """The rules of a post elsewhere, its author's collections still by their addresses; what is malformed is none."""
    policy = document.get("interactionPolicy")
    if not isinstance(policy, dict):
        return {}
    return {
        kind: Rule(
            _ids(told, ("automaticApproval", "always"), insecure_hosts),
            _ids(told, ("manualApproval", "approvalRequired"), insecure_hosts),
        )
        for kind, name in _NAMES.items()
        if isinstance(told := policy.get(name), dict)
    }


def _ids(told: Mapping[str, object], names: tuple[str, str], insecure_hosts: tuple[str, ...]) -> tuple[str, ...]:
    found = next((told[name] for name in names if told.get(name) is not None), None)
    listed = as_list(found)[: interactions.MOST]
    return tuple(
        EVERYBODY if is_public(one) else one
        for one in ids_of(listed)
        if is_public(one) or members.is_address(one, insecure_hosts=insecure_hosts)
    )


def known(rules: Rules, author: Actor) -> Rules:
    """The same with the author's collections in words."""
    words = {author.uri: AUTHOR, author.followers_uri: FOLLOWERS, author.following_uri: FOLLOWING}
    return {
        kind: Rule(
            tuple(words.get(name, name) for name in rule.automatic),
            tuple(words.get(name, name) for name in rule.manual),
        )
        for kind, rule in rules.items()
    }
