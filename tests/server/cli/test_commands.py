"""People, groups and partners from the shell: what is done, what is refused, and with which exit code."""

import asyncio
import io
from pathlib import Path

import pytest

from models import migrations, tokens
from models.database import Database
from models.tables import Application
from server.app import house
from server.config import Config
from tests.server.cli.conftest import Kontor

NEW = ("--email", "clara@muster.example", "--password-file", "password")


# Everywhere


def test_the_configuration_is_named_before_or_after_the_command(muster: Kontor) -> None:
    Path("instance.toml").rename("other.toml")
    assert muster("--config", "other.toml", "person", "list").code == 0
    assert muster("person", "--config", "other.toml", "list").code == 0
    assert muster("person", "list", "--config", "other.toml").code == 0
    assert "instance.toml: There is no such file." in muster("person", "list").refusal


@pytest.mark.parametrize(
    "command",
    [
        ("frobnicate",),
        ("person", "frobnicate"),
        ("person", "add"),
        ("person", "list", "--frobnicate"),
        ("person", "add", "x", "--role", "king"),
        ("group", "add", "x", "--reach", "nearby", "--owner", "anna"),
        ("partner", "admit", "x.example", "--group", "alpine"),
        ("partner", "admit", "x.example", "--group", "alpine=own"),
        ("serve", "now"),
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_one_line_and_code_2(muster: Kontor, command: tuple[str, ...]) -> None:
    said = muster(*command)
    assert said.code == 2
    assert said.error.startswith("kontor")
    assert said.error.count("\n") == 1
    assert "--help" in said.error


@pytest.mark.parametrize("command", [(), ("person",), ("group",), ("partner",)], ids=" ".join)
def test_without_a_command_there_is_help(muster: Kontor, command: tuple[str, ...]) -> None:
    said = muster(*command)
    assert said.code == 2
    assert "Commands:" in said.error


@pytest.mark.parametrize(
    "command", [("person", "list"), ("group", "list"), ("partner", "list"), ("migrate",), ("serve",)], ids=" ".join
)
def test_a_broken_configuration_names_every_fault(muster: Kontor, command: tuple[str, ...]) -> None:
    Path("instance.toml").write_text('[instance]\nname = "M"\nurl = 7\n[server]\nprot = 1\n', encoding="utf-8")
    said = muster(*command)
    assert said.code == 1
    lines = said.error.splitlines()
    assert any("instance.toml:3 [instance] url" in line for line in lines)
    assert any("prot" in line and 'Did you mean "port"?' in line for line in lines)
    assert all(line.startswith("kontor: ") for line in lines)


@pytest.mark.parametrize("command", [("person", "list"), ("serve",)], ids=" ".join)
def test_a_missing_database_is_not_made_in_passing(muster: Kontor, command: tuple[str, ...]) -> None:
    Path("kontor.sqlite3").unlink()
    config = Path("instance.toml")
    config.write_text(config.read_text().replace("port = 8001", "port = 0"))  # somebody may listen at the other
    assert "There is no database here. Make it: kontor migrate" in muster(*command).refusal
    assert not Path("kontor.sqlite3").exists()


def test_an_empty_database_is_told_from_one_that_is_missing(muster: Kontor) -> None:
    Path("kontor.sqlite3").unlink()
    Path("kontor.sqlite3").touch()
    assert "The database is empty. Run: kontor migrate" in muster("person", "list").refusal
    assert muster("migrate", "--json").json["current"] == migrations.newest()
    assert "There is nobody yet" in muster("person", "list").out


def test_migrating_a_second_time_changes_nothing(muster: Kontor) -> None:
    assert muster("migrate", "--json").json == {"ran": [], "current": migrations.newest()}


# People


def test_a_person_is_added_and_listed(muster: Kontor) -> None:
    assert muster("person", "add", "clara", *NEW, "--name", "Clara Conrad").code == 0
    rows = {row["username"]: row for row in muster("person", "list", "--json").json}
    assert set(rows) == {"anna", "bernd", "clara"}
    assert (rows["clara"]["name"], rows["clara"]["role"], rows["clara"]["disabled"]) == ("Clara Conrad", "staff", False)
    assert rows["bernd"]["role"] == "gatekeeper"
    assert "clara@muster.example" in muster("person", "list").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("anna", *NEW), "anna: This name is taken already"),
        (
            ("clara", "--email", "ANNA@muster.example", "--password-file", "password"),
            "Somebody has this e-mail address",
        ),
        (("clara", "--email", "nowhere", "--password-file", "password"), "not an e-mail address"),
        (("no name", *NEW), "A name has 1 to 30"),
    ],
    ids=["a taken name", "a taken address", "no address", "no name"],
)
def test_a_person_is_refused_with_the_reason(muster: Kontor, arguments: tuple[str, ...], says: str) -> None:
    assert says in muster("person", "add", *arguments).refusal
    assert len(muster("person", "list", "--json").json) == 2


