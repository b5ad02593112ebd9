"""The composer: every place where one may write, each with who will get it."""

from collections.abc import Sequence

from babel import Locale
from sqlalchemy.ext.asyncio import AsyncSession

from models import egress
from models.tables import Group, Media, Post
from server.i18n import gettext as _
from server.web import views
from server.web.presenters import polls, quotes
from server.web.presenters.posts import picture, reach
from server.web.presenters.sight import Sight

LANGUAGES = ("de", "en", "fr", "it", "es", "pt", "nl", "pl", "cs", "sk", "hu", "ro", "tr", "uk", "ru", "zh", "ja")
IMAGE_SLOTS = 4


def languages(sight: Sight) -> tuple[views.Choice, ...]:
    """Languages a text can be in, named in the reader's, the reader's own first."""
    reader = Locale.parse(sight.locale)
    named = [(code, Locale.parse(code).get_display_name(reader) or code) for code in LANGUAGES]
    named.sort(key=lambda each: (each[0] != sight.locale, each[1]))
    return tuple(views.Choice(code, name) for code, name in named)


def untouched(sight: Sight) -> views.Form:
    """A form nobody has typed into yet."""
    return views.Form(values={"language": sight.locale, "poll-lasts": str(int(polls.USUALLY.total_seconds()))})


async def composer(
    session: AsyncSession,
    sight: Sight,
    own: Sequence[Group],
    *,
    next_url: str,
    group: Group | None = None,
    only: bool = False,
    form: views.Form | None = None,
    kept: Sequence[Media] = (),
    outsiders: Sequence[str] = (),
    quoted: Post | None = None,
) -> views.ComposerView:
    """A composer for all places, `group` chosen; with `only` for that group alone. `quoted` is what it will quote."""
    writable = [each for each in own if each.archived_at is None]
    audiences = await egress.audiences(session, writable)
    company = views.ComposerGroup(id="", name=_("The whole company"), reach=reach(sight, audiences[None]))
    places = [] if only else [company]
    for each in writable:
        if only and (group is None or each.id != group.id):
            continue
        audience = audiences[each.id]
        places.append(
            views.ComposerGroup(
                id=str(each.id),
                name=each.actor.shown_name,
                reach=reach(sight, audience),
                gated=audience.is_gated,
            )
        )
    return views.ComposerView(
        action=sight.url("posts"),
        places=tuple(places),
        selected=str(group.id) if group is not None else "",
        form=form or untouched(sight),
        next_url=next_url,
        languages=languages(sight),
        durations=polls.durations(),
        max_characters=sight.max_characters,
        image_slots=max(0, IMAGE_SLOTS - len(kept)),
        draft=_draft(group if only else None, quoted),
        quote=quotes.inset(sight, quoted) if quoted is not None else None,
        quote_id=str(quoted.id) if quoted is not None else "",
        open=quoted is not None,
        kept=keep(sight, kept),
        outsiders=tuple(outsiders),
    )


def _draft(group: Group | None, quoted: Post | None) -> str:
    if quoted is not None:
        return f"quote-{quoted.id}"
    return f"group-{group.id}" if group is not None else "new"


def reply_composer(
    sight: Sight,
    post: views.PostView,
    *,
    group_id: int | None,
    gated: bool,
    form: views.Form | None = None,
    kept: Sequence[Media] = (),
    outsiders: Sequence[str] = (),
) -> views.ComposerView:
    """A composer for an answer: it goes where the post is (R-72)."""
    place = views.ComposerGroup(
        id=str(group_id or ""),
        name=post.group.name if post.group else _("The whole company"),
        reach=post.reach,
        gated=gated and post.reach.kind != "internal",
    )
    return views.ComposerView(
        action=sight.url("posts"),
        places=(place,),
        selected=place.id,
        form=form or untouched(sight),
        reply_to=post,
        next_url=post.url,
        languages=languages(sight),
        durations=polls.durations(),
        max_characters=sight.max_characters,
        image_slots=max(0, IMAGE_SLOTS - len(kept)),
        draft=f"reply-{post.id}",
        kept=keep(sight, kept),
        outsiders=tuple(outsiders),
    )


def keep(sight: Sight, files: Sequence[Media]) -> tuple[tuple[str, views.ImageView], ...]:
    """Pictures that were uploaded already, for the form that has to be sent again."""
    return tuple((str(media.id), picture(sight, media)) for media in files)
