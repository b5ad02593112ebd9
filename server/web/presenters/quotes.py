"""What posts quote, as an inset in them, and who may quote."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from models import interactions, policy, quotes
from models.interactions import AUTHOR, EVERYBODY, FOLLOWERS, Interaction, QuotePolicy
from models.posts import reading
from models.quotes import Quote
from models.tables import Post, Revision, Visibility
from models.text import sanitise
from server.i18n import gettext as _
from server.web import views
from server.web.presenters.sight import Sight

_EXCERPT = 280
_POLICIES = {EVERYBODY: QuotePolicy.PUBLIC, FOLLOWERS: QuotePolicy.FOLLOWERS, AUTHOR: QuotePolicy.NOBODY}


class Quoted(Struct, frozen=True):
    """What the posts of a page quote: how that stands, and the posts that may be shown, in the words for the viewer."""

    found: Mapping[int, Quote]
    posts: Mapping[int, Post]
    released: Mapping[int, Revision]


async def of_posts(session: AsyncSession, sight: Sight, shown: Sequence[Post]) -> Quoted:
    """In one statement for pages on which nothing is quoted, in three for others."""
    found = await quotes.of_posts(session, sight.viewer, [post.id for post in shown])
    wanted = {each.target_id for each in found.values() if each.target_id is not None}
    if not wanted:
        return Quoted(found, {}, {})
    rows = await session.scalars(reading.loaded(policy.visible_posts(sight.viewer)).where(Post.id.in_(wanted)))
    posts = {post.id: post for post in rows}
    return Quoted(found, posts, {} if sight.staff else await reading.released(session, wanted))


def view(sight: Sight, post: Post, quoted: Quoted) -> views.QuoteView | None:
    """The inset in a post; an honest sentence where what it quotes may not be shown."""
    found = quoted.found.get(post.id)
    if found is None:
        return None
    target = quoted.posts.get(found.target_id or 0)
    if target is None:
        return views.QuoteView(sentence=_SENTENCES[str(found.state)]())
    own = sight.staff is not None and target.author_id == sight.staff.actor_id
    revoke = sight.url("post-quote-revocation", post_id=target.id, quoting_id=post.id)
    return inset(sight, target, quoted.released.get(target.id), revoke_url=revoke if own else None)


def inset(
    sight: Sight, target: Post, released: Revision | None = None, *, revoke_url: str | None = None
) -> views.QuoteView:
    """A post inside another: who wrote it, when, and how it begins."""
    words: Post | Revision = target if released is None else released
    text = words.warning or sanitise.excerpt(sanitise.to_plain(words.html), _EXCERPT)
    return views.QuoteView(
        author=sight.person(target.author),
        at=sight.moment(target.created_at),
        title=words.title,
        text=text,
        url=sight.url("post", post_id=target.id),
        revoke_url=revoke_url,
    )


_SENTENCES = {
    "accepted": lambda: _("What is quoted here cannot be shown."),
    "pending": lambda: _("What is quoted here is shown as soon as its author agrees."),
    "rejected": lambda: _("Its author does not want this post to be quoted."),
    "revoked": lambda: _("Its author took back that this post is quoted."),
    "deleted": lambda: _("The post that is quoted here was deleted."),
    "unauthorized": lambda: _("This quotes a post that you may not read."),
}


def quote_url(sight: Sight, post: Post) -> str | None:
    """Where one writes a post that quotes this one; None where that is not possible for anybody."""
    if post.visibility in (Visibility.DIRECT, Visibility.FOLLOWERS):
        return None
    rule = interactions.unpack(post.interaction).get(Interaction.QUOTE)
    own = sight.staff is not None and post.author_id == sight.staff.actor_id
    if rule is not None and not own and {*rule.automatic, *rule.manual} <= {AUTHOR}:
        return None
    return f"{sight.url('home')}?quote={post.id}#compose"


def chosen_policy(post: Post) -> str:
    """What the author of a post of ours chose; everybody who may read it, unless they chose."""
    rule = interactions.unpack(post.interaction).get(Interaction.QUOTE)
    if rule is None:
        return str(QuotePolicy.PUBLIC)
    return str(next((_POLICIES[name] for name in rule.automatic if name in _POLICIES), QuotePolicy.NOBODY))
