"""The mail and every page of the site in a real Chromium: wide and narrow, in daylight and in the dark.

Screenshots go to the folder that SPYWIRE_SCREENSHOTS names, if it names one.
"""

from __future__ import annotations

import functools
import os
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jobs.digest.render import Form, render
from jobs.settings.sections import Settings
from jobs.site.build import build
from storage.database import Database
from storage.records import EditionKind
from tests.jobs.digest_edition import alert, blind, edition, hostile, quiet
from tests.jobs.site.desk import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

SCREENSHOTS = os.environ.get("SPYWIRE_SCREENSHOTS", "")  # read before the tests get an environment of their own
WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")

# What a reader sees: every text with its colours, mixed over all that lies behind it (WCAG 2.2, 1.4.3).
MEASURE = """
() => {
  const numbers = css => css.match(/[\\d.]+/g).map(Number)
  const rgba = css => [...numbers(css), 1].slice(0, 4)
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1)
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  const light = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2])
  const grounds = new Map([[null, [255, 255, 255, 1]]])
  const ground = element => {
    if (!grounds.has(element))
      grounds.set(element, over(rgba(getComputedStyle(element).backgroundColor), ground(element.parentElement)))
    return grounds.get(element)
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const faint = [], outside = []
  let seen = 0
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement
    const range = document.createRange()
    range.selectNodeContents(texts.currentNode)
    const box = range.getBoundingClientRect()
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || !box.width) continue
    seen++
    const style = getComputedStyle(element)
    const back = ground(element), front = over(rgba(style.color), back)
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x)
    const ratio = (a + 0.05) / (b + 0.05)
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700)
    if (ratio < (large ? 3 : 4.5)) faint.push([texts.currentNode.data.trim().slice(0, 40), ratio.toFixed(2)])
    if (box.right > innerWidth + 1 || box.left < -1) outside.push(texts.currentNode.data.trim().slice(0, 40))
  }
  const root = document.documentElement
  return {seen, faint, outside, wide: Math.max(root.scrollWidth, document.body.scrollWidth) - root.clientWidth}
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all of them; without one, or without the extra, there is nothing to see."""
    if find_spec("playwright") is None:
        pytest.skip("needs the extra `render`")
    named = os.environ.get("SPYWIRE_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if named is None:
        pytest.skip("needs a Chromium on the PATH, or one named in SPYWIRE_TEST_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=named, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web server with the site in a folder below its root, and with mails beside it; gives its address."""
    root = tmp_path_factory.mktemp("www")
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('archive') / 'spywire.db'}")
    fill(database)
    build(database, Settings(), root / "team" / "watch")
    database.close()
    for name, whole in MAILS.items():
        kind = EditionKind.ALERT if name == "alert" else EditionKind.DIGEST
        (root / f"{name}.html").write_text(render(whole, Form.HTML, kind=kind), encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class Silent(SimpleHTTPRequestHandler):
    """Serves files and keeps no log."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        pass


MAILS = {"day": edition(), "quiet": quiet(), "blind": blind(), "alert": alert(), "hostile": hostile()}
PAGES = [
    *(f"{name}.html" for name in MAILS),
    "team/watch/index.html",
    "team/watch/editions/cert/1.html",
    "team/watch/editions/cert/alert-1.html",
    "team/watch/stories/S-20261121-01.html",
    "team/watch/stories/S-20261122-01.html",
    "team/watch/stories/S-20261125-01.html",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_can_be_read_and_asks_for_nothing(browser: Any, served: str, path: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(served + path)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            seen = page.evaluate(MEASURE)
            shoot(page, f"{path}-{width}-{scheme}")
            assert seen["seen"] > 5
            assert (seen["wide"], seen["outside"], seen["faint"]) == (0, [], []), (width, scheme)
    page.close()
    assert asked == [served + path]
    assert said == []


def test_the_measure_sees_what_is_wrong(browser: Any) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 900})
    page.set_content(
        "<p style='color:#999999'>faint</p><p style='background:#0b5087'><span style='color:#000000'>dark</span></p>"
        "<p style='width:900px'>wide</p><p style='color:#767676'>just</p>"
        "<p style='position:absolute;left:350px'>out</p>"
    )
    seen = page.evaluate(MEASURE)
    page.close()
    assert [text for text, _ in seen["faint"]] == ["faint", "dark"]
    assert seen["outside"] == ["out"]
    assert seen["wide"] > 500


def test_a_visitor_gets_from_the_front_page_to_a_story_and_back(browser: Any, served: str) -> None:
    page = browser.new_page()
    page.goto(served + "team/watch/")
    page.click("text=Edition 1 for cert")
    page.click("h3 a")
    assert "/team/watch/stories/S-" in page.url
    page.click("text=Edition 1 for cert")
    assert page.url.startswith(served + "team/watch/editions/cert/1.html#S-")
    page.click("text=all editions")
    assert page.url == served + "team/watch/index.html"
    page.close()


def shoot(page: Any, name: str) -> None:
    if SCREENSHOTS:
        path = Path(SCREENSHOTS) / f"{name.replace('/', '_').replace('.html', '')}.png"
        page.screenshot(path=path, full_page=True)
