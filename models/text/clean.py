"""What may stand in a plain text field of the database.

Names, subjects, alternative texts, file names: they are stored as text and escaped where they are shown. This module
removes what a database or a screen cannot take (R-43), so that one bad character never stops a queue.
"""

import re
import unicodedata

from models.errors import Invalid

# NUL and the other C0 controls except tab and line feed, DEL and C1, surrogates, and the 66 non-characters of Unicode.
_NOT_TEXT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
_LINE_ENDS = re.compile("\r\n?|\x85|\u2028|\u2029")
_SPACES = re.compile(r"\s+")
_USERNAME = re.compile(r"[a-z0-9_]+(?:[a-z0-9_.-]*[a-z0-9_])?")

USERNAME_CHARACTERS = 30
TAG_CHARACTERS = 100


class TextTooLong(Invalid):
    """This text is too long."""

    code = "text_too_long"


def clean_text(value: str, *, limit: int) -> str:
    """`value` without control characters, lone surrogates and non-characters, in NFC, with line feeds as line ends.

    Raises:
        TextTooLong: more than `limit` characters came in or would be stored. Nothing is cut silently.
    """
    if len(value) > limit:
        raise TextTooLong(length=len(value), limit=limit)
    text = unicodedata.normalize("NFC", _NOT_TEXT.sub("", _LINE_ENDS.sub("\n", value)))
    if len(text) > limit:  # a few characters become longer in NFC
        raise TextTooLong(length=len(text), limit=limit)
    return text


def clean_line(value: str, *, limit: int) -> str:
    """Like `clean_text`, but on one line: every run of white space is one space, none at the ends."""
    return _SPACES.sub(" ", clean_text(value, limit=limit)).strip()


def shorten_text(value: str, *, limit: int) -> str:
    """Like `clean_text` for what others send: the rest beyond `limit` characters is left out instead of refused."""
    return clean_text(value[:limit], limit=limit * 3)[:limit]  # NFC makes a character at most three


def fold_tag(name: str) -> str:
    """The form under which hashtags are compared: no `#`, NFKC, no case (CNT-6)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.removeprefix("#")).casefold())


def fold_username(name: str) -> str:
    """The form under which our usernames are stored and compared."""
    return name.strip().lower()


def username_problem(name: str) -> str | None:
    """Why `name` cannot be a username here (DISC-6): `empty`, `too_long` or `bad_characters`; `None` when it can.

    Capital letters are no problem; store `fold_username(name)`.
    """
    folded = fold_username(name)
    if not folded:
        return "empty"
    if len(folded) > USERNAME_CHARACTERS:
        return "too_long"
    return None if _USERNAME.fullmatch(folded) else "bad_characters"
