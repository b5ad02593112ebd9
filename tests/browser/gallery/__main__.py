"""`python -m tests.browser.gallery [NAME…]`: photograph the gallery, light and dark, narrow and wide.

Pictures go to tests/browser/screenshots/, which is not kept. `--stretch` renders in a language 40 % longer. What is
wider than its screen, and what the browser complains about, is printed.
"""

import argparse

from playwright.sync_api import sync_playwright

from tests.browser.chromium import ARGUMENTS, SCREENSHOTS, program
from tests.browser.gallery.examples import EXAMPLES
from tests.browser.gallery.site import serving


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--stretch", action="store_true")
    parser.add_argument("--widths", default="360,1280")
    parser.add_argument("--themes", default="light,dark")
    parser.add_argument("--open", default="", help="selector of details to unfold before the picture")
    asked = parser.parse_args()
    SCREENSHOTS.mkdir(exist_ok=True)
    names = [e.name for e in EXAMPLES if e.name != "post-item" and (not asked.names or e.name in asked.names)]
    with serving(stretched=asked.stretch) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program(), args=ARGUMENTS)
        for theme in asked.themes.split(","):
            for width in map(int, asked.widths.split(",")):
                look = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=theme)
                look.on("console", lambda said: said.type == "error" and print("console:", said.text))  # noqa: T201
                look.on("pageerror", lambda fault: print("script:", fault))  # noqa: T201
                for name in names:
                    look.goto(f"{address}/{name}.html", wait_until="load")
                    if asked.open:
                        look.evaluate("s => document.querySelectorAll(s).forEach(d => d.open = true)", asked.open)
                    look.evaluate("document.fonts.ready")
                    spill = look.evaluate("document.documentElement.scrollWidth - innerWidth")
                    if spill > 0:
                        print(f"{name} {width}: {spill} px wider than the screen")  # noqa: T201
                    look.screenshot(path=str(SCREENSHOTS / f"{name}-{width}-{theme}.png"), full_page=True)
                look.close()
        browser.close()


if __name__ == "__main__":
    main()
