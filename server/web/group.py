"""One group: its conversations, members, purpose, settings and reach."""

from aiohttp import web
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from federation.routes import activity_response
from models import egress, groups, moderation, partners, policy, timelines, wishes
from models.errors import DomainError, NotAllowed, NotFound
from models.groups import GroupClosed
from models.posts import reading
from models.tables import Access, Group, MemberRole, Membership, MemberState, Reach
from server.context import acting, database, staff
from server.web import views
from server.web.answers import framed, page, see_other
from server.web.events import events_url
from server.web.forms import asked_page, fields, is_on, kept, number, paging, refused, text
from server.web.presenters import composing, posts
from server.web.presenters import groups as presenting
from server.web.presenters.sight import Sight, sight
from server.web.views.page import ReachKind

routes = web.RouteTableDef()

GROUP = r"/groups/{handle:[A-Za-z0-9_.@:\[\]-]+}"
_SETTINGS = ("name", "purpose", "access", "gate", "asks", "vouches")
_REACHES: tuple[ReachKind, ...] = ("internal", "partners", "public")


async def _of(session: AsyncSession, looks: Sight, request: web.Request) -> tuple[Group, Membership | None, Sight]:
    """The group of the path, how the viewer stands to it, and the sight with its company's name."""
    group = await groups.by_username(session, looks.viewer, request.match_info["handle"])
    looks = looks.naming(await egress.company_names(session, {group.actor.host}))
    if looks.staff is None:
        return group, None, looks
    return group, await groups.membership(session, group.id, looks.staff.actor_id), looks


@routes.get(GROUP, name="group")
async def show(request: web.Request) -> web.StreamResponse:
    answer = await activity_response(request)
    if answer is not None:
        return answer
    looks = sight(request)
    asked = asked_page(request)
    async with database(request).reading() as session:
        group, membership, looks = await _of(session, looks, request)
        if looks.staff is None:
            return await _for_visitors(request, session, looks, group)
        around = await framed(request, session, looks)
        live = events_url(looks, group=group)
        is_readable = await session.scalar(policy.readable_groups(looks.viewer).where(Group.id == group.id)) is not None
        found = await reading.page(session, looks.viewer, timelines.of_group, asked, group_id=group.id)
        part, links = paging(request, asked, [post.id for post in found])
        newest = asked.max_id is None and asked.min_id is None
        writes = membership is not None and membership.state is MemberState.MEMBER and group.archived_at is None
        view = views.GroupView(
            head=await presenting.head(session, looks, group, membership),
            composer=await composing.composer(
                session, looks, around.groups, next_url=looks.actor_url(group.actor), group=group, only=True
            )
            if writes
            else None,
            posts=await posts.present(session, looks, found[part], place="home"),
            pinned=await _pinned(session, looks, group) if newest else (),
            paging=links,
            events_url=live if newest and is_readable else "",
            ask=None if is_readable or group.owner is None else looks.person(group.owner),
        )
        return await page(request, session, looks, "web/group.html", view, around=around)


async def _pinned(session: AsyncSession, looks: Sight, group: Group) -> tuple[views.PostView, ...]:
    return await posts.present(session, looks, (await session.scalars(moderation.pinned(looks.viewer, group))).all())


async def _for_visitors(request: web.Request, session: AsyncSession, looks: Sight, group: Group) -> web.Response:
    asked = asked_page(request)
    found = await reading.page(session, looks.viewer, timelines.of_group, asked, group_id=group.id)
    part, links = paging(request, asked, [post.id for post in found])
    view = views.PublicGroupView(
        name=group.actor.shown_name,
        purpose=group.purpose,
        address=looks.address(group.actor),
        posts=await posts.present(session, looks, found[part]),
        paging=links,
    )
    return await page(request, session, looks, "web/public_group.html", view)


# Members


@routes.get(GROUP + "/members", name="group-members")
async def members(request: web.Request) -> web.Response:
    return await _members(request, views.Form())