def test_a_password_can_come_from_standard_input(muster: Kontor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("fifteen brown bottles\n"))
    assert muster("person", "add", "clara", "--email", "c@muster.example", "--password-file", "-").code == 0


def test_a_token_opens_the_client_api_for_that_person(muster: Kontor) -> None:
    said = muster("person", "token", "bernd", "--scopes", "read write follow push")
    assert said.code == 0
    token = said.out.strip()

    async def holder() -> tuple[str, str, str]:
        config = Config.load("instance.toml")
        database = Database(config.database_url, instance=house(config))
        async with database.reading() as session:
            found = await tokens.holder(session, token)
            assert found is not None
            assert found.staff is not None
            application = await session.get_one(Application, found.application_id)
        await database.close()
        return found.staff.username, found.scopes, application.name

    assert asyncio.run(holder()) == ("bernd", "read write follow push", "command line")


def test_a_token_for_nobody_or_for_nothing_is_refused(muster: Kontor) -> None:
    assert "There is nobody of this name" in muster("person", "token", "nobody").refusal
    assert "--scopes" in muster("person", "token", "bernd", "--scopes", "everything").refusal
    muster("person", "disable", "bernd")
    assert "disabled" in muster("person", "token", "bernd").refusal


def test_a_disabled_person_is_out_and_a_second_time_changes_nothing(muster: Kontor) -> None:
    assert muster("person", "disable", "bernd").code == 0
    assert muster("person", "disable", "bernd", "--json").json["disabled"] is True
    assert "last admin" in muster("person", "disable", "anna").refusal
    assert "kontor person list" in muster("person", "disable", "nobody").refusal


def test_a_role_is_changed_but_never_the_last_admins(muster: Kontor) -> None:
    assert muster("person", "role", "bernd", "staff", "--json").json["role"] == "staff"
    assert "last admin" in muster("person", "role", "anna", "staff").refusal
    assert muster("person", "role", "bernd", "admin").out == "bernd has the role admin now.\n"
    assert muster("person", "role", "anna", "gatekeeper").code == 0
    assert muster("person", "role", "bernd", "king").code == 2


# Groups


def test_a_group_is_founded_and_listed(muster: Kontor) -> None:
    options = ("--name", "Gehäuse X200", "--reach", "partners", "--owner", "anna", "--gate", "on", "--access", "closed")
    assert muster("group", "add", "gehaeuse", *options, "--json").json["handle"] == "@gehaeuse@muster.localhost:8001"
    (row,) = muster("group", "list", "--json").json
    assert row == {
        "username": "gehaeuse",
        "name": "Gehäuse X200",
        "reach": "partners",
        "access": "closed",
        "gate": "on",
        "owner": "anna",
        "members": 1,
        "partners": {},
    }
    assert "Gehäuse X200" in muster("group", "list").out


def test_a_group_is_internal_open_and_without_a_gate_unless_said_otherwise(muster: Kontor) -> None:
    founded = muster("group", "add", "kantine", "--owner", "bernd")
    assert "partners" not in founded.out
    (row,) = muster("group", "list", "--json").json
    assert (row["reach"], row["access"], row["gate"]) == ("internal", "open", "off")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("anna", "--owner", "anna"), "share one list of names"),
        (("kantine", "--owner", "nobody"), "--owner nobody: There is nobody of this name"),
        (("two words", "--owner", "anna"), "A name has 1 to 30"),
    ],
    ids=["a person's name", "an unknown owner", "no name"],
)
def test_a_group_is_refused_with_the_reason(muster: Kontor, arguments: tuple[str, ...], says: str) -> None:
    assert says in muster("group", "add", *arguments).refusal
    assert muster("group", "list", "--json").json == []


def test_a_gate_without_a_gatekeeper_is_refused(muster: Kontor) -> None:
    muster("person", "disable", "bernd")
    refusal = muster("group", "add", "gehaeuse", "--owner", "anna", "--reach", "partners", "--gate", "on").refusal
    assert "name a gatekeeper" in refusal


# Partners


