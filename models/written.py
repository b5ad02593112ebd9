"""Which tables a statement changes, by its text: what cannot be told may be all of them.

Rows go with the rows they hang on, so that whoever deletes changes other tables too; what triggers change is in none of
the classes (`models.trigrams`).
"""

import functools
import re

from models.tables import Actor

_TABLES = Actor.metadata.tables
ALL = frozenset(_TABLES)

_CHANGES = re.compile(
    r'\s*(INSERT\s+INTO|INSERT\s+OR\s+\w+\s+INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)"?', re.I
)
_ASKS = re.compile(r"\s*(SELECT|PRAGMA|SAVEPOINT|RELEASE|ROLLBACK)\b", re.I)
_HEAD = 120
"""So many characters say which table a statement changes; what follows is different each time."""
_MAY_CHANGE = re.compile(r"\b(INSERT|REPLACE|UPDATE|DELETE)\b", re.I)


def tables_changed(sql: str) -> frozenset[str]:
    """The tables that `sql` may change."""
    return _changed(sql if sql.lstrip()[:4].upper() == "WITH" else sql[:_HEAD])


@functools.lru_cache(1000)
def _changed(sql: str) -> frozenset[str]:
    if _ASKS.match(sql) or (re.match(r"\s*WITH\b", sql, re.I) and not _MAY_CHANGE.search(sql)):
        return frozenset()
    found = _CHANGES.match(sql)
    if found is None or found[2] not in ALL:
        return ALL
    verb = found[1].upper().split()[0:2]
    if verb in (["INSERT", "INTO"], ["UPDATE"]):
        return frozenset({found[2]})
    return _with_what_hangs_on(found[2])


@functools.cache
def _with_what_hangs_on(name: str) -> frozenset[str]:
    found, added = {name}, {name}
    while added:
        added = {
            table.name for table in _TABLES.values() for key in table.foreign_keys if key.column.table.name in added
        } - found
        found |= added
    return frozenset(found)


def tables_named(sql: str) -> frozenset[str]:
    """The tables whose names are in `sql`: those that it may read are among them."""
    return frozenset(re.findall(r"\w+", sql)) & ALL