async def _members(request: web.Request, form: views.Form, *, status: int = 200) -> web.Response:
    by = staff(request)
    looks = sight(request)
    async with database(request).reading() as session:
        group, membership, looks = await _of(session, looks, request)
        if await session.scalar(policy.readable_groups(by).where(Group.id == group.id)) is None:
            raise GroupClosed(group=group.actor.username)
        found = (await session.scalars(groups.members(group))).all()
        asking = (await session.scalars(wishes.waiting(group))).all() if group.actor.is_local else ()
        new = await wishes.newcomers(session, group) if asking else set()
        looks = looks.naming(await egress.company_names(session, {each.host for each in (*found, *asking)}))
        manages = group.actor.is_local and await policy.may_manage(session, by, group)
        moderates = await policy.may_moderate(session, by, group)
        banned = await moderation.bans(session, group) if moderates else ()
        looks = looks.naming(await egress.company_names(session, {each.actor.host for each in banned}))
        may_invite = group.actor.is_local and group.archived_at is None and await policy.may_invite(session, by, group)
        inside = [each for each in found if not each.actor.host]
        outside = [each for each in found if each.actor.host]
        view = views.GroupMembersView(
            head=await presenting.head(session, looks, group, membership),
            members=tuple(
                presenting.member(looks, each, group=group, manages=manages, moderates=moderates) for each in inside
            ),
            outside=presenting.by_company(looks, outside, group=group, manages=manages, moderates=moderates),
            bans=tuple(presenting.ban(looks, each, group=group) for each in banned),
            waiting=presenting.waiting(looks, group, asking, new) if manages else (),
            invite_url=looks.url("group-members", handle=group.actor.handle) if may_invite else None,
            invite=form,
        )
        return await page(request, session, looks, "web/group_members.html", view, status=status)


@routes.post(GROUP + "/members")
async def invite(request: web.Request) -> web.Response:
    by = staff(request)
    form = await fields(request)
    try:
        async with acting(request) as session:
            group = await groups.by_username(session, by, request.match_info["handle"])
            await groups.invite(session, group, text(form, "username"), by=by)
    except DomainError as error:
        if error.facts.get("field") != "username":
            raise
        return await _members(request, refused(error, "username", kept(form, ("username",))), status=422)
    return see_other(request, _path(request, "group-members"), "invited")


def _path(request: web.Request, name: str) -> str:
    return sight(request).url(name, handle=request.match_info["handle"])


@routes.post(GROUP + "/membership", name="group-membership")
async def join(request: web.Request) -> web.Response:
    """Become a member; of a group elsewhere: ask to."""
    by = staff(request)
    async with acting(request) as session:
        group = await groups.by_username(session, by, request.match_info["handle"])
        found = await groups.join(session, group, by=by)
        asked = found.state is MemberState.ASKED
    return see_other(request, _path(request, "group"), "asked" if asked else "joined")


@routes.post(GROUP + "/departure", name="group-departure")
async def leave(request: web.Request) -> web.Response:
    by = staff(request)
    async with acting(request) as session:
        group = await groups.by_username(session, by, request.match_info["handle"])
        await groups.leave(session, group, by=by)
    return see_other(request, _path(request, "group"), "left")


@routes.post(GROUP + r"/members/{actor_id:\d+}/removal", name="group-member-removal")
async def remove(request: web.Request) -> web.Response:
    by = staff(request)
    async with acting(request) as session:
        group = await groups.by_username(session, by, request.match_info["handle"])
        await groups.remove(session, group, number(request, "actor_id"), by=by)
    return see_other(request, _path(request, "group-members"), "member_removed")


