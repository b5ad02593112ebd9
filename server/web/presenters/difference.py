"""What changed between two texts, in words: kept, put in, taken out, and long kept stretches folded away."""

import asyncio
import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from server.i18n import ngettext
from server.web.views import DiffPart

_TOKENS = re.compile(r"\s+|[^\s]+")
_KEPT_AROUND = 12
_FOLD_FROM = 40
_MOST_TOKENS = 6_000


async def between(before: str, after: str) -> tuple[DiffPart, ...]:
    """The way from `before` to `after`. Long texts are compared in a thread, very long ones by their lines."""
    return tuple(_folded(await asyncio.to_thread(_compare, before, after)))


def _compare(before: str, after: str) -> list[tuple[str, list[str]]]:
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    if len(old) + len(new) > _MOST_TOKENS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    parts: list[tuple[str, list[str]]] = [("same", old[:start])]
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, inner_old, inner_new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("same", inner_old[i1:i2]))
            continue
        parts += [("removed", inner_old[i1:i2]), ("added", inner_new[j1:j2])]
    parts.append(("same", old[len(old) - end :]))
    return [(kind, tokens) for kind, tokens in parts if tokens]


def _common(one: list[str], other: list[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _folded(parts: list[tuple[str, list[str]]]) -> Iterator[DiffPart]:
    for at, (kind, tokens) in enumerate(parts):
        if kind == "removed":
            yield DiffPart("removed", "".join(tokens))
        elif kind == "added":
            yield DiffPart("added", "".join(tokens))
        elif len(tokens) < _FOLD_FROM:
            yield DiffPart("same", "".join(tokens))
        else:
            first, last = at == 0, at == len(parts) - 1
            head = [] if first else tokens[:_KEPT_AROUND]
            tail = [] if last else tokens[-_KEPT_AROUND:]
            hidden = tokens[len(head) : len(tokens) - len(tail)]
            words = sum(not token.isspace() for token in hidden)
            if head:
                yield DiffPart("same", "".join(head))
            yield DiffPart("folded", ngettext("[ %(num)s word as before ]", "[ %(num)s words as before ]", words))
            if tail:
                yield DiffPart("same", "".join(tail))
