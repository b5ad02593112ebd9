"""`kontor backup`, and what becomes of a copy that is served."""

import shutil
from pathlib import Path

from tests.server.cli.conftest import Kontor


def test_a_backup_holds_the_company_and_where_it_is_restored_nothing_is_sent_until_somebody_says_so(
    muster: Kontor, tmp_path: Path
) -> None:
    (tmp_path / "media" / "remote").mkdir(parents=True, exist_ok=True)
    (tmp_path / "media" / "remote" / "copy.png").write_bytes(b"elsewhere")
    (tmp_path / "media" / ".ledger-line").write_text("9")  # it would halt what somebody let go on before serving it
    (tmp_path / "media" / "picture.png").write_bytes(b"ours")

    made = muster("backup", "kept/today", "--json")

    assert made.code == 0, made
    assert (made.json["accounts"], made.json["files"]) == (2, 1)
    kept = tmp_path / "kept" / "today"
    assert sorted(path.relative_to(kept).as_posix() for path in kept.rglob("*")) == [
        "kontor.sqlite3", "media", "media/picture.png",
    ]  # fmt: skip
    assert kept.stat().st_mode & 0o777 == 0o700
    assert "It is there already." in muster("backup", "kept/today").refusal

    shutil.copyfile(kept / "kontor.sqlite3", tmp_path / "kontor.sqlite3")
    assert "Nothing is sent to anybody. This database is a backup" in muster("check").out
    assert muster("federation", "resume", "--json").json == {"dropped": 0}
    assert "Nothing is sent" not in muster("check").out
    assert muster("federation", "resume").refusal == "kontor: deliveries: Nothing is halted."


def test_everything_is_halted_and_goes_on_from_the_shell(muster: Kontor) -> None:
    assert "Deliveries are halted." in muster("federation", "halt").out
    assert "An admin halted them" in muster("check").out
    assert "Deliveries go on." in muster("federation", "resume").out
