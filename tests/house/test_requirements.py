"""Whoever installs Kontor gets what it imports, and nothing that it does not."""

import re
import sys
import tomllib

from tests.house.tree import ROOT, STOREYS, modules

IMPORTED_AS = {"argon2-cffi": "argon2", "blurhash-python": "blurhash", "pillow": "PIL"}
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_FLOOR = re.compile(r"[A-Za-z0-9._-]+(?:\[[a-z]+\])?>=\d")


def required() -> list[str]:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    dependencies: list[str] = told["project"]["dependencies"]
    extras: dict[str, list[str]] = told["project"]["optional-dependencies"]
    return dependencies + [line for name, lines in extras.items() if name != "test" for line in lines]


def test_what_is_optional_is_there_for_the_tests():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = told["project"]["optional-dependencies"]
    assert {line for name, lines in extras.items() if name != "test" for line in lines} <= set(extras["test"])


def libraries() -> set[str]:
    """What the storeys import from elsewhere, by top-level name."""
    imported = {name.partition(".")[0] for each in modules() for name in each.imports}
    return imported - set(sys.stdlib_module_names) - set(STOREYS)


def test_every_library_that_is_imported_is_required_and_no_other():
    names = [_NAME.match(line).group() for line in required()]
    assert {IMPORTED_AS.get(name, name) for name in names} == libraries()


def test_every_requirement_says_from_which_version_on():
    assert [line for line in required() if not _FLOOR.match(line)] == []
