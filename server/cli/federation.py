"""`kontor federation …`: how every server fares to which something is sent, and what could not be delivered."""

from datetime import datetime

import click

from models import board, breakers, dead_letters, halts
from models.board import Standing
from models.tables import HaltReason
from server.cli.frame import Refusal, asynchronous, config_option, json_option, opened, print_json, print_rows


@click.group()
@config_option
def federation() -> None:
    """How deliveries to other servers go."""


@federation.command(name="list")
@config_option
@json_option
@asynchronous
async def list_(as_json: bool) -> None:
    """List all servers, those in trouble first."""
    async with opened() as database, database.reading() as session:
        rows = [_facts(standing) for standing in await board.standings(session)]
    columns = ("host", "state", "waiting", "oldest", "next_attempt", "given_up", "last_error")
    print_rows(columns, rows, as_json=as_json, empty="Nothing has been sent to anybody yet.")


def _facts(standing: Standing) -> dict[str, object]:
    peer = standing.peer
    return {
        "host": standing.host,
        "name": standing.name,
        "state": "suspended" if standing.is_suspended else str(standing.condition),
        "waiting": standing.queued,
        "oldest": _moment(standing.oldest),
        "next_attempt": _moment(standing.next_attempt),
        "given_up": standing.dead,
        "last_error": peer.last_error if peer else "",
        "failing_since": _moment(peer.failing_since if peer else None),
        "last_delivered": _moment(peer.delivered_at if peer else None),
        "signature": (peer.signature_form or "") if peer else "",
        "dialect": str(peer.dialect) if peer else "",
        "latency_ms": round(peer.latency * 1000) if peer and peer.latency is not None else None,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at is not None else None


@federation.command()
@config_option
@click.argument("host")
@asynchronous
async def wake(host: str) -> None:
    """Try now what waits for the server HOST."""
    async with opened() as database, database.writing() as session:
        if host not in {standing.host for standing in await board.standings(session)}:
            raise Refusal(host, "Nothing was ever sent there.", "See: kontor federation list")
        await breakers.wake(session, host)
    click.echo(f"What waits for {host} is tried now.")


@federation.command()
@config_option
@click.argument("host")
@click.option("--drop", is_flag=True, help="Give it up for good instead.")
@json_option
@asynchronous
async def retry(host: str, drop: bool, as_json: bool) -> None:
    """Send again what was given up at the server HOST."""
    async with opened() as database, database.writing() as session:
        if drop:
            facts = {"dropped": await dead_letters.drop(session, host)}
        else:
            done = await dead_letters.retry(session, host)
            facts = {"again": done.again, "outdated": done.outdated}
    if as_json:
        print_json(facts)
    elif drop:
        click.echo(f"Dropped: {facts['dropped']}.")
    else:
        click.echo(f"Sent again: {facts['again']}. No longer true, and dropped: {facts['outdated']}.")


@federation.command()
@config_option
@asynchronous
async def halt() -> None:
    """Send nothing to anybody from now on; what is written is queued."""
    async with opened() as database, database.writing() as session:
        await halts.begin(session, HaltReason.ADMIN)
    click.echo("Deliveries are halted. To let them go on: kontor federation resume")


@federation.command()
@config_option
@click.option("--send-old", is_flag=True, help="After a backup was restored: send also what it had queued already.")
@json_option
@asynchronous
async def resume(send_old: bool, as_json: bool) -> None:
    """Let deliveries go on that were halted, by somebody or because a backup was restored."""
    async with opened() as database, database.writing() as session:
        if await halts.current(session) is None:
            raise Refusal("deliveries", "Nothing is halted.")
        dropped = await halts.end(session, sends_old=send_old)
    if as_json:
        print_json({"dropped": dropped})
    else:
        click.echo(f"Deliveries go on. Dropped, because they may have arrived before: {dropped}.")
