"""Votes of ours in polls elsewhere: told to who asks, and to nobody else."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents.post.poll import render_vote
from federation.keys import KeyRing
from federation.outbox.sending import Subject, hosts_of, mint, send
from models import actors, polls
from models.journal import Voted
from models.tables import Actor

RULE = "vote"


async def voted(keys: KeyRing, session: AsyncSession, entry: Voted) -> None:
    """One Create for each answer, to the author's own inbox. A poll of ours is counted here, and nothing leaves."""
    poll, post = await polls.post_of(session, entry.poll_id)
    by = await session.get(Actor, entry.actor_id)
    if poll is None or post is None or by is None or post.is_local or post.deleted_at is not None:
        return
    author = await session.get_one(Actor, post.author_id)
    # without the post's number: what is told of a post later must not go by where votes went
    subject = Subject(rule=RULE, object_uri=post.uri, what="Vote", group_id=post.group_id)
    for name in await polls.choices_of(session, poll.id, by.id):
        document = render_vote(mint(session), voter=by.uri, post_uri=post.uri, author=author.uri, name=name)
        sent = await send(session, keys, document, actor=by, inboxes=[(author.inbox, author.host)], subject=subject)
        await actors.disclose(session, by.id, hosts_of(sent))
