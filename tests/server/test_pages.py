"""Pages are ready before anybody asks for them."""

import pytest

from server import pages


async def test_soon_after_the_start_no_page_has_to_be_compiled_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    templates = pages.environment.__wrapped__()
    templates.bytecode_cache = pages.environment().bytecode_cache
    monkeypatch.setattr(pages, "_QUIET_SECONDS", 0.0)
    await pages.prepare(templates)

    names = templates.list_templates()
    monkeypatch.setattr(templates.loader, "get_source", None)  # whoever compiles asks it for the text
    assert [templates.get_template(name).name for name in names] == names
