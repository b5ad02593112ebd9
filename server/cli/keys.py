"""`kontor keys …`: the keys with which this server and its people sign, and changing them (SIG-30)."""

import click

from federation import rotation
from federation.keys import KeyRing
from models import actors
from server.cli.frame import Refusal, asynchronous, config_option, config_path, json_option, opened, print_rows
from server.config import Config


@click.group()
@config_option
def keys() -> None:
    """The keys that we sign with."""


@keys.command(name="list")
@config_option
@click.option("--actor", default=None, metavar="NAME", help="Only the keys of this person or group.")
@json_option
@asynchronous
async def list_(actor: str | None, as_json: bool) -> None:
    """List the keys, with what each is for now: signs, next, shown, retired."""
    async with opened() as database, database.reading() as session:
        found = await rotation.listed(session, username=actor)
    rows: list[dict[str, object]] = [
        {
            "actor": own.actor.username,
            "kind": str(own.key.kind),
            "use": own.use,
            "since": own.key.created_at.isoformat(timespec="seconds"),
            "id": own.key.uri,
        }
        for own in found
    ]
    columns = ("actor", "kind", "use", "since", "id")
    print_rows(columns, rows, as_json=as_json, empty="There are no keys yet: they are made when they are needed.")


@keys.command()
@config_option
@click.option("--actor", default=None, metavar="NAME", help="The person or group whose keys are changed.")
@click.option("--all", "everybody", is_flag=True, help="Change the keys of everybody who has some.")
@asynchronous
async def rotate(actor: str | None, everybody: bool) -> None:
    """Make new keys. They are published at once and sign after an hour; the old ones stay valid until then."""
    if (actor is None) is not everybody:
        raise click.UsageError("Give --actor NAME or --all.", click.get_current_context())
    ring = KeyRing(Config.load(config_path()).secret_key)
    async with opened() as database:
        async with database.reading() as session:
            if actor is None:
                chosen = await rotation.rotatable(session)
            else:
                found = await actors.by_username(session, actor)
                if found is None:
                    raise Refusal(f"--actor {actor}", "Nobody here has this name.", "See: kontor keys list")
                chosen = [found.id]
        count = 0
        for actor_id in chosen:
            try:
                await rotation.begin(database, ring, actor_id)
            except rotation.RotationUnderWay:
                if actor is not None:
                    problem = "New keys were made already and are not in use yet."
                    raise Refusal(f"--actor {actor}", problem, "Wait until they sign: an hour, or two.") from None
            else:
                count += 1
    click.echo(f"New keys for {count} {'actor' if count == 1 else 'actors'}; they sign after an hour.")