@routes.post(GROUP + r"/members/{actor_id:\d+}/answer", name="group-member-answer")
async def answer(request: web.Request) -> web.Response:
    """Let somebody of another company in who asked for it, or not (GRP-2)."""
    by = staff(request)
    accepted = text(await fields(request), "answer") == "yes"
    async with acting(request) as session:
        group = await groups.by_username(session, by, request.match_info["handle"])
        await wishes.answer(session, group, number(request, "actor_id"), by=by, accepted=accepted)
    return see_other(request, _path(request, "group-members"), "let_in" if accepted else "not_let_in")


@routes.post(GROUP + r"/members/{actor_id:\d+}/role", name="group-member-role")
async def set_role(request: web.Request) -> web.Response:
    """Name a gatekeeper, dismiss one, or hand the group over."""
    by = staff(request)
    wanted = text(await fields(request), "role")
    if wanted not in list(MemberRole):
        raise NotFound(role=wanted)
    async with acting(request) as session:
        group = await groups.by_username(session, by, request.match_info["handle"])
        await groups.set_role(session, group, number(request, "actor_id"), MemberRole(wanted), by=by)
    return see_other(request, _path(request, "group-members"), "role_changed")


@routes.get(GROUP + "/about", name="group-about")
async def about(request: web.Request) -> web.Response:
    staff(request)
    looks = sight(request)
    async with database(request).reading() as session:
        group, membership, looks = await _of(session, looks, request)
        found = (await session.scalars(groups.members(group))).all()
        keepers = [each.actor for each in found if each.role is MemberRole.GATEKEEPER]
        view = views.GroupAboutView(
            head=await presenting.head(session, looks, group, membership),
            description=posts.cleaned(group.actor.about_html, own=group.actor.is_local),
            owners=presenting.people(looks, [group.owner] if group.owner is not None else []),
            gatekeepers=presenting.people(looks, keepers),
            moderators=presenting.people(looks, [each.actor for each in found if each.role is MemberRole.MODERATOR]),
            created=looks.moment(group.created_at),
            address=looks.address(group.actor),
            asks_first=group.asks_first and group.reach is Reach.PARTNERS,
            vouches=group.vouches and group.reach is not Reach.INTERNAL,
        )
        return await page(request, session, looks, "web/group_about.html", view)


# Settings


@routes.get(GROUP + "/settings", name="group-settings")
async def settings(request: web.Request) -> web.Response:
    return await _settings(request, None)


async def _settings(request: web.Request, form: views.Form | None, *, status: int = 200) -> web.Response:
    looks = sight(request)
    async with database(request).reading() as session:
        group, membership, looks = await _managed(session, looks, request)
        current = {
            "name": group.actor.shown_name,
            "purpose": group.purpose,
            "access": str(group.access),
            "gate": "on" if group.is_gated else "",
            "asks": "on" if group.asks_first else "",
            "vouches": "on" if group.vouches else "",
        }
        handle = group.actor.handle
        reaches = tuple(
            (kind, f"{looks.url('group-reach', handle=handle)}?to={kind}") for kind in _REACHES if kind != group.reach
        )
        view = views.GroupSettingsView(
            head=await presenting.head(session, looks, group, membership),
            action=looks.url("group-settings", handle=handle),
            form=form or views.Form(values=current),
            reach_urls=reaches,
            archive_url=looks.url("group-archive", handle=handle) if group.archived_at is None else None,
        )
        return await page(request, session, looks, "web/group_settings.html", view, status=status)


async def _managed(session: AsyncSession, looks: Sight, request: web.Request) -> tuple[Group, Membership | None, Sight]:
    """The group of the path, for who may change it. Raises NotAllowed."""
    by = staff(request)
    found = await _of(session, looks, request)
    if not found[0].actor.is_local or not await policy.may_manage(session, by, found[0]):
        raise NotAllowed
    return found


