"""The main job in a real browser: Anna writes, Bernd approves, Dimitri reads it on an open page and answers."""

import os
from urllib.parse import urljoin

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.chromium import SCREENSHOTS
from tests.journeys.conftest import Trade, open_trade
from tests.town import PASSWORD, Company, Town
from tests.world import Person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("gallery")]

TEXT = """## Zeichnungsstand 7

Geändert haben sich:

- Bohrbild: jetzt vier Mal **M6**
- Radius außen: 12 mm"""


@pytest.fixture
async def trade(town: Town) -> Trade:
    """The companies at work, each by itself; Dimitri is a member of the group already."""
    town.is_busy = True
    return await open_trade(town)


async def _sits_down(chromium: Browser, company: Company, person: Person, *, width: int = 1280) -> Page:
    """A person's own browser, in German, in which they have signed in."""
    context = await chromium.new_context(locale="de-DE", viewport={"width": width, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(15_000)
    await page.goto(urljoin(company.base_url, "/sign-in"))
    await page.fill("input[name=username]", person.staff.username)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("form.form button")
    await page.wait_for_url(f"{company.base_url}/")
    return page


async def _shoot(page: Page, name: str) -> None:
    """A picture for who asks for pictures with `KONTOR_SCREENSHOTS=1`: they take a second, and prove nothing."""
    if "KONTOR_SCREENSHOTS" not in os.environ:
        return
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"journey-{name}.png", full_page=True)


async def test_the_main_job_in_a_browser(trade: Trade, chromium: Browser) -> None:
    muster, zulieferer = trade.muster, trade.zulieferer
    await trade.introduces()
    anna = await _sits_down(chromium, muster, muster.anna)
    bernd = await _sits_down(chromium, muster, muster.bernd)
    dimitri = await _sits_down(chromium, zulieferer, zulieferer.dimitri, width=390)

    # Dimitri joins the group by its address
    await dimitri.goto(urljoin(zulieferer.base_url, f"/join-group?address=@gehaeuse@{muster.host}"))
    await dimitri.click("form[action$='/membership'] button")
    handle = f"gehaeuse@{muster.host}"
    await zulieferer.waits_until(lambda: zulieferer.belongs_to(zulieferer.dimitri, handle))
    await dimitri.goto(zulieferer.base_url)
    await _shoot(dimitri, "1-dimitri-before")

    # Anna writes into it; the composer says who will get it
    await anna.reload()
    await anna.click("summary.composer__start")
    await anna.select_option("select[name=group]", value=str(trade.gehaeuse.id))
    await expect(anna.locator(".composer__audience:visible")).to_contain_text("Zulieferer")
    await anna.fill("textarea[name=text]", TEXT)
    await _shoot(anna, "2-anna-writes")
    await anna.click("[data-send]")
    await expect(anna.locator("main")).to_contain_text("Zeichnungsstand 7")
    await _shoot(anna, "3-anna-waits")

    # Bernd reads what would leave and to whom, and lets it go
    await bernd.goto(urljoin(muster.base_url, "/approvals"))
    await expect(bernd.locator(".approval__to")).to_contain_text("Zulieferer")
    await _shoot(bernd, "4-bernd-decides")
    await expect(dimitri.locator("main")).not_to_contain_text("Zeichnungsstand 7")
    await bernd.click("form[action$='/approval'] button")
    await bernd.wait_for_load_state()

    # Dimitri's page has been open all the time and is not loaded again
    there = dimitri.locator("article", has_text="Zeichnungsstand 7")
    await expect(there).to_be_visible(timeout=15_000)
    await _shoot(dimitri, "5-dimitri-reads")

    # He answers; Anna's page shows it without being loaded again
    await anna.goto(urljoin(muster.base_url, "/groups/gehaeuse"))
    await there.locator("a[href^='/posts/']").first.click()
    await dimitri.fill("textarea[name=text]", "Danke, passt. Fünf Muster bis zum 22.")
    await dimitri.click("[data-send]")
    await expect(dimitri.locator("main")).to_contain_text("Fünf Muster")
    await _shoot(dimitri, "6-dimitri-answers")
    await expect(anna.locator("main")).to_contain_text("Fünf Muster", timeout=15_000)
    await _shoot(anna, "7-anna-reads")

    # Gesa at the third company sees nothing of it
    gesa = await _sits_down(chromium, trade.nordlicht, trade.nordlicht.gesa)
    await expect(gesa.locator("main")).not_to_contain_text("Zeichnungsstand")
    await _shoot(gesa, "8-gesa-sees-nothing")
