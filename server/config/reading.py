"""Turns the text of an instance.toml into tables, and says of every fault where it is and how to mend it.

All faults are gathered before anything is refused: whoever repairs a configuration wants to do it once.
"""

import difflib
import re
import tomllib
import types
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .schema import TABLES, is_required, type_in_words


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault: where it is, what is wrong, and what to do."""

    place: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem} {self.fix}".rstrip()


class ConfigError(Exception):
    """This configuration cannot be used. `findings` says why, every fault with its place and its fix."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = list(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class Places:
    """Knows on which line of a TOML text a table or key stands; for messages, so a near miss does no harm."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._lines: dict[tuple[str, str], int] = {}
        table = ""
        for number, line in enumerate(text.splitlines(), 1):
            header = re.match(r"\s*\[+\s*([\w.\"'-]{1,100})\s*\]", line)
            if header:
                table = header[1].strip("\"'")
                self._lines.setdefault((table, ""), number)
            elif key := re.match(r"\s*[\"']?([\w-]{1,100})[\"']?\s*=", line):
                self._lines.setdefault((table, key[1]), number)

    def of(self, table: str, key: str = "") -> str:
        """`instance.toml:12 [server] port`, as exactly as it is known."""
        line = self._lines.get((table, key)) or self._lines.get((table, ""))
        name = " ".join(part for part in (f"[{table}]" if table else "", key) if part)
        return f"{self.file}:{line} {name}".strip() if line else f"{self.file} {name}".strip()


def parse(text: str, *, file: str) -> dict[str, Any]:
    """The TOML document.

    Raises:
        ConfigError: it is no TOML; the place says on which line.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem, _, where = str(error).partition(" (at ")
        line = re.search(r"line (\d+)", where)
        place = f"{file}:{line[1]}" if line else file
        raise ConfigError([Finding(place, f"This is not TOML: {problem}.", 'Texts need quotes: name = "…".')]) from None


def tables(document: dict[str, Any], places: Places) -> tuple[dict[str, Any], list[Finding]]:
    """A dataclass for each table of `schema.TABLES`, and every unknown, missing or wrongly typed key.

    A table with faults keeps its other keys; a required key that is missing leaves its table out.
    """
    found: list[Finding] = []
    for name, value in document.items():
        if name not in TABLES:
            found.append(_unknown_at_top(name, value, places))
        elif not isinstance(value, dict):
            found.append(Finding(places.of("", name), "This is a table.", f"Write [{name}] and its keys below."))
    read: dict[str, Any] = {}
    for name, schema in TABLES.items():
        given = document.get(name)
        values, faults = _keys(schema, name, given if isinstance(given, dict) else {}, places)
        found += faults
        if all(key.name in values for key in fields(schema) if is_required(key)):
            read[name] = schema(**values)
    return read, found


def _keys(schema: type[Any], table: str, given: dict[str, Any], places: Places) -> tuple[dict[str, Any], list[Finding]]:
    values: dict[str, Any] = {}
    found: list[Finding] = []
    hints = get_type_hints(schema)
    known = {key.name: key for key in fields(schema)}
    for name, value in given.items():
        if name not in known:
            found.append(Finding(places.of(table, name), f'Unknown key "{name}".', _nearest(name, known, table)))
            continue
        converted = _converted(value, hints[name])
        least = known[name].metadata["at_least"]
        if converted is None:
            problem = f"Expected {type_in_words(hints[name])}, found {_in_words(value)}."
            found.append(Finding(places.of(table, name), problem, _line(known[name])))
        elif least is not None and converted < least:
            found.append(Finding(places.of(table, name), f"{converted} is too small.", f"Write {least} or more."))
        else:
            values[name] = converted
    for name, key in known.items():
        if is_required(key) and name not in given:
            place = f"{places.of(table)} {name}"
            found.append(Finding(place, "This key is missing.", f"Write under [{table}]: {_assignment(key)}"))
    return values, found


def _converted(value: Any, kind: Any) -> Any:
    """`value` as `kind`, without any guessing; `None` when it is something else."""
    origin = get_origin(kind)
    if origin in (types.UnionType, Union):
        return _converted(value, next(part for part in get_args(kind) if part is not type(None)))
    if origin is Literal:
        return value if isinstance(value, str) and value in get_args(kind) else None
    if origin is tuple:
        is_list = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
        return tuple(value) if is_list else None
    return value if type(value) is kind else None  # a bool is an int to Python, not to people


def _unknown_at_top(name: str, value: Any, places: Places) -> Finding:
    if isinstance(value, dict):
        near = difflib.get_close_matches(name, TABLES, 1)
        fix = f"Did you mean [{near[0]}]?" if near else f"There are {', '.join(f'[{table}]' for table in TABLES)}."
        return Finding(places.of(name), f"Unknown table [{name}].", fix)
    homes = [table for table, schema in TABLES.items() if name in {key.name for key in fields(schema)}]
    fix = f"It belongs under [{homes[0]}]." if homes else "Every key belongs to a table such as [instance]."
    return Finding(places.of("", name), f'Unknown key "{name}" outside any table.', fix)


def _nearest(name: str, known: Iterable[str], table: str) -> str:
    near = difflib.get_close_matches(name, list(known), 1, cutoff=0.5)
    if near:
        return f'Did you mean "{near[0]}"?'
    elsewhere = [other for other, schema in TABLES.items() if name in {key.name for key in fields(schema)}]
    if elsewhere:
        return f"It belongs under [{elsewhere[0]}]."
    return f"[{table}] knows {', '.join(known)}."


def _in_words(value: Any) -> str:
    if isinstance(value, str):
        return f'the text "{value[:60]}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    return str(value)


def _line(key: Any) -> str:
    return f"For example: {_assignment(key)}"


def _assignment(key: Any) -> str:
    return f"{key.name} = {written(key.metadata['example'])}"


def written(value: Any) -> str:
    """`value` in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:_}" if abs(value) >= 100_000 else str(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(written(entry) for entry in value)}]"
    return '"' + "".join(_escaped(character) for character in str(value)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return f"\\u{ord(character):04x}" if character < " " or character == "\x7f" else character
