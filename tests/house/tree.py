"""The tree of the project as these tests read it."""

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)

ROOT = Path(__file__).parents[2]
STOREYS = ("models", "federation", "server")


@dataclass(frozen=True)
class Module:
    """A Python file. `name` is dotted; `file` is relative to the root, with slashes."""

    name: str
    file: str
    source: str

    @property
    def storey(self) -> str:
        return self.name.partition(".")[0]

    @functools.cached_property
    def tree(self) -> ast.Module:
        """The file, parsed when a check wants that first."""
        return ast.parse(self.source)

    def nodes(self, *types: type[Node]) -> list[Node]:
        """Everything in the tree that is of one of `types`."""
        return [node for each in types for node in self._by_type.get(each, ())]  # type: ignore[misc]

    @functools.cached_property
    def _by_type(self) -> dict[type[ast.AST], list[ast.AST]]:
        sorted_out: dict[type[ast.AST], list[ast.AST]] = {}
        for node in walk(self.tree):
            sorted_out.setdefault(type(node), []).append(node)
        return sorted_out

    @functools.cached_property
    def imports(self) -> tuple[str, ...]:
        """The dotted names of what this module imports, in whatever way, also for types only."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[str]:
        package = self.name if self.file.endswith("__init__.py") else self.name.rpartition(".")[0]
        for node in self.nodes(ast.Import):
            yield from (alias.name for alias in node.names)
        for node in self.nodes(ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base]).strip(".")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def walk(root: ast.AST) -> list[ast.AST]:
    """`root` and everything below it, from above; without the marks that say whether a name is read or written."""
    found = [root]
    for node in found:
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                found += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and name != "ctx":
                found.append(value)
    return found


def module(name: str, source: str, *, file: str = "") -> Module:
    return Module(name, file or name.replace(".", "/") + ".py", source)


def modules(*folders: str) -> tuple[Module, ...]:
    """Every Python file of the storeys, or of `folders`."""
    return tuple(each for folder in folders or STOREYS for each in _modules(folder))


@functools.cache
def _modules(folder: str) -> tuple[Module, ...]:
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        name = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        found.append(module(name, path.read_text(encoding="utf-8"), file=file))
    return tuple(found)


def texts(*suffixes: str, folders: tuple[str, ...] = (*STOREYS, "static", "tests", ".ci")) -> Iterator[tuple[str, str]]:
    """Name and content of every text file of the project that ends in one of `suffixes`."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and (path.suffix in suffixes or not suffixes) and "__pycache__" not in path.parts:
                try:
                    yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    continue
    for path in sorted(ROOT.iterdir()):
        if path.is_file() and (path.suffix in suffixes or not suffixes):
            yield path.name, path.read_text(encoding="utf-8", errors="replace")


def matches(pattern: str, text: str) -> list[int]:
    """The numbers of the lines of `text` in which `pattern` is found."""
    if not re.search(pattern, text):  # a pattern may look beyond the end of a line, so more is found here, not less
        return []
    return [number for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]
