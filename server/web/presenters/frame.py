"""The frame around a page of the house: who is signed in, what waits for them, their groups, what just happened."""

from collections.abc import Sequence

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from models import approvals, groups, notifications
from models.tables import Group, Media
from server import pages
from server.context import account
from server.web import views
from server.web.presenters.sight import Sight


class Frame(Struct, frozen=True):
    """`groups` are the viewer's own, for whoever draws a composer."""

    shell: views.Shell
    groups: Sequence[Group] = ()


async def frame(request: web.Request, session: AsyncSession, sight: Sight, notices: Sequence[views.Notice]) -> Frame:
    """The frame for whoever looks; visitors get the plain one."""
    plain = pages.plain_shell(request, notices)
    staff = sight.staff
    if staff is None:
        return Frame(plain)
    own = (await session.scalars(groups.of_member(staff))).all()
    keeps = await approvals.keeps_a_gate(session, staff)
    actor = account(request).actor
    shell = replace(
        plain,
        path=request.path_qs,
        viewer=views.Viewer(
            name=actor.shown_name,
            handle=actor.username,
            url=sight.actor_url(actor),
            avatar_url=await _picture(session, sight, request),
            role=str(staff.role),  # type: ignore[arg-type]
        ),
        unread=await notifications.count_unread(session, staff),
        waiting_approvals=await approvals.count_waiting(session, staff) if keeps else None,
        groups=tuple(
            views.ShellGroup(group.actor.shown_name, sight.actor_url(group.actor), str(group.reach))  # type: ignore[arg-type]
            for group in own
        ),
        shortcuts=request.cookies.get(SHORTCUTS_COOKIE) != "off",
    )
    return Frame(shell, own)


SHORTCUTS_COOKIE = "kontor-shortcuts"


async def _picture(session: AsyncSession, sight: Sight, request: web.Request) -> str | None:
    avatar_id = account(request).actor.avatar_id
    media = await session.get(Media, avatar_id) if avatar_id is not None else None
    return sight.file_url(media) if media is not None else None
