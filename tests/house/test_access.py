"""Who may see what is decided in models/policy and nowhere else (R-70).

Two things can be checked without guessing. Functions whose name promises such a decision are policy's, or ask policy.
And above the models nobody takes posts, revisions or files from their tables: they come through a verb or a query of
the models, or begin with a `policy.visible_…`.
"""

import ast
import re
from collections.abc import Iterable, Iterator

import pytest

from tests.house.tree import Module, module, modules, walk

POLICY = "models/policy/"
GUARDED = {"Post", "Revision", "Attachment", "Media", "Recipient", "Bookmark"}
MACHINE_ROOM = ("server/cli/", "server/checks.py")  # whoever runs these reads the database anyway
KNOWN = {
    ("server/web/presenters/approvals.py", "Revision"): "of a submission that this gatekeeper was let see already",
    ("server/web/presenters/frame.py", "Media"): "the viewer's own picture",
}

_PROMISE = re.compile(r"_?(?:visible|may|can_see|is_visible|sees)(?:_|$)")


def second_policies(of: Iterable[Module]) -> Iterator[str]:
    for each in of:
        if each.file.startswith(POLICY):
            continue
        for node in each.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            if not _PROMISE.match(node.name):
                continue
            if [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)] == ["self"]:
                continue  # a thing that tells about itself knows no viewer
            asks = any(isinstance(part, ast.Name) and part.id == "policy" for part in walk(node))
            if not asks:
                yield f"{each.file}:{node.lineno} {node.name} decides without asking policy"


def ways_around(of: Iterable[Module]) -> Iterator[str]:
    for each in of:
        if each.storey == "models" or each.file.startswith(MACHINE_ROOM):
            continue
        for node in each.nodes(ast.Call):
            if _called(node.func) not in {"select", "get", "get_one", "exists"}:
                continue
            for table in {_table(argument) for argument in node.args} & GUARDED:
                if (each.file, table) not in KNOWN:
                    yield f"{each.file}:{node.lineno} takes {table} from its table: begin at the policy"


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _table(argument: ast.expr) -> str:
    while isinstance(argument, ast.Attribute):
        argument = argument.value
    return argument.id if isinstance(argument, ast.Name) else ""


def test_R_70_only_policy_decides_who_may_see_and_do():
    assert list(second_policies(modules())) == []


def test_R_70_above_the_models_nothing_that_people_wrote_is_taken_past_the_policy():
    assert list(ways_around(modules())) == []


def test_exceptions_that_are_needed_no_longer_are_gone():
    for (file, table), reason in KNOWN.items():
        [found] = [each for each in modules() if each.file == file]
        assert re.search(rf"(?:select|get|get_one)\({table}\b", found.source), f"{file} no longer needs: {reason}"


def test_policy_is_where_it_should_be():
    rooms = [each.source for each in modules() if each.file.startswith(POLICY)]
    assert any("def visible_posts(" in source for source in rooms)


@pytest.mark.parametrize(
    ("check", "name", "source"),
    [
        (second_policies, "models.posts", "def visible_posts(viewer):\n    return select(Post)"),
        (
            second_policies,
            "server.web.posts",
            "async def _may_edit(viewer, post):\n    return viewer.id == post.author_id",
        ),
        (ways_around, "server.web.posts", "x = session.get(Post, 1)"),
        (ways_around, "server.api.statuses", "x = select(Post.id, Actor).where(Post.id == 1)"),
        (ways_around, "federation.outbox", "x = sqlalchemy.select(Media)"),
    ],
)
def test_each_check_sees_what_it_is_for(check, name, source):
    assert list(check([module(name, source)]))


@pytest.mark.parametrize(
    ("check", "name", "source"),
    [
        (second_policies, "models.notifications", "async def _may_see(v):\n    return await policy.visible_posts(v)"),
        (second_policies, "federation.inbox", "class A:\n    def may_wait(self):\n        return True"),
        (second_policies, "models.policy.posts", "def visible_posts(viewer): ..."),
        (ways_around, "server.web.posts", "x = policy.visible_posts(v).where(Post.id == 1)"),
        (ways_around, "models.posts.reading", "x = select(Post)"),
        (ways_around, "server.web.posts", "x = form.get('Post')"),
    ],
)
def test_each_check_lets_through_what_is_right(check, name, source):
    assert not list(check([module(name, source)]))
