"""What the pages do in a real browser, under the policy that the server sends."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.gallery.examples import EXAMPLES
from tests.browser.gallery.site import serving
from tests.requirements import missing

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("gallery")]
PAGES = [example.name for example in EXAMPLES if example.name != "post-item"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as where:
        yield where


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = chromium.program()
    if found is None:
        missing("browser", "no Chromium is installed here")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=found, args=list(chromium.ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def window(browser: Browser) -> BrowserContext:
    """One person's window: what a page of a test keeps in it is thrown away, the rest need not be made again."""
    return browser.new_context(viewport={"width": 1280, "height": 800})


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    look = window.new_page()
    look.set_default_timeout(10_000)
    yield look
    look.evaluate("localStorage.clear()")
    look.close()
    window.clear_cookies()


def ready(page: Page, where: str) -> None:
    """Open a page and wait until its behaviours are awake."""
    page.goto(where, wait_until="load")
    awake(page)


def awake(page: Page) -> None:
    page.evaluate("""async () => {
        for (const each of document.querySelectorAll("[data-behavior]"))
            for (const name of each.dataset.behavior.split(" ")) await import(`/static/js/${name}.js`);
        await new Promise((done) => setTimeout(done));  // kontor.js waited for the same files, and its turn came before
    }""")


def test_no_page_breaks_the_policy_or_is_wider_than_a_small_phone(browser: Browser) -> None:
    faults: list[str] = []
    with serving(stretched=True) as where:
        look = browser.new_page(viewport={"width": 320, "height": 640})
        look.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        look.on("pageerror", lambda fault: faults.append(str(fault)))
        for name in PAGES:
            look.goto(f"{where}/{name}.html", wait_until="load")
            spill = look.evaluate("document.documentElement.scrollWidth - innerWidth")
            if spill > 0:
                faults.append(f"{name}: {spill} px too wide")
        look.close()
    assert faults == []


def test_without_javascript_the_option_says_the_reach_and_the_button_knows_the_gate(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    look = context.new_page()
    look.goto(f"{address}/home.html")
    look.get_by_text("What would you like to share?").click()
    place = look.get_by_label("To", exact=True)
    assert "Partners, Zulieferer Süd, 12 people" in place.locator("option").nth(1).inner_text()
    expect(look.get_by_role("button", name="Post", exact=True)).to_be_visible()
    place.select_option("7")
    expect(look.get_by_role("button", name="Submit for approval")).to_be_visible()
    expect(look.locator("[data-audiences]")).to_be_hidden()
    context.close()


def test_the_sentence_about_who_gets_it_follows_the_chosen_group(page: Page, address: str) -> None:
    ready(page, f"{address}/home.html")
    page.keyboard.press("c")
    expect(page.get_by_text("This stays in the house: 214 people at Muster Werke can read it.")).to_be_visible()
    page.get_by_label("To", exact=True).select_option("8")
    expect(page.get_by_text("3 companies get it: 12 people at Zulieferer Süd")).to_be_visible()
    expect(page.get_by_text("This stays in the house")).to_be_hidden()


def test_a_draft_survives_a_reload_and_a_sent_one_does_not(page: Page, address: str) -> None:
    ready(page, f"{address}/home.html")
    page.keyboard.press("c")
    page.keyboard.type("Halb fertig")
    expect(page.get_by_text("Draft kept in this browser")).to_be_visible()
    page.reload(wait_until="load")
    awake(page)
    assert page.get_by_label("Your text").input_value() == "Halb fertig"
    with page.expect_navigation(wait_until="load") as sent:
        page.get_by_label("Your text").press("Control+Enter")
    came_from = sent.value.request.redirected_from
    assert came_from is not None
    assert came_from.method == "POST"
    awake(page)
    ready(page, f"{address}/home.html")
    expect(page.locator("[data-composer]")).not_to_have_attribute("open", "")


def test_who_reads_further_down_is_offered_new_posts_and_keeps_place_and_focus(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 400})
    ready(page, f"{address}/home.html#post-3")
    page.locator("#post-3").focus()
    fresh = page.get_by_role("button", name="1 new post")
    expect(fresh).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "post-3"
    assert page.locator("#post-99").count() == 0
    expect(page.locator("[data-unread]")).to_have_text("9+")
    fresh.click()
    expect(page.locator("[data-feed] > :first-child")).to_have_attribute("id", "post-99")


def test_who_is_at_the_top_sees_a_new_post_at_once_and_keeps_the_focus(page: Page, address: str) -> None:
    page.goto(f"{address}/home.html", wait_until="commit")
    page.locator("#search").focus()
    expect(page.locator("[data-feed] > :first-child")).to_have_attribute("id", "post-99")
    assert page.evaluate("document.activeElement.id") == "search"


def test_a_reply_joins_the_open_thread_and_is_announced(page: Page, address: str) -> None:
    ready(page, f"{address}/post.html")
    expect(page.locator("[data-replies] #post-99")).to_be_visible()
    expect(page.locator("[data-live-words]")).to_have_text("1 new reply")


def test_keys_walk_the_feed_and_rest_in_fields(page: Page, address: str) -> None:
    ready(page, f"{address}/home.html")
    expect(page.locator("#post-99")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "post-1"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "post-99"
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("jk?")
    assert page.locator("#search").input_value() == "jk?"
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_escape_closes_a_menu_and_gives_the_focus_back(page: Page, address: str) -> None:
    ready(page, f"{address}/home.html")
    menu = page.locator(".top__account")
    menu.locator("summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    assert menu.locator("summary").evaluate("node => node === document.activeElement")


def test_at_the_gate_keys_lead_to_the_buttons_and_never_press_them(page: Page, address: str) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    ready(page, f"{address}/approvals.html")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.keyboard.press("a")
    assert page.evaluate("'approve' in document.activeElement.dataset") is True
    page.keyboard.press("x")
    assert page.evaluate("document.activeElement.name") == "reason"
    assert sent == []


def test_dark_is_chosen_by_the_system_and_overruled_by_the_person(page: Page, address: str) -> None:
    background = "getComputedStyle(document.documentElement).backgroundColor"
    page.emulate_media(color_scheme="light")
    ready(page, f"{address}/sign-in.html")
    light = page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(background)
    assert light != dark
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert page.evaluate(background) == light
