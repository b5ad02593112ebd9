"""Answers to browsers: pages in their frame, and redirects after a form with a sentence for the next page."""

from typing import Any
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import DomainError
from server import i18n, pages
from server.i18n import N_
from server.i18n import gettext as _
from server.ready import READY, uncounted
from server.web import cookies, views
from server.web.presenters.frame import Frame, frame
from server.web.presenters.sight import Sight

_NOTICES: dict[str, tuple[str, str]] = {
    "posted": ("done", N_("Your post is there.")),
    "submitted": ("note", N_("Your post waits for approval. In the house it can be read already.")),
    "edited": ("done", N_("Your changes are saved.")),
    "resubmitted": ("note", N_("Your changes wait for approval. Until then partners keep what they have.")),
    "deleted": ("done", N_("The post is deleted.")),
    "quote_revoked": ("done", N_("Your post is not shown there any more.")),
    "voted": ("done", N_("Your vote is counted.")),
    "poll_ended": ("done", N_("The poll is over. Everybody sees the result.")),
    "joined": ("done", N_("You are a member now.")),
    "asked": ("note", N_("Your wish to join is on its way. You see here when the other company answers.")),
    "left": ("done", N_("You have left the group.")),
    "invited": ("done", N_("The invitation is sent.")),
    "let_in": ("done", N_("They are in the group now, and their server is told.")),
    "not_let_in": ("done", N_("They are not let in, and their server is told.")),
    "post_removed": ("done", N_("The post is out of the group. Its author is told why.")),
    "post_restored": ("done", N_("The post is back in the group.")),
    "pinned": ("done", N_("The post stands on top of the group.")),
    "unpinned": ("done", N_("The post stands in its place again.")),
    "locked": ("done", N_("The conversation is closed.")),
    "unlocked": ("done", N_("The conversation is open again.")),
    "banned": ("done", N_("They are out of the group and stay out.")),
    "unbanned": ("done", N_("The ban is lifted. They may join again.")),
    "member_removed": ("done", N_("The member is out of the group.")),
    "access_ended": ("done", N_("They can no longer sign in. What they wrote stays.")),
    "access_opened": ("done", N_("They can sign in again, with the password they had.")),
    "role_changed": ("done", N_("The role is changed.")),
    "group_founded": ("done", N_("The group is there. Write the first post: what is it for?")),
    "saved": ("done", N_("Saved.")),
    "reach_changed": ("done", N_("The reach is changed.")),
    "archived": ("done", N_("The group is archived.")),
    "approved": ("done", N_("Approved. It is on its way.")),
    "returned": ("done", N_("Returned. The author sees your reason.")),
    "following": ("done", N_("You follow them now.")),
    "follow_asked": ("note", N_("You follow them as soon as they agree.")),
    "unfollowed": ("done", N_("You do not follow them any more.")),
    "answered": ("done", N_("Your answer is sent.")),
    "password_changed": ("done", N_("Your password is changed. All your other browsers are signed out.")),
    "signed_out_there": ("done", N_("That browser is signed out.")),
    "signed_out_elsewhere": ("done", N_("All your other browsers are signed out.")),
    "not_scheduled": ("done", N_("Deleted. It will not be posted.")),
    "announced": ("done", N_("Announced.")),
    "announcement_deleted": ("done", N_("The announcement is deleted.")),
    "emoji_added": ("done", N_("The emoji is there.")),
    "emoji_removed": ("done", N_("The emoji is gone. Where it was used, its name is text again.")),
    "withdrawn": ("done", N_("The application has no access any more.")),
    "admitted": ("done", N_("The company is admitted.")),
    "suspended": ("done", N_("The company is suspended. Nothing goes out, nothing comes in.")),
    "agreement_changed": ("done", N_("The agreement is changed.")),
    "agreement_ended": ("done", N_("The group is closed to them.")),
    "halted": ("note", N_("Nothing is sent to anybody now. What is written waits.")),
    "resumed": ("done", N_("Deliveries go on.")),
    "letters_retried": ("note", N_("What was given up is on its way again.")),
    "letters_outdated": ("note", N_("Nothing of it may still go there: it was taken back, changed or closed since.")),
    "letters_dropped": ("done", N_("Dropped. It will not be sent.")),
    "retrying": ("note", N_("What waits is tried again now.")),
    "blocked": ("done", N_("You are kept apart now. Neither of you sees what the other posts.")),
    "unblocked": ("done", N_("You are not kept apart any more.")),
    "muted": ("done", N_("You do not hear them now. Nobody is told.")),
    "unmuted": ("done", N_("You hear them again.")),
    "server_unheard": ("done", N_("You hear nothing from that server now. Who followed whom across is ended.")),
    "server_heard": ("done", N_("You hear that server again.")),
    "filter_deleted": ("done", N_("The filter is deleted.")),
    "topic_followed": ("done", N_("What carries this tag is on your start page now.")),
    "topic_unfollowed": ("done", N_("You do not follow this tag any more.")),
    "reported": ("done", N_("Thank you. Those in charge look at it.")),
    "report_done": ("done", N_("The report is dealt with.")),
    "report_reopened": ("note", N_("The report waits again.")),
    "all_read": ("done", N_("Everything is marked as read.")),
}


async def page(
    request: web.Request,
    session: AsyncSession,
    sight: Sight,
    template: str,
    view: Any,
    *,
    around: Frame | None = None,
    status: int = 200,
) -> web.Response:
    """A page in the frame for whoever looks; `around` where the handler needed the frame before."""
    made = around or await framed(request, session, sight)
    response = pages.render(request, template, made.shell, view, status=status)
    cookies.forget_notice(request, response)
    response[cookies.STAYS] = True
    if sight.staff is None and request.method == hdrs.METH_GET:
        response[READY] = uncounted
    return response


async def framed(request: web.Request, session: AsyncSession, sight: Sight) -> Frame:
    return await frame(request, session, sight, _notices(request))


def _notices(request: web.Request) -> tuple[views.Notice, ...]:
    """What the last form did; the cookie holds only the name of a sentence."""
    found = _NOTICES.get(cookies.notice(request))
    if found is None:
        return ()
    kind, sentence = found
    return (views.Notice(_(sentence), kind),)  # type: ignore[arg-type]


def see_other(request: web.Request, path: str, notice: str = "") -> web.Response:
    """Go on to `path` after a form, and say there what happened."""
    answer = web.Response(status=303, headers={"Location": path})
    if notice:
        assert notice in _NOTICES, notice  # noqa: S101 - a mistake of ours, found by the first test
        cookies.leave_notice(request, answer, notice)
    return answer


def local_path(text: str, default: str = "/") -> str:
    """`text` if it is a path on this server, else `default`: nobody is sent elsewhere by a link to us (R-87)."""
    if not text.startswith("/") or text.startswith(("//", "/\\")) or len(text) > 2000:
        return default
    if any(character <= " " or character in {"\\", "\x7f"} for character in text):
        return default
    try:
        parts = urlsplit(text)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else text


def sentence(error: DomainError) -> str:
    """What a refusal says, in the language spoken here."""
    return i18n.sentence(i18n.spoken(), error)
