"""How the house is kept: its top level, names, lengths, and what does not belong into files."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator

import pytest

from server.config import example
from tests.house.tree import ROOT, STOREYS, Module, matches, module, modules, texts

TOP = {"server", "federation", "models", "static", "tests", "instance.example.toml", "pyproject.toml", "README.md"}
BY_CONVENTION = {"FEDERATION.md", "LICENSE", ".gitignore", ".ci", "uv.lock", "pylock.toml", "CHANGELOG.md", ".git"}
VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "shared", "stuff", "tools", "lib", "base_classes"}

MOST_LINES = 500
MOST_LINES_OF_TESTS = 800  # tables of cases
GENERATED = "models/migrations/versions/"

MACHINE = r"(?<![\w.~-])/(?:work|root|workspace|home/[a-z][\w-]*|Users/\w+|tmp/\w+|mnt/\w+)/"
REGISTRY = (
    r"(?i)(?:extra[-_])?index[-_]url|find[-_]links|https?://[^/\s\"']*(?:artifactory|nexus|registry|mirror|devpi)"
)
SAFE = r"\|\s*(?:safe|forceescape)\b|autoescape\s+false"
CLEANERS = {"clean_stored", "clean_remote", "clean_own", "render"}
MARKUP_AT_HOME = {"server/i18n/__init__.py"}


def _ignored() -> list[str]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    return [line.strip("/") for line in lines if not line.startswith("#")]


def test_the_top_level_holds_what_the_house_has_and_nothing_else():
    here = {path for path in ROOT.iterdir() if not any(path.match(pattern) for pattern in _ignored())}
    assert sorted(path.name for path in here if path.name not in TOP | BY_CONVENTION) == []


def test_no_file_has_a_name_that_says_nothing():
    named = [path for folder in (*STOREYS, "static", "tests") for path in (ROOT / folder).rglob("*")]
    assert [str(path.relative_to(ROOT)) for path in named if path.stem.lower() in VAGUE] == []


def test_files_end_before_readers_do():
    long = {
        name: text.count("\n")
        for name, text in texts(".py", ".html", ".css", ".js")
        if text.count("\n") > (MOST_LINES_OF_TESTS if name.startswith("tests/") else MOST_LINES)
        and not name.startswith(GENERATED)
        and ".min." not in name
    }
    assert long == {}


def test_no_file_knows_the_machine_it_was_written_on():
    own = "tests/house/test_order.py"
    found = {name: matches(MACHINE, text) for name, text in texts() if name != own}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_packages_come_from_wherever_the_reader_gets_them():
    files = [(name, text) for name, text in texts() if name.startswith((".ci/", "pyproject", "README", "uv.lock"))]
    assert {name: matches(REGISTRY, text) for name, text in files if matches(REGISTRY, text)} == {}


def test_R_52_templates_escape_everything():
    found = {name: matches(SAFE, text) for name, text in texts(".html", ".xml", ".txt", folders=("server",))}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_R_52_only_what_was_cleaned_just_now_is_called_markup():
    wrong = []
    for each in modules("server"):
        if each.file in MARKUP_AT_HOME:
            continue
        for node in each.nodes(ast.Call):
            is_markup = _last_name(node.func) == "Markup"
            if is_markup and node.args and not _is_cleaned(node.args[0]):
                wrong.append(f"{each.file}:{node.lineno} {ast.unparse(node)}")
    assert wrong == []


def _last_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_cleaned(value: ast.expr) -> bool:
    if isinstance(value, ast.IfExp):
        return _is_cleaned(value.body) and _is_cleaned(value.orelse)
    return isinstance(value, ast.Call) and _last_name(value.func) in CLEANERS


def test_every_module_says_what_it_is_for():
    silent = [each.file for each in modules() if each.source.strip() and not ast.get_docstring(each.tree)]
    assert silent == []


def left_unused(of: Iterable[Module]) -> Iterator[str]:
    """What only its own module may use, and that does not."""
    for each in of:
        names = {name for node in each.tree.body for name in _defined(node) if re.match(r"_[^_]", name)}
        used = {node.id for node in each.nodes(ast.Name) if isinstance(node.ctx, ast.Load)}
        words = {word for node in each.nodes(ast.Constant) for word in re.findall(r"\w+", str(node.value))}
        yield from (f"{each.file} {name}" for name in sorted(names - used - words))


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [] if node.decorator_list else [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def test_what_nobody_uses_is_gone():
    assert list(left_unused(modules())) == []


@pytest.mark.parametrize("source", ["def _never(): ...", "_LIMIT = 5", "class _Old: ..."])
def test_what_is_left_unused_is_seen(source):
    assert list(left_unused([module("server.web.posts", source)]))
    assert not list(left_unused([module("server.web.posts", f"{source}\nx = (_never, _LIMIT, _Old)")]))


def test_the_example_configuration_is_the_documented_one():
    written = (ROOT / "instance.example.toml").read_text(encoding="utf-8")
    assert written == example(), "run: python -m server.config"


def test_R_95_what_reads_strangers_bytes_has_a_lower_bound():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = dict(re.split(r"(?:\[[a-z]+\])?>=", line.partition(";")[0]) for line in project["dependencies"])
    exposed = {"aiohttp", "cryptography", "pillow", "sqlalchemy", "markdown", "bleach", "jinja2", "msgspec"}

    assert exposed - bounds.keys() == set()
    assert tuple(int(part) for part in bounds["aiohttp"].split(".")) >= (3, 14)  # bombs, framing, trailers


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE, 'open("/root/x/y")'),
        (MACHINE, "cd /home/anna/kontor"),
        (MACHINE, "/home/ada/kontor/models"),
        (REGISTRY, "pip install --index-url https://x"),
        (REGISTRY, "https://registry.example.com/simple"),
        (SAFE, "{{ post.html|safe }}"),
        (SAFE, "{{ post.html | safe }}"),
        (SAFE, "{% autoescape false %}"),
    ],
)
def test_each_check_sees_what_it_is_for(pattern, text):
    assert re.search(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE, "/api/v1/timelines/home/"),
        (MACHINE, "https://example.com/work/x"),
        (REGISTRY, "https://docs.example/index"),
        (SAFE, "{{ name|safely }}"),
    ],
)
def test_each_check_lets_through_what_is_right(pattern, text):
    assert not re.search(pattern, text)