@routes.post(GROUP + "/settings")
async def describe(request: web.Request) -> web.Response:
    by = staff(request)
    form = await fields(request)
    try:
        async with acting(request) as session:
            group, _membership, _looks = await _managed(session, sight(request), request)
            access = Access.CLOSED if text(form, "access") == "closed" else Access.OPEN
            await groups.describe(
                session, group, by=by, name=text(form, "name"), purpose=text(form, "purpose"), access=access
            )
            await groups.set_gate(session, group, by=by, is_gated=is_on(form, "gate"))
            if group.reach is not Reach.INTERNAL:  # where nobody outside can be in it, the form does not ask
                await groups.set_asking(session, group, by=by, asks_first=is_on(form, "asks"))
                await groups.set_vouching(session, group, by=by, vouches=is_on(form, "vouches"))
    except DomainError as error:
        if isinstance(error, (NotAllowed, NotFound)):
            raise
        return await _settings(
            request, refused(error, "purpose", kept(form, _SETTINGS), fields=_SETTINGS), status=error.status
        )
    return see_other(request, _path(request, "group-settings"), "saved")


@routes.post(GROUP + "/archive", name="group-archive")
async def archive(request: web.Request) -> web.Response:
    by = staff(request)
    async with acting(request) as session:
        group, _membership, _looks = await _managed(session, sight(request), request)
        await groups.archive(session, group, by=by)
    return see_other(request, _path(request, "group"), "archived")


# Reach


@routes.get(GROUP + "/reach", name="group-reach")
async def reach(request: web.Request) -> web.Response:
    return await _reach(request, request.query.get("to", ""), views.Form())


async def _reach(request: web.Request, to: str, form: views.Form, *, status: int = 200) -> web.Response:
    """What changes with another reach, before it changes."""
    if to not in _REACHES:
        raise NotFound(reach=to)
    looks = sight(request)
    async with database(request).reading() as session:
        group, membership, looks = await _managed(session, looks, request)
        head = await presenting.head(session, looks, group, membership)
        order = list(_REACHES)
        view = views.GroupReachView(
            head=head,
            action=looks.url("group-reach", handle=group.actor.handle),
            to=to,
            raises=order.index(to) > order.index(str(group.reach)),  # type: ignore[arg-type]
            posts=await timelines.count_in(session, looks.viewer, group),
            after=await _afterwards(session, looks, group, to, head),
            form=form,
            administers=policy.may_administer(staff(request)),
        )
        return await page(request, session, looks, "web/group_reach.html", view, status=status)


async def _afterwards(session: AsyncSession, looks: Sight, group: Group, to: str, head: views.GroupHead) -> views.Reach:
    """Who would read along: companies that an agreement names already get in with the change."""
    house = (await egress.audiences(session, []))[None]
    is_whole_house = to == str(Reach.INTERNAL) and group.access is Access.OPEN
    own = views.Audience(looks.company, house.people) if is_whole_house else replace(head.reach.own)
    agreed = await groups.partners_of(session, group) if to == str(Reach.PARTNERS) else ()
    members = await partners.members_by_host(session) if agreed else {}
    companies = tuple(views.Audience(partner.shown_name, members.get(partner.host)) for partner in agreed)
    return views.Reach(kind=to, own=own, partners=companies)  # type: ignore[arg-type]


@routes.post(GROUP + "/reach")
async def set_reach(request: web.Request) -> web.Response:
    """Change the reach; opening further needs the tick that says so."""
    by = staff(request)
    form = await fields(request)
    wanted = text(form, "reach")
    if wanted not in _REACHES:
        raise NotFound(reach=wanted)
    to = Reach(wanted)
    confirmed = to if is_on(form, "confirmed") else None
    try:
        async with acting(request) as session:
            group, _membership, _looks = await _managed(session, sight(request), request)
            await groups.set_reach(session, group, to, by=by, confirmed=confirmed)
    except groups.ReachNotConfirmed as error:
        return await _reach(request, wanted, refused(error, "confirmed", {}, fields=("confirmed",)), status=409)
    return see_other(request, _path(request, "group-settings"), "reach_changed")
