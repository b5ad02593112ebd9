"""How words that somebody looks for are compared with texts: anywhere in them, in any case."""

from typing import Any

from sqlalchemy import ColumnElement, or_


def pattern(word: str) -> str:
    """What `LIKE` compares to find `word` anywhere."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def anywhere(word: str, *columns: Any) -> ColumnElement[bool]:
    """`word` in one of `columns`, in any case."""
    patterns = [pattern(form) for form in _forms(word)]
    return or_(*(column.ilike(each, escape="\\") for column in columns for each in patterns))


def _forms(word: str) -> list[str]:
    """`word` in the cases that SQLite tells apart, which knows no others than those of ASCII: as it is, in small and in
    large letters, and as it begins a sentence. Letter by letter, so that none becomes two."""
    if word.isascii():
        return [word]
    small = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in word)
    large = "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in word)
    return list(dict.fromkeys((word, small, large, large[:1] + small[1:])))
