"""Each template with its example: it renders, it is sound HTML, nothing typed by people becomes markup."""

import functools
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.browser.gallery.cast.posts import POST
from tests.browser.gallery.examples import EXAMPLES, Example
from tests.browser.gallery.rendering import TEMPLATES, environment, poisoned

STATIC = Path(__file__).parents[2] / "static"
MARK = "<x-raw a='\"'>"
VOID = {"meta", "link", "input", "img", "br", "hr", "area", "base", "col", "embed", "source", "track", "wbr"}
EVERY = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


class Page(HTMLParser):
    """What the checks ask about a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.within_label: list[bool] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = Counter(name for name, _ in attrs)
        self.faults += [f"<{tag}> has {name} twice" for name, times in names.items() if times > 1]
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-3:]}")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def rendered(example: Example) -> str:
    return _looked_at(example.name)[0]


def read(example: Example) -> Page:
    return _looked_at(example.name)[1]


@functools.cache
def _looked_at(name: str) -> tuple[str, Page]:
    """An example as HTML and as what was read from it: most checks look at the same page."""
    example = next(each for each in EXAMPLES if each.name == name)
    template = environment().get_template(example.template)
    html = template.render(shell=example.shell, view=example.view, post=POST)
    return html, Page(html)


@EVERY
def test_a_page_is_sound_html(example: Example) -> None:
    page = read(example)
    assert page.faults == []
    assert page.open == []
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert [name for name, times in ids.items() if times > 1] == []


@EVERY
def test_nothing_in_a_page_needs_an_exception_from_the_content_policy(example: Example) -> None:
    page = read(example)
    assert all("src" in attributes for attributes in page.all("script"))
    assert page.all("style") == []
    inline = [
        name for _, attributes in page.elements for name in attributes if name == "style" or name.startswith("on")
    ]
    assert inline == []
    for tag, attributes in page.elements:
        if tag in ("script", "link", "img", "use"):
            address = attributes.get("src") or attributes.get("href") or ""
            assert address.startswith("/"), f"{tag} comes from {address}"


@EVERY
def test_every_control_has_a_label_and_every_picture_a_text(example: Example) -> None:
    page = read(example)
    labelled = {attributes.get("for") for attributes in page.all("label")}
    ids = {attributes.get("id") for _, attributes in page.elements}
    for tag in ("input", "select", "textarea"):
        for control in page.all(tag):
            if control.get("type") != "hidden":
                assert control.get("id") in labelled, f"no label for {control}"
    for _, attributes in page.elements:
        for reference in ("aria-describedby", "aria-labelledby", "for"):
            for target in (attributes.get(reference) or "").split():
                assert target in ids, f"{reference} points at {target}, which is not there"
    assert all("alt" in picture for picture in page.all("img"))


@EVERY
def test_what_people_typed_never_becomes_markup(example: Example) -> None:
    unsafe = Example(example.name, example.template, poisoned(example.shell, MARK), poisoned(example.view, MARK))
    html = (
        environment()
        .get_template(unsafe.template)
        .render(shell=unsafe.shell, view=unsafe.view, post=poisoned(POST, MARK))
    )
    assert "x-raw" in html
    assert "<x-raw" not in html
    assert not [name for _, attributes in Page(html).elements for name in attributes if name == "a"]


@EVERY
def test_every_sentence_of_a_page_can_be_translated(example: Example) -> None:
    """A catalogue that lengthens each sentence still gives sound HTML, and one `h1` heads each page."""
    html = (
        environment(stretched=True)
        .get_template(example.template)
        .render(shell=example.shell, view=example.view, post=POST)
    )
    page = Page(html)
    assert page.faults == []
    if "<!doctype html>" in html:
        assert len(page.all("h1")) == 1


@EVERY
def test_a_form_that_changes_something_carries_the_token(example: Example) -> None:
    html = rendered(example)
    forms = [form for form in read(example).all("form") if form.get("method") == "post"]
    assert html.count('name="csrf_token" value="token"') == len(forms)


def test_every_page_template_has_an_example() -> None:
    pages = {str(path.relative_to(TEMPLATES)) for path in (TEMPLATES / "web").rglob("[!_]*.html")}
    assert pages == {example.template for example in EXAMPLES}


def test_every_stylesheet_sign_and_behaviour_a_page_names_exists() -> None:
    signs = (STATIC / "images" / "icons.svg").read_text(encoding="utf-8")
    for example in EXAMPLES:
        page = read(example)
        for link in page.all("link"):
            address = link["href"] or ""
            assert (STATIC.parent / address.lstrip("/")).is_file(), address
        for use in page.all("use"):
            name = (use["href"] or "").partition("#")[2]
            assert f'id="{name}"' in signs, name
        for _, attributes in page.elements:
            for name in (attributes.get("data-behavior") or "").split():
                assert (STATIC / "js" / f"{name}.js").is_file(), name


def test_styles_use_logical_properties_only() -> None:
    physical = (
        "margin-left",
        "margin-right",
        "padding-left",
        "padding-right",
        "border-left",
        "border-right",
        "float: left",
    )
    for sheet in (STATIC / "css").glob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert [word for word in physical if word in text] == [], sheet.name
