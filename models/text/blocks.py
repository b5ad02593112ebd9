"""The blocks of our Markdown: fenced code, headings, and lists in the shape that python-markdown can read."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from markdown.blockprocessors import BlockProcessor
from markdown.preprocessors import Preprocessor
from markdown.util import code_escape

INDENT = 2
_NESTING = 8
_RUN = 12


class Fences(Preprocessor):
    """Fenced code, read line by line; a fence that is never closed holds the rest (CommonMark §4.5)."""

    _OPENING = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,}) *(?P<language>[A-Za-z0-9_+#.-]{0,40})[^`]*")

    def run(self, lines: list[str]) -> list[str]:
        out: list[str] = []
        code: list[str] = []
        fence = language = ""
        for line in lines:
            if fence:
                closing = line.strip()
                if len(closing) >= len(fence) and not closing.strip(fence[0]):
                    out += self._stash(code, language)
                    code, fence = [], ""
                else:
                    code.append(line)
            elif opening := self._OPENING.fullmatch(line):
                fence, language = opening["fence"], opening["language"]
            else:
                out.append(line)
        if fence:
            while code and not code[-1].strip():
                code.pop()
            out += self._stash(code, language)
        return out

    def _stash(self, code: Iterable[str], language: str) -> list[str]:
        name = f' class="language-{code_escape(language)}"' if language else ""
        text = code_escape("\n".join(code))
        return ["", self.md.htmlStash.store(f"<pre><code{name}>{text}\n</code></pre>"), "", ""]


class Tame(Preprocessor):
    """Brings lists into the shape the parser wants, and blunts what would make it count for minutes.

    The parser knows indents of `INDENT` per level only, and a list only after a blank line; people and other editors
    write two, three or four spaces and no blank line (CommonMark §5.2). And nobody nests nine quotes or writes a run
    of thirteen asterisks on purpose; such lines are text.
    """

    _ITEM = re.compile(r"(?P<indent> *)(?P<marker>[*+-]|[0-9]{1,9}[.)])(?P<gap> +)(?=\S)")
    _CONTAINER = re.compile(r" *(>|(?:[*+-]|[0-9]{1,9}[.)])(?= ))")
    _RUNS = re.compile(rf"([*_~`])\1{{{_RUN},}}")

    _OPENING = re.compile(r"(?<![\w*_\\])(?P<opens>[*_]+)(?=[^\s*_])|(?<=[^\s*_\\])[*_]+(?!\w)")

    def run(self, lines: list[str]) -> list[str]:
        out: list[str] = []
        levels: list[int] = []  # of the open items, the column where their text begins
        emphasis = 0
        for line in lines:
            text = line if _is_rule(line) else self._blunted(line)
            indent = len(text) - len(text.lstrip(" "))
            if not text.strip():
                out.append("")
                emphasis = 0
                continue
            text, emphasis = self._calmed(text, emphasis)
            if _is_rule(line) or _is_underline(line):
                if indent == 0 and levels:
                    levels.clear()
                    out.append("")
                elif not _is_underline(line) and out and out[-1]:
                    out.append("")
                out += [text.strip(), ""]
                continue
            item = self._ITEM.match(text)
            after_blank = not out or not out[-1]
            if item or after_blank:
                while levels and indent < levels[-1]:
                    levels.pop()
            depth = min(len(levels), _NESTING)
            if item is None:
                out.append(" " * (depth * INDENT) + text.lstrip(" ") if levels else text.lstrip(" "))
                continue
            if not after_blank and not self._ITEM.match(out[-1]) and not levels:
                out.append("")
            levels.append(item.end())
            marker = item["marker"].replace(")", ".")
            out.append(" " * (depth * INDENT) + f"{marker} {text[item.end() :]}")
        return out

    def _blunted(self, line: str) -> str:
        text = self._RUNS.sub(lambda run: "\\" + "\\".join(run.group()), line)
        at = 0
        for _ in range(_NESTING):
            container = self._CONTAINER.match(text, at)
            if container is None:
                return text
            at = container.end()
        further = self._CONTAINER.match(text, at)
        return text if further is None else f"{text[: further.end(1) - 1]}\\{text[further.end(1) - 1 :]}"

    def _calmed(self, line: str, depth: int) -> tuple[str, int]:
        """`line` with emphasis that would nest deeper than `_NESTING` escaped, and how deep it ends."""
        parts: list[str] = []
        done = 0
        for run in self._OPENING.finditer(line):
            depth = max(0, depth + (1 if run["opens"] else -1))
            if depth > 2 * _NESTING and run["opens"]:
                parts += [line[done : run.start()], "".join("\\" + mark for mark in run.group())]
                done = run.end()
        return "".join(parts) + line[done:], depth


def _is_rule(line: str) -> bool:
    marks = line.replace(" ", "")
    return len(marks) >= 3 and marks[0] in "*-_" and not marks.strip(marks[0])


def _is_underline(line: str) -> bool:
    marks = line.strip()
    return bool(marks) and (not marks.strip("=") or not marks.strip("-"))


class Heading(BlockProcessor):
    """`# Heading`; the space is needed (CommonMark §4.2), so a hashtag can begin a line."""

    _LINE = re.compile(r"^(?P<level>#{1,6})[ \t]+(?P<text>[^\n]*)$", re.MULTILINE)

    def test(self, parent: ET.Element, block: str) -> bool:
        return self._LINE.search(block) is not None

    def run(self, parent: ET.Element, blocks: list[str]) -> None:
        block = blocks.pop(0)
        done = 0
        for line in self._LINE.finditer(block):
            self._rest(parent, block[done : line.start()])
            heading = ET.SubElement(parent, f"h{len(line['level'])}")
            heading.text = line["text"].rstrip().rstrip("#").strip()
            done = line.end()
        self._rest(parent, block[done:])

    def _rest(self, parent: ET.Element, text: str) -> None:
        if text.strip("\n"):
            self.parser.parseBlocks(parent, [text.strip("\n")])
