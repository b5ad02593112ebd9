"""Votes: a Create whose object only names an answer of a poll of ours (section 10).

They come as one Create for each answer or as one with several Notes. Nothing of them is shown to anybody; what is no
answer, comes late or comes from somebody who may not see the poll counts nothing, and nobody is told which of these.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities.registry import Ignored, Incoming
from federation.documents.post import poll as documents
from federation.documents.post.poll import Votes
from models import policy, polls
from models.posts import receiving


def read(incoming: Incoming) -> Votes | None:
    """The votes in an activity; None when it is something else."""
    return documents.votes(incoming.object, voter=incoming.sender.uri, insecure_hosts=incoming.wire.insecure_hosts)


async def count(session: AsyncSession, incoming: Incoming, votes: Votes) -> str:
    """Count what counts."""
    post = await receiving.by_uri(session, votes.post_uri)
    if incoming.via is not None or post is None or not await policy.may_vote(session, incoming.sender, post):
        raise Ignored("a vote in nothing that they may see")
    if not await polls.receive_vote(session, post, votes.names, by=incoming.sender):
        raise Ignored("a vote that does not count")
    return "voted"
