"""Turns what happened in the house into activities for those outside whom it concerns.

A consumer of the journal: it runs in the transaction that moves its cursor, touches no network, and leaves rows in the
queue of `models.deliveries`. Each activity is made once, with an integrity proof of its actor, and its bytes never
change again. Whom a thing concerns is computed here; whether a company may get anything at all is asked of the gate
once more by `deliveries.enqueue`, which writes the ledger.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from federation.keys import KeyRing
from federation.outbox import (
    consents,
    copies,
    distribution,
    featured,
    forwarding,
    moderation,
    posts,
    profiles,
    quoting,
    reactions,
    relations,
    reports,
    votes,
    withdrawal,
)
from models import journal
from models.database import Database
from models.posts import departing

NAME = "outbox"
_Handler = Callable[[KeyRing, Any, Any], Awaitable[None]]


async def _joined(keys: KeyRing, session: Any, entry: journal.Joined) -> None:
    await relations.joined(keys, session, entry)
    await copies.joined(session, entry)


_HANDLERS: dict[type[journal.Entry], _Handler] = {
    journal.PostReleased: posts.released,
    journal.PostRefreshed: posts.refreshed,
    journal.PostDeleted: withdrawal.deleted,
    journal.PostPinned: featured.pinned,
    journal.Voted: votes.voted,
    journal.QuoteAnswered: quoting.answered,
    journal.QuoteRevoked: quoting.revoked,
    journal.ForwardedRevocation: quoting.forwarded,
    journal.InteractionRefused: consents.refused,
    journal.GroupDistributes: distribution.passes_on,
    journal.DependencyFailed: distribution.by_id_instead,
    journal.Forwards: forwarding.forwards,
    journal.Liked: reactions.liked,
    journal.Unliked: reactions.unliked,
    journal.FollowAsked: relations.follow_asked,
    journal.FollowAccepted: relations.follow_accepted,
    journal.FollowEnded: relations.follow_ended,
    journal.JoinAsked: relations.join_asked,
    journal.Joined: _joined,
    journal.Left: relations.left,
    journal.Moderated: moderation.moderated,
    journal.ActorChanged: profiles.changed,
    journal.Reported: reports.reported,
}


async def _of_interest(database: Database, entries: list[journal.Entry]) -> list[journal.Entry]:
    """Most posts are followed by nobody outside: there is nothing to be sent of those."""
    unheard = await departing.unheard(database, entries)
    return [entry for entry in entries if entry not in unheard]


def consumer(keys: KeyRing) -> journal.Consumer:
    """The consumer of one instance, whose actors sign with `keys`."""
    followings = partial(relations.followings, keys)
    return journal.consumer(
        NAME,
        {entry: partial(handler, keys) for entry, handler in _HANDLERS.items()},
        sieve=_of_interest,
        together={journal.FollowAsked: followings, journal.FollowAccepted: followings},
    )
