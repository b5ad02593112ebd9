"""`kontor person …`: the staff, and tokens for their scripts."""

import click
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import accounts, tokens
from models.errors import NotFound
from models.tables import Account, Actor, Role
from server.auth import passwords
from server.auth.scopes import Scopes, UnknownScope
from server.cli.frame import (
    Asked,
    Refusal,
    asynchronous,
    choice,
    config_option,
    json_option,
    opened,
    password_from,
    print_json,
    print_rows,
)

APPLICATION = "command line"
_REDIRECT = "urn:ietf:wg:oauth:2.0:oob"


@click.group()
@config_option
def person() -> None:
    """The people of this company."""


@person.command()
@config_option
@click.argument("username")
@click.option("--email", cls=Asked, required=True, prompt="E-mail address", help="Nobody else may have the same.")
@click.option("--role", type=choice(Role), default="staff", show_default=True, help="What they may do.")
@click.option("--name", default="", help="Name as others see it (default: from USERNAME).")
@click.option("--language", type=click.Choice(["de", "en"]), default=None, help="Language of their pages.")
@click.option("--password-file", metavar="F", help="File whose first line is the password; - for stdin.")
@json_option
@asynchronous
async def add(
    *,
    username: str,
    email: str,
    role: str,
    name: str,
    language: str | None,
    password_file: str | None,
    as_json: bool,
) -> None:
    """Add a person who signs in as USERNAME."""
    password = password_from(password_file)
    passwords.check(password, username=username, email=email)
    hashed = await passwords.hash_password(password)
    async with opened() as database, database.writing() as session:
        account = await accounts.create(
            session,
            username=username,
            email=email,
            password_hash=hashed,
            role=Role(role),
            display_name=name,
            locale=language or "",
        )
    if as_json:
        print_json(_facts(account))
    else:
        click.echo(f"{account.actor.username} can sign in, with the role {account.role}.")


@person.command(name="list")
@config_option
@json_option
@asynchronous
async def list_(as_json: bool) -> None:
    """List everybody, those who can no longer sign in too."""
    statement = select(Account).join(Actor, Actor.id == Account.actor_id).options(joinedload(Account.actor))
    async with opened() as database, database.reading() as session:
        rows = [_facts(account) for account in await session.scalars(statement.order_by(Actor.username))]
    columns = ("username", "name", "email", "role", "since", "disabled")
    print_rows(columns, rows, as_json=as_json, empty="There is nobody yet: kontor person add …")


@person.command()
@config_option
@click.argument("username")
@click.option("--scopes", default="read", show_default=True, help='What the token allows: "read write follow push".')
@json_option
@asynchronous
async def token(username: str, scopes: str, as_json: bool) -> None:
    """Print a new access token of USERNAME for the client API. It is shown this once."""
    wanted = _checked_scopes(scopes)
    async with opened() as database, database.writing() as session:
        account = await _person(session, username)
        if account.disabled_at is not None:
            raise Refusal(username, "This person is disabled.", "A token would open nothing.")
        application, _ = await tokens.register(
            session, name=APPLICATION, website=None, redirect_uris=[_REDIRECT], scopes=wanted
        )
        granted = await tokens.grant(session, application, account_id=account.id, scopes=wanted)
    if as_json:
        print_json({"username": account.actor.username, "access_token": granted.text, "scope": wanted})
    else:
        click.echo(granted.text)


@person.command()
@config_option
@click.argument("username")
@json_option
@asynchronous
async def disable(username: str, as_json: bool) -> None:
    """End the access of USERNAME now: browsers, apps, streams. What they wrote stays."""
    async with opened() as database, database.writing() as session:
        account = await _person(session, username)
        if account.disabled_at is None:
            await accounts.disable(session, account)
    if as_json:
        print_json(_facts(account))
    else:
        click.echo(f"{account.actor.username} can no longer sign in.")


@person.command()
@config_option
@click.argument("username")
@click.argument("wanted", metavar="ROLE", type=choice(Role))
@json_option
@asynchronous
async def role(username: str, wanted: str, as_json: bool) -> None:
    """Give USERNAME another ROLE: staff, gatekeeper or admin. Somebody must stay admin."""
    async with opened() as database, database.writing() as session:
        account = await _person(session, username)
        await accounts.set_role(session, account, Role(wanted))
    if as_json:
        print_json(_facts(account))
    else:
        click.echo(f"{account.actor.username} has the role {account.role} now.")


async def _person(session: AsyncSession, username: str) -> Account:
    try:
        return await accounts.by_username(session, username)
    except NotFound:
        raise Refusal(username, "There is nobody of this name.", "See: kontor person list") from None


def _checked_scopes(text: str) -> str:
    """`text` with each scope once. Raises Refusal."""
    try:
        return str(Scopes.parse(text))
    except UnknownScope:
        fix = "Write names such as read, write, follow, push, or narrower ones such as read:statuses."
        raise Refusal(f"--scopes {text}", "There is no such scope.", fix) from None


def _facts(account: Account) -> dict[str, object]:
    return {
        "username": account.actor.username,
        "name": account.actor.display_name,
        "email": account.email,
        "role": str(account.role),
        "since": account.created_at.date().isoformat(),
        "disabled": account.disabled_at is not None,
    }
