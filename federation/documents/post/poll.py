"""The poll of a post, both directions (ActivityStreams `Question`), and the votes in one."""

from datetime import datetime

from msgspec import Struct

from federation.documents import members
from federation.vocabulary import Document, as_list, format_date, id_of, parse_date, types_of
from models.polls import RemotePoll
from models.tables import Poll

MOST = 20
_NAME = 500
_COUNT = 2**53


def render(poll: Poll, *, now: datetime) -> Document:
    """The members that make a post a Question. Counts stay out while they are to be hidden; voters never are in it."""
    hidden = poll.hides_totals and not poll.is_over(now)
    options: list[Document] = [
        {
            "type": "Note",
            "name": option.name,
            "replies": {"type": "Collection", "totalItems": 0 if hidden else option.votes},
        }
        for option in poll.options
    ]
    document: Document = {"anyOf" if poll.is_multiple else "oneOf": options, "votersCount": poll.voters}
    if poll.ends_at is not None:
        document["endTime"] = format_date(poll.ends_at)
        if poll.is_over(now):
            document["closed"] = format_date(poll.ends_at)
    return document


def parse(document: Document, *, now: datetime) -> RemotePoll | None:
    """What a Question asks; None where it offers nothing that could be chosen."""
    is_multiple = bool(as_list(document.get("anyOf")))
    listed = as_list(document.get("anyOf")) or as_list(document.get("oneOf"))
    options: dict[str, int] = {}
    for item in listed[:MOST]:
        name = item.get("name") if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(name, str) and name.strip() and len(name) <= _NAME:
            options.setdefault(name.replace("\0", ""), _count(item.get("replies")))
    if not options:
        return None
    ended_at = parse_date(document.get("closed"), now=now)
    if ended_at is None and document.get("closed") is True:
        ended_at = now
    return RemotePoll(
        options=tuple(options.items()),
        is_multiple=is_multiple,
        voters=members.whole(document.get("votersCount"), most=_COUNT),
        ends_at=parse_date(document.get("endTime")),
        ended_at=ended_at,
    )


def _count(replies: object) -> int:
    return (members.whole(replies.get("totalItems"), most=_COUNT) or 0) if isinstance(replies, dict) else 0


class Votes(Struct, frozen=True):
    """Answers to a poll: its post's id, and the names of what was chosen."""

    post_uri: str
    names: tuple[str, ...]


def votes(value: object, *, voter: str, insecure_hosts: tuple[str, ...]) -> Votes | None:
    """The votes in a Create's object: a Note with a name and no text, or several of them; None for anything else.

    All must be `voter`'s own and answer one post.
    """
    names: list[str] = []
    asked: set[str] = set()
    notes = as_list(value)
    for note in notes[:MOST]:
        if not isinstance(note, dict) or "Note" not in types_of(note) or note.get("content") not in (None, ""):
            return None
        name, post_uri = note.get("name"), members.checked_id(note.get("inReplyTo"), insecure_hosts=insecure_hosts)
        if not isinstance(name, str) or not name or post_uri is None or id_of(note.get("attributedTo")) != voter:
            return None
        names.append(name)
        asked.add(post_uri)
    return Votes(asked.pop(), tuple(names)) if len(asked) == 1 else None


def render_vote(uri: str, *, voter: str, post_uri: str, author: str, name: str) -> Document:
    """One answer to somebody's poll, for nobody but them; `uri` is the Create's, whose fragment it is."""
    note: Document = {
        "id": f"{uri}#vote",
        "type": "Note",
        "attributedTo": voter,
        "to": [author],
        "cc": [],
        "name": name,
        "inReplyTo": post_uri,
    }
    return {"id": uri, "type": "Create", "actor": voter, "to": [author], "cc": [], "object": note}
