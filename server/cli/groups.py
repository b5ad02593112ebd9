"""`kontor group …`: founding groups and listing them."""

import click
from sqlalchemy import func, select

from models import accounts, groups
from models.errors import NotFound
from models.tables import Access, Actor, Agreement, Group, Membership, MemberState, Partner, Reach
from server.cli.frame import (
    Asked,
    Refusal,
    asynchronous,
    choice,
    config_option,
    json_option,
    opened,
    print_json,
    print_rows,
)


@click.group()
@config_option
def group() -> None:
    """The groups of this company."""


@group.command()
@config_option
@click.argument("username")
@click.option("--name", default="", help="Name as people see it (default: USERNAME).")
@click.option("--purpose", default="", help="What the group is for, in a sentence or two.")
@click.option("--reach", type=choice(Reach), default="internal", help="How far posts may go: internal.")
@click.option("--access", type=choice(Access), default="open", help="Who in the house reads: open.")
@click.option("--gate", type=click.Choice(["on", "off"]), default="off", help="Whether a gatekeeper must approve: off.")
@click.option("--owner", cls=Asked, required=True, prompt="Owner", help="Who the group belongs to.")
@json_option
@asynchronous
async def add(
    *, username: str, name: str, purpose: str, reach: str, access: str, gate: str, owner: str, as_json: bool
) -> None:
    """Found the group USERNAME, which is also its name in addresses."""
    async with opened() as database, database.writing() as session:
        try:
            account = await accounts.by_username(session, owner)
        except NotFound:
            raise Refusal(f"--owner {owner}", "There is nobody of this name.", "See: kontor person list") from None
        if account.disabled_at is not None:
            raise Refusal(f"--owner {owner}", "This person is disabled.", "Choose somebody who can sign in.")
        founded = await groups.create(
            session,
            username=username,
            name=name,
            owner=accounts.staff(account),
            purpose=purpose,
            reach=Reach(reach),
            access=Access(access),
            is_gated=gate == "on",
        )
        handle = f"@{founded.actor.username}@{database.instance.host}"
    if as_json:
        print_json({"username": founded.actor.username, "handle": handle, "url": founded.actor.url})
    else:
        outside = "" if founded.reach is Reach.INTERNAL else f", for partners {handle}"
        click.echo(f"{founded.actor.display_name} is at {founded.actor.url}{outside}.")


@group.command(name="list")
@config_option
@json_option
@asynchronous
async def list_(as_json: bool) -> None:
    """List the groups of this company."""
    async with opened() as database, database.reading() as session:
        members = (
            select(Membership.group_id, func.count().label("people"))
            .where(Membership.state == MemberState.MEMBER)
            .group_by(Membership.group_id)
            .subquery()
        )
        shared: dict[int, dict[str, str]] = {}
        for group_id, host, level in await session.execute(
            select(Agreement.group_id, Partner.host, Agreement.level)
            .join(Partner, Partner.id == Agreement.partner_id)
            .order_by(Partner.host)
        ):
            shared.setdefault(group_id, {})[host] = str(level)
        owner = select(Actor.username).where(Actor.id == Group.owner_id).correlate(Group).scalar_subquery()
        found = await session.execute(
            select(Group, Actor, func.coalesce(members.c.people, 0), owner)
            .join(Actor, Actor.id == Group.id)
            .outerjoin(members, members.c.group_id == Group.id)
            .where(Actor.host == "", Actor.deleted_at.is_(None))
            .order_by(Actor.username)
        )
        rows = [
            {
                "username": actor.username,
                "name": actor.display_name,
                "reach": str(group.reach),
                "access": str(group.access),
                "gate": "on" if group.is_gated else "off",
                "owner": owner_name,
                "members": people,
                "partners": shared.get(group.id, {}),
            }
            for group, actor, people, owner_name in found
        ]
    columns = ("username", "name", "reach", "access", "gate", "owner", "members", "partners")
    print_rows(columns, rows, as_json=as_json, empty="There is no group yet: kontor group add …")
