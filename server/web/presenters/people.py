"""People: the directory, outsiders under their company, a profile."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy.ext.asyncio import AsyncSession

from models import accounts, groups, relations
from models.tables import Account, Actor, Role
from models.text.addresses import shown_url
from server.i18n import gettext as _
from server.web import views
from server.web.presenters.posts import cleaned, group_ref
from server.web.presenters.sight import Sight, pictures_of
from server.web.presenters.unheard import durations


def rows(sight: Sight, actors: Sequence[Actor], known: dict[int, Account]) -> tuple[views.PersonRow, ...]:
    """Lines of the directory; colleagues with their e-mail address, for colleagues only."""
    return tuple(
        views.PersonRow(
            person=sight.person(actor),
            email=known[actor.id].email if sight.staff and actor.id in known else None,
        )
        for actor in actors
    )


def by_company(sight: Sight, actors: Sequence[Actor]) -> tuple[views.PeopleSection, ...]:
    """Outsiders under the names of their companies."""
    sections: dict[str, list[Actor]] = {}
    for actor in actors:
        sections.setdefault(sight.company_of(actor.host), []).append(actor)
    return tuple(
        views.PeopleSection(company, rows(sight, people, {}))
        for company, people in sorted(sections.items(), key=lambda part: part[0].casefold())
    )


def role_words(account: Account | None) -> str:
    """A duty that colleagues should know of; empty for most."""
    if account is None or account.disabled_at is not None:
        return ""
    return {Role.ADMIN: _("runs this Kontor"), Role.GATEKEEPER: _("keeps the company's gate")}.get(account.role, "")


def access(sight: Sight, actor: Actor, account: Account, typed: views.Form | None) -> views.AccessView:
    """What admins may change of a colleague."""
    is_own = sight.staff is not None and sight.staff.actor_id == actor.id
    return views.AccessView(
        person=sight.person(actor),
        role_url=sight.url("person-role", handle=actor.handle),
        access_url=sight.url("person-access", handle=actor.handle),
        roles=(
            views.Choice(str(Role.STAFF), _("Colleague"), _("Reads and writes.")),
            views.Choice(
                str(Role.GATEKEEPER), _("Gatekeeper"), _("Also approves what leaves the company, in every group.")
            ),
            views.Choice(
                str(Role.ADMIN),
                _("Admin"),
                _("Also decides about people, partners and the house."),
            ),
        ),
        form=typed or views.Form(values={"role": str(account.role)}),
        own=is_own,
        left=account.disabled_at is not None,
    )


async def profile(
    session: AsyncSession,
    sight: Sight,
    actor: Actor,
    *,
    posts: tuple[views.PostView, ...],
    paging: views.Paging,
    featured: tuple[views.PostView, ...] = (),
) -> views.ProfileView:
    """A person as whoever looks may see them: contact for colleagues, following for those signed in."""
    staff = sight.staff
    account = (await accounts.of_actors(session, [actor.id])).get(actor.id) if staff else None
    own = staff is not None and staff.actor_id == actor.id
    stands = (await relations.relationships(session, staff, [actor.id]))[0] if staff and not own else None
    shared = (await session.scalars(groups.shared(staff, actor.id))).all() if staff and not own else ()
    shared_refs = [group_ref(sight, group) for group in shared]
    return views.ProfileView(
        person=sight.person(actor),
        about=cleaned(actor.about_html, own=actor.is_local, emoji=tuple(pictures_of(actor, actor.about_html).items())),
        email=account.email if account is not None and account.disabled_at is None else None,
        address=sight.address(actor),
        role=role_words(account),
        here_since=sight.moment(account.created_at) if account is not None else None,
        lines=tuple(_line(actor, line) for line in actor.fields),
        left=account is not None and account.disabled_at is not None,
        own=own,
        follow_url=sight.url("person-follow", handle=actor.handle) if _is_open_to_follow(stands, actor) else None,
        following=stands is not None and (stands.follows or stands.asked),
        waiting=stands is not None and stands.asked,
        block_url=sight.url("person-block", handle=actor.handle) if stands is not None else None,
        mute_url=sight.url("person-mute", handle=actor.handle) if stands is not None else None,
        muted=stands is not None and stands.mutes,
        muted_until=sight.moment(stands.mute_ends_at) if stands is not None and stands.mute_ends_at else None,
        mute_durations=durations() if stands is not None else (),
        blocking=stands is not None and stands.blocks,
        blocked_by=stands is not None and stands.blocked_by,
        report_url=sight.url("person-report", handle=actor.handle) if stands is not None else None,
        featured=featured,
        access_url=sight.url("person-access", handle=actor.handle)
        if staff is not None and staff.is_admin and account is not None
        else None,
        answer_url=sight.url("person-answer", handle=actor.handle) if stands is not None and stands.asked_by else None,
        groups=tuple(ref for ref in shared_refs if ref is not None),
        posts=posts,
        paging=paging,
        elsewhere_url="" if actor.is_local else actor.url,
    )


def _line(actor: Actor, line: dict[str, Any]) -> tuple[str, Markup]:
    """A line of a profile. Ours are text, where an address is a link; those from elsewhere are cleaned HTML."""
    value = str(line.get("value", ""))
    if not actor.is_local:
        return str(line.get("name", "")), cleaned(value, own=False, emoji=tuple(pictures_of(actor, value).items()))
    is_address = value.lower().startswith(("http://", "https://")) and shown_url(value) is not None
    shown = str(escape(value))
    words = f'<a href="{shown}">{shown}</a>' if is_address else shown
    return str(line.get("name", "")), cleaned(words, own=True, emoji=tuple(pictures_of(actor, value).items()))


def _is_open_to_follow(stands: relations.Relationship | None, actor: Actor) -> bool:
    """Neither of the two blocks the other, and the wire knows where to ask."""
    return stands is not None and not (stands.blocks or stands.blocked_by or actor.is_introduced)
