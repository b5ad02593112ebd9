"""What a form for writing says, as a draft, and what is wrong with it, at the fields of the form."""

from collections.abc import Sequence
from datetime import timedelta

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import approvals
from models import media as files
from models.errors import DomainError, NotFound
from models.polls import PollDraft
from models.posts.drafts import Draft, OutsiderMentioned
from models.tables import Media, Post, Verdict
from server.context import staff
from server.web.answers import sentence
from server.web.forms import Fields, Uploads, is_on, text, whole
from server.web.presenters import polls
from server.web.presenters.composing import LANGUAGES

TYPED = ("text", "title", "content_warning", "language", *polls.FIELDS)
_FIELDS = {"quote": "text", "warning": "content_warning", "media": "image", "description": "image", "reply_to": "text"}


def draft_of(form: Fields, pictures: Uploads) -> Draft:
    """What the form says; whether it may be posted is for the models to say."""
    language = text(form, "language")
    return Draft(
        text=text(form, "text"),
        title=text(form, "title"),
        group_id=whole(text(form, "group")),
        reply_to_id=whole(text(form, "in_reply_to")),
        warning=text(form, "content_warning"),
        language=language if language in LANGUAGES else None,
        media_ids=pictures.media_ids,
        describes=pictures.describes,
        names_outsiders=is_on(form, "names_outsiders"),
        poll=_poll(form),
        quote_of_id=whole(text(form, "quote")),
        keeps_poll=polls.OPTION_FIELDS[0] not in form,
    )


def _poll(form: Fields) -> PollDraft | None:
    """What is asked for; nothing where no answer was typed."""
    options = [option for name in polls.OPTION_FIELDS if (option := text(form, name)).strip()]
    if not options:
        return None
    seconds = whole(text(form, "poll-lasts"))
    return PollDraft(
        options=options,
        lasts=timedelta(seconds=min(seconds, 10**9)) if seconds is not None else None,
        is_multiple=is_on(form, "poll-multiple"),
        hides_totals=is_on(form, "poll-hides"),
    )


async def waits_at_the_gate(session: AsyncSession, post: Post) -> bool:
    newest = (await approvals.latest(session, [post.id])).get(post.id)
    return newest is not None and newest.verdict is Verdict.WAITING


def faults(error: DomainError) -> dict[str, str]:
    """The refusal at the field of the form that it is about."""
    name = str(error.facts.get("field") or "text")
    return {_FIELDS.get(name, name): sentence(error)}


def outsiders_of(error: DomainError | None) -> Sequence[str]:
    """Whom an internal text names outside; the form then offers to post all the same."""
    return [str(name) for name in error.facts["people"]] if isinstance(error, OutsiderMentioned) else []


async def pictures_kept(session: AsyncSession, request: web.Request, pictures: Uploads) -> list[Media]:
    """Pictures that came with a refused form, with what was typed about them."""
    found = []
    for media_id in pictures.media_ids:
        try:
            media = await files.own(session, media_id, by=staff(request))
        except NotFound:
            continue
        media.description = pictures.describes.get(media_id, media.description)
        found.append(media)
    return found
