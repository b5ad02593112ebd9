"""Partner companies, for admins: who is admitted, what is open to them, how deliveries go, and stopping it all."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from federation import handover
from federation.wire import WIRE
from models import breakers, deliveries, groups, ledger, partners
from models.errors import DomainError, Invalid, NotAllowed, NotFound
from models.tables import Group, Level, Partner, PartnerState, Reach
from models.viewers import Staff
from server.context import acting, admin, config, database
from server.handover import worded
from server.i18n import gettext as _
from server.web import views
from server.web.answers import page, see_other
from server.web.forms import fields, is_on, kept, number, refused, text, texts
from server.web.presenters import ledger as ledger_lines
from server.web.presenters import partners as presenting
from server.web.presenters.sight import Sight, sight

routes = web.RouteTableDef()

_PARTNER = r"/partners/{partner_id:\d+}"
_ADMITTED = ("host", "company", "level", "group")
_SUSPENDED = ("company", "reason")
_DESCRIBED = ("contact", "note")
_RECENT = 10


@routes.get("/partners", name="partners")
async def show(request: web.Request) -> web.Response:
    return await _list(request, views.Form())


async def _list(
    request: web.Request, form: views.Form, *, chosen: tuple[str, ...] = (), status: int = 200
) -> web.Response:
    by = admin(request)
    looks = sight(request)
    async with database(request).reading() as session:
        found = (await session.scalars(partners.listed())).all()
        health = await deliveries.health(session, [partner.host for partner in found])
        people = await partners.members_by_host(session)
        view = views.PartnersView(
            partners=tuple(
                presenting.row(looks, each, health.get(each.host), people.get(each.host, 0)) for each in found
            ),
            mode=config(request).federation.mode,
            admit_url=looks.url("partners"),
            form=form,
            groups=await _open_groups(session, by),
            chosen=chosen,
        )
        return await page(request, session, looks, "web/partners.html", view, status=status)


async def _open_groups(
    session: AsyncSession, by: Staff, without: frozenset[int] = frozenset()
) -> tuple[views.Choice, ...]:
    """Groups of ours that can be opened to a company: their reach allows it."""
    found = await session.scalars(groups.listed(by).where(Group.reach != Reach.INTERNAL))
    return tuple(
        views.Choice(group.actor.username, group.actor.shown_name, _("with a gate") if group.is_gated else "")
        for group in found
        if group.actor.is_local and group.id not in without
    )


@routes.post("/partners")
async def admit(request: web.Request) -> web.Response:
    by = admin(request)
    form = await fields(request)
    chosen = tuple(texts(form, "group"))
    try:
        level = _level(text(form, "level", str(Level.COMMENT)))
        if not text(form, "company").strip():
            raise CompanyNameMissing(field="company")
        async with acting(request) as session:
            await partners.admit(
                session,
                text(form, "host"),
                name=text(form, "company"),
                levels=dict.fromkeys(chosen, level),
                by=by,
            )
    except DomainError as error:
        typed = refused(error, "host", kept(form, _ADMITTED), fields=_ADMITTED)
        return await _list(request, typed, chosen=chosen, status=error.status)
    return see_other(request, "/partners", "admitted")


class CompanyNameMissing(Invalid):
    """Say how people here call this company."""

    code = "company_name_missing"


class NameDiffers(Invalid):
    """This is not the name of the company as it stands above."""

    code = "name_differs"


class SuspensionReasonMissing(Invalid):
    """Say in a sentence why all traffic stops: it is kept in the log."""

    code = "suspension_reason_missing"


def _level(name: str) -> Level:
    if name not in list(Level):
        raise NotFound(level=name)
    return Level(name)


# One partner


@routes.get(_PARTNER, name="partner")
async def one(request: web.Request) -> web.Response:
    return await _one(request, views.Form())


async def _one(request: web.Request, form: views.Form, *, status: int = 200) -> web.Response:
    by = admin(request)
    looks = sight(request)
    async with database(request).reading() as session:
        partner = await partners.one(session, by, number(request, "partner_id"))
        health = (await deliveries.health(session, [partner.host])).get(partner.host)
        people = (await partners.members_by_host(session)).get(partner.host, 0)
        lines = (await session.scalars(ledger.filtered(by, ledger.Filter(host=partner.host)).limit(_RECENT))).all()
        row = presenting.row(looks, partner, health, people)
        open_already = frozenset(agreement.group_id for agreement in partner.agreements)
        is_admitted = partner.state is PartnerState.ADMITTED
        view = views.PartnerView(
            partner=row,
            since=looks.moment(partner.since),
            suspend_url=_url(looks, "partner-suspension", partner) if is_admitted else None,
            readmit_url=None if is_admitted else _url(looks, "partner-admission", partner),
            retry_url=_url(looks, "partner-retry", partner) if is_admitted and row.delivery.queued else None,
            check_url=_url(looks, "partner-check", partner),
            describe_url=_url(looks, "partner-record", partner),
            described=views.Form(values={name: getattr(partner, name) for name in _DESCRIBED}),
            sends_files=partner.sends_files,
            open_group_url=_url(looks, "partner-groups", partner),
            groups_to_open=await _open_groups(session, by, open_already),
            people_cut_off=people,
            form=form,
            recent=await ledger_lines.rows(session, looks, lines),
        )
        return await page(request, session, looks, "web/partner.html", view, status=status)


def _url(looks: Sight, name: str, partner: Partner) -> str:
    return looks.url(name, partner_id=partner.id)


@routes.post(_PARTNER + "/suspension", name="partner-suspension")
async def suspend(request: web.Request) -> web.Response:
    """Stop everything with a company, for who typed its name and said why."""
    by = admin(request)
    form = await fields(request)
    try:
        async with acting(request) as session:
            partner = await partners.one(session, by, number(request, "partner_id"))
            if text(form, "company").strip().casefold() not in (partner.shown_name.casefold(), partner.host):
                raise NameDiffers(field="company")
            if not text(form, "reason").strip():
                raise SuspensionReasonMissing(field="reason")
            await partners.suspend(session, partner.host, by=by, reason=text(form, "reason"))
    except NotFound:
        raise
    except DomainError as error:
        return await _one(
            request, refused(error, "reason", kept(form, _SUSPENDED), fields=_SUSPENDED), status=error.status
        )
    return see_other(request, _path(request), "suspended")


def _path(request: web.Request) -> str:
    return sight(request).url("partner", partner_id=number(request, "partner_id"))


@routes.post(_PARTNER + "/admission", name="partner-admission")
async def readmit(request: web.Request) -> web.Response:
    by = admin(request)
    async with acting(request) as session:
        partner = await partners.one(session, by, number(request, "partner_id"))
        await partners.admit(session, partner.host, by=by)
    return see_other(request, _path(request), "admitted")


@routes.post(_PARTNER + "/groups", name="partner-groups")
async def open_group(request: web.Request) -> web.Response:
    """Open one more group to a company."""
    by = admin(request)
    form = await fields(request)
    async with acting(request) as session:
        partner = await partners.one(session, by, number(request, "partner_id"))
        is_suspended = partner.state is PartnerState.SUSPENDED
        if is_suspended:
            raise NotAllowed(host=partner.host)
        levels = {text(form, "group"): _level(text(form, "level"))}
        await partners.admit(session, partner.host, levels=levels, by=by)
    return see_other(request, _path(request), "agreement_changed")


@routes.post(_PARTNER + r"/groups/{group_id:\d+}", name="partner-agreement")
async def change(request: web.Request) -> web.Response:
    """Change how far a group is open to a company, or close it."""
    by = admin(request)
    form = await fields(request)
    wanted = text(form, "level")
    async with acting(request) as session:
        partner = await partners.one(session, by, number(request, "partner_id"))
        group = await groups.by_id(session, by, number(request, "group_id"))
        if wanted == "none":
            await partners.end_agreement(session, partner, group, by=by)
        else:
            await partners.set_level(session, partner, group, _level(wanted), by=by)
            await partners.set_copies(session, partner, group, is_on(form, "copies"), by=by)
    return see_other(request, _path(request), "agreement_ended" if wanted == "none" else "agreement_changed")


@routes.post(_PARTNER + "/record", name="partner-record")
async def describe(request: web.Request) -> web.Response:
    """Write down whom to reach, what was agreed, and whether their pictures are fetched (B2B-1)."""
    by = admin(request)
    form = await fields(request)
    async with acting(request) as session:
        partner = await partners.one(session, by, number(request, "partner_id"))
        await partners.describe(
            session,
            partner,
            contact=text(form, "contact"),
            note=text(form, "note"),
            sends_files=is_on(form, "sends_files"),
            by=by,
        )
    return see_other(request, _path(request), "saved")


@routes.post(_PARTNER + "/check", name="partner-check")
async def check(request: web.Request) -> web.Response:
    """Try out how we and their server get on, and show what came of it (B2B-6)."""
    by = admin(request)
    looks = sight(request)
    async with database(request).reading() as session:
        partner = await partners.one(session, by, number(request, "partner_id"))
    findings = await handover.check(request.app[WIRE], partner.host, by=by)
    own = config(request).host
    view = views.PartnerCheckView(
        company=partner.shown_name,
        host=partner.host,
        remarks=tuple(
            views.CheckRow(grade=str(remark.grade), sentence=remark.sentence, fix=remark.fix)  # type: ignore[arg-type]
            for remark in (worded(finding, own=own) for finding in findings)
        ),
        well=handover.is_well(findings),
        back_url=_path(request),
        again_url=_url(looks, "partner-check", partner),
    )
    async with database(request).reading() as session:
        return await page(request, session, looks, "web/partner_check.html", view)


@routes.post(_PARTNER + "/retry", name="partner-retry")
async def retry(request: web.Request) -> web.Response:
    """Try now what waits to be delivered."""
    by = admin(request)
    async with acting(request) as session:
        partner = await partners.one(session, by, number(request, "partner_id"))
        await breakers.wake(session, partner.host)
    return see_other(request, _path(request), "retrying")