def test_a_partner_is_admitted_to_groups_and_suspended(muster: Kontor) -> None:
    for name in ("gehaeuse", "termine"):
        muster("group", "add", name, "--owner", "anna", "--reach", "partners")
    admit = ("partner", "admit", "zulieferer.localhost:8002")
    row = muster(
        *admit, "--name", "Zulieferer Süd", "--group", "gehaeuse=post", "--group", "termine=read", "--json"
    ).json
    assert (row["name"], row["state"]) == ("Zulieferer Süd", "admitted")
    assert row["groups"] == {"gehaeuse": "post", "termine": "read"}

    assert muster(*admit, "--group", "termine=comment", "--json").json["groups"] == {
        "gehaeuse": "post",
        "termine": "comment",
    }

    assert muster(*admit, "--copies", "termine", "--json").json["copies"] == ["termine"]
    assert "termine (comment, with copies)" in muster(*admit).out

    assert muster("partner", "suspend", "zulieferer.localhost:8002", "--json").json["state"] == "suspended"
    (row,) = muster("partner", "list", "--json").json
    assert row["state"] == "suspended"
    assert "Zulieferer Süd" in muster("partner", "list").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("admit", "not a host"), "named by the host of its server"),
        (("admit", "muster.localhost:8001"), "our own server"),
        (("admit", "x.example", "--group", "nowhere=read"), "--group nowhere: There is no such group"),
        (("admit", "x.example", "--copies", "nowhere"), "--group nowhere: There is no such group"),
        (("admit", "x.example", "--copies", "kantine"), "Agree on that group first"),
        (("admit", "x.example", "--group", "kantine=read"), "raise its reach to partners first"),
        (("suspend", "x.example"), "There is no such partner"),
    ],
    ids=[
        "no host",
        "our own host",
        "an unknown group",
        "copies of no group",
        "copies without agreement",
        "an internal group",
        "no partner",
    ],
)
def test_a_partner_is_refused_with_the_reason(muster: Kontor, arguments: tuple[str, ...], says: str) -> None:
    muster("group", "add", "kantine", "--owner", "anna")
    assert says in muster("partner", *arguments).refusal
    assert muster("partner", "list", "--json").json == []


def test_SIG_30_keys_are_listed_and_changed_from_the_shell(muster: Kontor) -> None:
    assert muster("keys", "list").out.startswith("There are no keys yet")
    assert muster("keys", "rotate", "--actor", "anna").out == "New keys for 1 actor; they sign after an hour.\n"

    rows = muster("keys", "list", "--actor", "anna", "--json").json
    assert [(row["kind"], row["use"]) for row in rows] == [
        ("rsa", "signs"),
        ("rsa", "next"),
        ("ed25519", "signs"),
        ("ed25519", "next"),
    ]
    assert "are not in use yet" in muster("keys", "rotate", "--actor", "anna").refusal
    assert "Nobody here has this name" in muster("keys", "rotate", "--actor", "nobody").refusal
    assert muster("keys", "rotate", "--all").out == "New keys for 0 actors; they sign after an hour.\n"
    assert muster("keys", "rotate").code == 2
    assert muster("keys", "rotate", "--all", "--actor", "anna").code == 2


def test_how_deliveries_go_is_listed_from_the_shell(muster: Kontor) -> None:
    assert muster("federation", "list").out == "Nothing has been sent to anybody yet.\n"
    assert muster("partner", "admit", "zulieferer.localhost:8002", "--name", "Zulieferer").code == 0

    (row,) = muster("federation", "list", "--json").json
    assert (row["host"], row["state"], row["waiting"], row["given_up"]) == (
        "zulieferer.localhost:8002",
        "unknown",
        0,
        0,
    )
    assert "is tried now" in muster("federation", "wake", "zulieferer.localhost:8002").out
    assert "Nothing was ever sent there" in muster("federation", "wake", "x.example").refusal
    assert muster("federation", "retry", "x.example", "--json").json == {"again": 0, "outdated": 0}
    assert muster("federation", "retry", "x.example", "--drop").out == "Dropped: 0.\n"


def test_B2B_6_a_partner_is_checked_from_the_shell(muster: Kontor) -> None:
    said = muster("partner", "check", "zulieferer.example")
    assert said.code == 1
    assert "BAD  zulieferer.example is not admitted here, so nothing was tried." in said.out
    assert "kontor partner admit zulieferer.example" in said.out
    assert muster("partner", "check", "zulieferer.example", "--json").json[0]["what"] == "unknown"
