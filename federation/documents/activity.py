"""The activities we send, each as a plain document that `envelope.proven` and `envelope.encode` complete.

Times are arguments and ids are minted by the caller, so that the same facts always give the same bytes.
"""

from datetime import datetime

import msgspec

from federation.documents.envelope import encode, proven, with_context
from federation.vocabulary import PUBLIC, Document, format_date

__all__ = [
    "accept",
    "announce",
    "announce_activity",
    "create",
    "delete",
    "delete_stamp",
    "embedding",
    "encode",
    "flag",
    "follow",
    "like",
    "proven",
    "quote_answer",
    "quote_request",
    "reject",
    "reject_interaction",
    "undo",
    "update",
    "update_actor",
    "with_context",
]


def create(uri: str, post: Document) -> Document:
    """Create of a post, which repeats the addressing of the post."""
    return {
        "id": uri,
        "type": "Create",
        "actor": post["attributedTo"],
        **_addressed_as(post),
        "published": post["published"],
        "object": post,
    }


def update(uri: str, post: Document) -> Document:
    """Update of a post; one id per revision."""
    return {
        "id": uri,
        "type": "Update",
        "actor": post["attributedTo"],
        **_addressed_as(post),
        "published": post.get("updated", post["published"]),
        "object": post,
    }


def _addressed_as(post: Document) -> Document:
    return {name: post[name] for name in ("to", "cc", "audience") if name in post}


def delete(
    uri: str,
    actor: str,
    post_uri: str,
    *,
    to: list[str],
    cc: list[str],
    deleted: datetime,
    audience: str | None = None,
    summary: str = "",
) -> Document:
    """Delete of a post, whose id stays as a Tombstone."""
    document: Document = {"id": uri, "type": "Delete", "actor": actor, "to": to, "cc": cc}
    if audience is not None:
        document["audience"] = audience
    if summary:
        document["summary"] = summary
    document["object"] = {"id": post_uri, "type": "Tombstone", "deleted": format_date(deleted)}
    return document


def announce(uri: str, actor: str, what: str, *, to: list[str], cc: list[str], published: datetime) -> Document:
    """Announce of a thing by its id: a boost, or a group's form for microblogs (GRP-8, form 2)."""
    return {
        "id": uri,
        "type": "Announce",
        "actor": actor,
        "to": to,
        "cc": cc,
        "published": format_date(published),
        "object": what,
    }


def announce_activity(
    uri: str, group: str, followers: str, activity: Document, *, is_public: bool, published: datetime
) -> Document:
    """A group's Announce of an activity (GRP-8, form 1), addressed to all or to the group's followers alone.

    `activity` is the embedded one, read; `embedding` puts its exact bytes in place.
    """
    return {
        "id": uri,
        "type": "Announce",
        "actor": group,
        "to": [PUBLIC if is_public else followers],
        "cc": [followers] if is_public else [],
        "published": format_date(published),
        "object": activity,
    }


def embedding(document: Document, body: bytes) -> Document:
    """`document` with `object` replaced by the exact bytes of what it stands for (GEN-5, FEP-1b12)."""
    return {**document, "object": msgspec.Raw(body)}


def undo(uri: str, undone: Document, *, to: list[str], cc: list[str]) -> Document:
    """Undo of an activity of the same actor, embedded whole: peers match it by its parts where ids fail them."""
    inner = {name: value for name, value in undone.items() if name not in ("@context", "proof")}
    return {"id": uri, "type": "Undo", "actor": undone["actor"], "to": to, "cc": cc, "object": inner}


def like(uri: str, actor: str, post_uri: str, *, to: list[str], audience: str | None = None) -> Document:
    document: Document = {"id": uri, "type": "Like", "actor": actor, "to": to, "cc": []}
    if audience is not None:
        document["audience"] = audience
    document["object"] = post_uri
    return document


def follow(uri: str, actor: str, followed: str) -> Document:
    """Follow of a person, or of a group: the wish to join it (GRP-2)."""
    return {"id": uri, "type": "Follow", "actor": actor, "to": [followed], "cc": [], "object": followed}


def flag(uri: str, actor: str, about: list[str], *, to: list[str], text: str) -> Document:
    """Flag of somebody and of posts of theirs, by their ids."""
    return {"id": uri, "type": "Flag", "actor": actor, "to": to, "cc": [], "content": text, "object": about}


def accept(uri: str, *, follow_uri: str, follower: str, followed: str) -> Document:
    """Accept of a Follow with the complete Follow inside: the shape that all read (GRP-3)."""
    return _answer("Accept", uri, follow_uri, follower, followed)


def reject(uri: str, *, follow_uri: str, follower: str, followed: str) -> Document:
    """Reject of a Follow, also later, when somebody is removed."""
    return _answer("Reject", uri, follow_uri, follower, followed)


def _answer(type: str, uri: str, follow_uri: str, follower: str, followed: str) -> Document:
    asked: Document = {"id": follow_uri, "type": "Follow", "actor": follower, "object": followed}
    return {"id": uri, "type": type, "actor": followed, "to": [follower], "cc": [], "object": asked}


def quote_request(uri: str, actor: str, quoted: str, post: Document, *, to: str) -> Document:
    """QuoteRequest: to show somebody's post inside `post`, which comes along (FEP-044f)."""
    return {
        "id": uri,
        "type": "QuoteRequest",
        "actor": actor,
        "to": [to],
        "cc": [],
        "object": quoted,
        "instrument": post,
    }


def quote_answer(
    uri: str, actor: str, *, to: str, request_uri: str, quoted: str, post_uri: str, stamp_uri: str | None
) -> Document:
    """Accept with its stamp, or Reject without one, of somebody's QuoteRequest, which is repeated in short."""
    document: Document = {
        "id": uri,
        "type": "Accept" if stamp_uri is not None else "Reject",
        "actor": actor,
        "to": [to],
        "cc": [],
        "object": {
            "id": request_uri,
            "type": "QuoteRequest",
            "actor": to,
            "object": quoted,
            "instrument": post_uri,
        },
    }
    if stamp_uri is not None:
        document["result"] = stamp_uri
    return document


def delete_stamp(uri: str, actor: str, stamp: Document, *, to: list[str]) -> Document:
    """Delete of a stamp: what it allowed is allowed no longer (FEP-044f)."""
    return {"id": uri, "type": "Delete", "actor": actor, "to": to, "cc": [], "object": stamp}


def reject_interaction(uri: str, actor: str, what: str, *, to: str) -> Document:
    """Reject of a like, an answer or a boost by its id: the author of what it is about does not permit it (POL-2)."""
    return {"id": uri, "type": "Reject", "actor": actor, "to": [to], "cc": [], "object": what}


def update_actor(uri: str, actor: Document, *, to: list[str], cc: list[str]) -> Document:
    """Update of an actor by itself; the document replaces what others have, whole (ACT-4)."""
    inner = {name: value for name, value in actor.items() if name != "@context"}
    return {
        "id": uri,
        "type": "Update",
        "actor": actor["id"],
        "to": to,
        "cc": cc,
        "published": actor["updated"],
        "object": inner,
    }
