"""Polls: asking with a post, answering, counting, closing.

A poll belongs to the revisions of its post that carry it, so that a gate binds what is asked as it binds the text:
partners answer the poll of the revision they have. Other answers to choose from make another poll, which nobody has
voted in yet. A poll of ours is counted here; one elsewhere is counted at its home, which tells us now and then.
"""

from models.polls.asking import (
    LONGEST,
    MOST_OPTIONS,
    OPTION_CHARACTERS,
    SHORTEST,
    BadDuration,
    BadPoll,
    PollDraft,
    ask,
    erase,
    of_revision,
    revise,
)
from models.polls.clock import TOLD_EVERY, next_strike, strike
from models.polls.elsewhere import RemotePoll, receive, receive_revision, refresh
from models.polls.standing import (
    Standing,
    choices_of,
    ids_of,
    of_posts,
    of_revisions,
    one,
    post_of,
    standings,
    voters_here,
)
from models.polls.voting import AlreadyVoted, BadChoice, OwnPoll, PollEnded, close, receive_vote, vote

__all__ = [
    "LONGEST",
    "MOST_OPTIONS",
    "OPTION_CHARACTERS",
    "SHORTEST",
    "TOLD_EVERY",
    "AlreadyVoted",
    "BadChoice",
    "BadDuration",
    "BadPoll",
    "OwnPoll",
    "PollDraft",
    "PollEnded",
    "RemotePoll",
    "Standing",
    "ask",
    "choices_of",
    "close",
    "erase",
    "ids_of",
    "next_strike",
    "of_posts",
    "of_revision",
    "of_revisions",
    "one",
    "post_of",
    "receive",
    "receive_revision",
    "receive_vote",
    "refresh",
    "revise",
    "standings",
    "strike",
    "vote",
    "voters_here",
]
