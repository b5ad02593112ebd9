"""`kontor partner …`: other companies, and what was agreed with each."""

import click

from models import partners
from models.errors import NotFound
from models.tables import Level, Partner
from server.cli.frame import (
    FOUND,
    Refusal,
    asynchronous,
    config_option,
    config_path,
    json_option,
    opened,
    print_json,
    print_rows,
)


@click.group()
@config_option
def partner() -> None:
    """The companies that we talk with."""


def _agreed(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Level]:
    """`gehaeuse=post` as name and level."""
    levels = {}
    for value in values:
        name, _, level = value.partition("=")
        if not name or level not in list(Level):
            raise click.BadParameter(f"{value!r} is not GROUP=read, =comment or =post.", param=parameter)
        levels[name] = Level(level)
    return levels


@partner.command()
@config_option
@click.argument("host")
@click.option("--name", default=None, help="The company's name.")
@click.option(
    "--group",
    "levels",
    multiple=True,
    callback=_agreed,
    metavar="GROUP=LEVEL",
    help="A group of ours that it takes part in, with read, comment or post. May be given more than once.",
)
@click.option(
    "--copies",
    multiple=True,
    metavar="GROUP",
    help="A group that sends copies in its own name, for a server that shows nothing a group passes on.",
)
@json_option
@asynchronous
async def admit(host: str, name: str | None, levels: dict[str, Level], copies: tuple[str, ...], as_json: bool) -> None:
    """Admit the company whose server is HOST, and agree on groups. What was agreed before stays."""
    async with opened() as database:
        async with database.writing() as session:
            try:
                admitted = await partners.admit(session, host, levels=levels, copies=copies, name=name)
            except NotFound as error:
                missing = error.facts.get("group")
                if missing is None:
                    raise Refusal("--copies", "Agree on that group first.", "Add: --group GROUP=LEVEL") from None
                raise Refusal(f"--group {missing}", "There is no such group.", "See: kontor group list") from None
        async with database.reading() as session:
            rows = {row["host"]: row for row in map(_facts, await session.scalars(partners.listed()))}
    row = rows[admitted.host]
    if as_json:
        print_json(row)
        return
    groups = row["groups"]
    assert isinstance(groups, dict)  # noqa: S101 - made below
    spoken_to = row["copies"]
    assert isinstance(spoken_to, list)  # noqa: S101 - made below
    agreed = (
        ", ".join(
            f"{group} ({level}, with copies)" if group in spoken_to else f"{group} ({level})"
            for group, level in groups.items()
        )
        or "no group yet"
    )
    click.echo(f"{row['name']} ({row['host']}) is admitted: {agreed}.")


@partner.command()
@config_option
@click.argument("host")
@json_option
@asynchronous
async def suspend(host: str, as_json: bool) -> None:
    """Stop everything with the company at HOST at once."""
    async with opened() as database, database.writing() as session:
        try:
            suspended = await partners.suspend(session, host)
        except NotFound:
            raise Refusal(host, "There is no such partner.", "See: kontor partner list") from None
    if as_json:
        print_json({"host": suspended.host, "state": str(suspended.state)})
    else:
        click.echo(f"{suspended.shown_name} is suspended: nothing goes there, nothing is taken from there.")


@partner.command()
@config_option
@click.argument("host")
@json_option
@asynchronous
async def check(host: str, as_json: bool) -> None:
    """Try out how we and the server at HOST get on: reach it, send it something, ask it for somebody."""
    from federation import handover
    from server.app import wire_of
    from server.config import Config
    from server.handover import worded

    config = Config.load(config_path())
    async with opened() as database:
        wire = wire_of(config, database)
        try:
            findings = await handover.check(wire, partners.clean_host(host))
        finally:
            await wire.fetcher.close()
    remarks = [worded(finding, own=config.host) for finding in findings]
    if as_json:
        print_json(
            [
                {"step": str(finding.step), "grade": str(finding.grade), "what": finding.what, **finding.facts}
                for finding in findings
            ]
        )
    else:
        marks = {"good": "ok", "doubtful": "note", "bad": "BAD"}
        for remark in remarks:
            click.echo(f"{marks[remark.grade]:<5}{remark.sentence}")
            if remark.fix:
                click.echo(f"     -> {remark.fix}")
    if not handover.is_well(findings):
        click.get_current_context().exit(FOUND)


@partner.command(name="list")
@config_option
@json_option
@asynchronous
async def list_(as_json: bool) -> None:
    """List all partners, with the groups they take part in."""
    async with opened() as database, database.reading() as session:
        rows = [_facts(found) for found in await session.scalars(partners.listed())]
    columns = ("host", "name", "state", "groups", "since")
    print_rows(columns, rows, as_json=as_json, empty="There is no partner yet: kontor partner admit …")


def _facts(found: Partner) -> dict[str, object]:
    return {
        "host": found.host,
        "name": found.shown_name,
        "state": str(found.state),
        "groups": {
            agreement.group.actor.username: str(agreement.level)
            for agreement in sorted(found.agreements, key=lambda agreement: agreement.group.actor.username)
        },
        "copies": sorted(agreement.group.actor.username for agreement in found.agreements if agreement.sends_copies),
        "since": found.since.date().isoformat(),
    }
