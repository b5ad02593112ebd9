"""Mastodon's Quote and the policy about quotes in a Status."""

from typing import Any

import msgspec
from msgspec import Struct

from models import interactions
from models.interactions import AUTHOR, EVERYBODY, FOLLOWERS, FOLLOWING, Asker, Interaction, Rules, Verdict
from models.posts.outlines import Content
from models.quotes import Quote
from models.tables import Reach, Visibility
from server.api.answers import encoded

_WORDS = {EVERYBODY: "public", FOLLOWERS: "followers", FOLLOWING: "following"}
_OPEN = (Visibility.PUBLIC, Visibility.UNLISTED, Visibility.COMPANY)


class Approval(Struct, frozen=True):
    """Who may quote a post: the part that is the same for all, and what is needed to say it to one person."""

    head: bytes
    rules: Rules
    usual: Verdict
    author_id: int

    @property
    def needs_relations(self) -> bool:
        return interactions.needs_relations(self.rules, Interaction.QUOTE)


def approval(content: Content) -> Approval:
    """The rule of a post about quotes. Where its author said nothing, ours may be quoted by who sees them, and what is
    for some only within their circle; of a post elsewhere it is not known."""
    post, group = content.post, content.group
    rules = interactions.unpack(post.interaction)
    rule = rules.get(Interaction.QUOTE)
    reach = Reach.PUBLIC if group is None else group.reach
    is_open = post.visibility in _OPEN or (post.visibility is Visibility.GROUP and Reach.PUBLIC is reach is post.reach)
    usual = Verdict.AUTOMATIC if post.is_local else Verdict.UNKNOWN
    if post.visibility in (Visibility.DIRECT, Visibility.FOLLOWERS):
        usual, rules, rule = Verdict.DENIED, {}, None
    automatic = ["public"] if post.is_local and is_open else []
    manual: list[str] = []
    if rule is not None:
        automatic, manual = _words(rule.automatic), _words(rule.manual)
    shared = encoded({"automatic": automatic, "manual": manual})
    return Approval(shared[:-1] + b',"current_user":"', rules, usual, post.author_id)


def _words(names: tuple[str, ...]) -> list[str]:
    words = (_WORDS.get(name, "unsupported_policy") for name in names if name != AUTHOR)
    return list(dict.fromkeys(words))


def spliced_approval(kept: Approval, *, viewer_id: int | None, relation: tuple[bool, bool]) -> bytes:
    """The policy as one viewer has it; visitors may quote nothing."""
    if viewer_id is None:
        said = Verdict.DENIED
    elif viewer_id == kept.author_id:
        said = Verdict.AUTOMATIC if kept.usual is not Verdict.DENIED else Verdict.DENIED
    elif Interaction.QUOTE not in kept.rules:
        said = kept.usual
    else:
        follows, is_followed = relation
        asker = Asker(uri="", follows=follows, is_followed=is_followed)
        said = interactions.verdict(kept.rules, Interaction.QUOTE, asker)
    return kept.head + str(said).encode() + b'"}'


def quote(found: Quote | None, status: bytes | None) -> bytes:
    """What a status quotes, with the status where it may be shown."""
    if found is None:
        return b"null"
    body: dict[str, Any] = {"state": str(found.state), "quoted_status": None}
    if status is not None:
        body["quoted_status"] = msgspec.Raw(status)
    return encoded(body)


def shallow(found: Quote | None) -> bytes:
    """What a status quotes that is itself shown in a quote: its id alone."""
    if found is None:
        return b"null"
    quoted_id = None if found.target_id is None else str(found.target_id)
    return encoded({"state": str(found.state), "quoted_status_id": quoted_id})
