"""Writes configuration files: the example in the repository, and the file that `kontor init` begins with."""

import textwrap
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from .reading import written
from .schema import TABLES, is_required

_HEAD = """\
# Configuration of a Kontor. Copy it to instance.toml, or let `kontor init` write one.
# A key with a # before it shows its default, or an example where it has none.
"""


def example() -> str:
    """instance.example.toml: every table and key with its explanation."""
    needed = {
        table: {key.name: key.metadata["example"] for key in fields(schema) if is_required(key)}
        for table, schema in TABLES.items()
    }
    return _HEAD + "\n" + rendered({table: keys for table, keys in needed.items() if keys})


def rendered(values: Mapping[str, Mapping[str, Any]]) -> str:
    """A configuration in which `values` are set, and everything else is explained but commented out.

    Raises:
        KeyError: a table or key that does not exist.
    """
    for table, keys in values.items():
        unknown = set(keys) - {key.name for key in fields(TABLES[table])}
        if unknown:
            raise KeyError(f"[{table}] {', '.join(sorted(unknown))}")
    return "\n".join(_table(name, schema, values.get(name, {})) for name, schema in TABLES.items())


def _table(name: str, schema: type[Any], values: Mapping[str, Any]) -> str:
    lines = [f"[{name}]", *_comment(str(schema.__doc__)), ""]
    for key in fields(schema):
        is_set = key.name in values
        value = values[key.name] if is_set else key.metadata["example"]
        lines += [*_comment(key.metadata["doc"]), f"{'' if is_set else '# '}{key.name} = {written(value)}", ""]
    return "\n".join(lines)


def _comment(sentence: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(" ".join(sentence.split()), 110)]
