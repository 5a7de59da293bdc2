"""Sources with `render = true`: the real command, a real Chromium, and what the servers saw."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crawler.urls import url_key
from storage.records import LinkState
from tests.crawler.test_crawl import GARDEN, SPIES, feed, state
from tests.web import Site

if TYPE_CHECKING:
    from tests.newsdesk import Desk

HEAD = "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Wait</title></head><body><div id='app'></div>"
SCRIPTED = HEAD + "<img src='/picture.png'><iframe src='/frame'></iframe><script src='/app.js'></script></body></html>"
WITHOUT_EXTRA = "import sys; sys.modules['scrapy_playwright'] = None; from jobs.cli import main; main()"


@pytest.fixture(scope="module")
def chromium() -> str:
    """The path of a Chromium; without one, or without the extra, there is nothing to test."""
    if find_spec("scrapy_playwright") is None:
        pytest.skip("needs the extra `render`")
    named = os.environ.get("SPYWIRE_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if named is None:
        pytest.skip("needs a Chromium on the PATH, or one named in SPYWIRE_TEST_CHROMIUM")
    return named


def rendered_source(desk: Desk, name: str, url: str) -> None:
    with (desk.folder / "sources.toml").open("a") as file:
        file.write(f'[{name}]\nurl = "{url}"\nrender = true\n')


def written_by_script(site: Site, path: str, article: str) -> str:
    """A page that is empty until its script has fetched the article."""
    site.add("/app.js", "fetch(location.pathname + '.json').then(r => r.json()).then(d => "
             "{ document.getElementById('app').innerHTML = d.html; document.title = d.title; })",
             Content_Type="text/javascript")  # fmt: skip
    body, title = article.partition("<article>")[2].partition("</article>")[0], article.partition("<title>")[2]
    page = json.dumps({"html": f"<article>{body}</article>", "title": title.partition("</title>")[0]})
    site.add(f"{path}.json", page, Content_Type="application/json")
    return site.add(path, SCRIPTED)


def test_an_article_written_by_script_is_found_with_render_and_only_with_it(
    site: Site, desk: Desk, chromium: str
) -> None:
    with Site("127.0.0.2") as internal:
        secret = internal.add("/secret", "the key")
        written_by_script(site, "/spies", SPIES)
        written_by_script(site, "/plain", SPIES)
        site.add("/old", status=302, Location="/garden")
        written_by_script(site, "/garden", GARDEN)
        site.add("/gone", GARDEN, status=404)
        site.add("/to-the-inside", status=302, Location=secret)
        site.add("/busy", HEAD + "<script>while (true) {}</script>")
        prying = f"""
            const show = text => document.getElementById('app').append(text);
            for (const url of ['{secret}', '/to-the-inside', 'http://localhost:{internal.port}/secret'])
              fetch(url, {{mode: 'no-cors'}}).then(r => r.text()).then(show, show);
            new WebSocket('ws://127.0.0.2:{internal.port}/secret');
            navigator.sendBeacon('{secret}', 'x');
            for (const [tag, key] of [['script', 'src'], ['link', 'href'], ['iframe', 'src'], ['img', 'src']]) {{
              const asked = document.createElement(tag);
              if (tag == 'link') asked.rel = 'preconnect stylesheet';
              asked[key] = '{secret}';
              document.body.append(asked);
            }}
            location.href = '{secret}';"""
        site.add("/prying", f"{HEAD}<script>{prying}</script>")
        desk.configure(site, internal, browser=chromium, timeout=6, allow_networks=["127.0.0.1/32"])
        desk.sources(plain=feed(site, "/plain", name="/plain.xml"))
        rendered_source(desk, "app", feed(site, "/spies", "/old", "/gone", "/prying", "/busy"))
        result = desk.crawl()
        assert internal.requests == []
    assert result.code == 0, result.err
    assert result.err == ""
    assert state(desk, f"{site.url}/spies")[0] is LinkState.FLAGGED
    assert state(desk, f"{site.url}/plain")[0] is LinkState.NOT_AN_ARTICLE
    assert state(desk, f"{site.url}/old")[0] is LinkState.REJECTED
    assert state(desk, f"{site.url}/gone") == (LinkState.GONE, "HTTP 404")
    assert state(desk, f"{site.url}/busy") == (LinkState.FAILED, "timeout: not rendered in time")
    assert state(desk, f"{site.url}/prying")[0] is LinkState.NOT_AN_ARTICLE
    asked = site.paths()
    assert asked.count("/spies") == 1, "the browser is given the page that the crawl fetched"
    assert not {"/picture.png", "/frame", "/favicon.ico"} & set(asked)
    agents = {headers["user-agent"] for _, headers in site.requests}
    assert len(agents) == 1, "no disguise"
    assert agents.pop().startswith("spywire/")


def test_what_a_page_asks_of_other_hosts_is_asked_only_where_their_robots_txt_allows_it(
    site: Site, desk: Desk, chromium: str
) -> None:
    with Site("127.0.0.3") as closed, Site("127.0.0.4") as open_:
        closed.add("/robots.txt", "User-agent: *\nDisallow: /\n", Content_Type="text/plain")
        asking = [
            f"fetch('{other.add(f'/api/{n}', '{}')}', {{mode: 'no-cors'}})"
            for other in (closed, open_)
            for n in range(9)
        ]
        asking += [f"new WebSocket('ws://127.0.0.4:{open_.port}/told')"]
        site.add("/spies", SPIES.replace("</body>", f"<script>{';'.join(asking)}</script></body>"))
        desk.configure(site, closed, open_, browser=chromium)
        desk.sources()
        rendered_source(desk, "app", feed(site, "/spies"))
        assert desk.crawl().code == 0
        assert [path for path, _ in closed.requests] == ["/robots.txt"]
        assert sorted(path for path, _ in open_.requests) == [*(f"/api/{n}" for n in range(9)), "/robots.txt"]
    assert state(desk, f"{site.url}/spies")[0] is LinkState.FLAGGED


def test_without_the_extra_a_crawl_names_the_source_and_goes_on_with_the_others(site: Site, desk: Desk) -> None:
    desk.configure(site)
    site.add("/garden", GARDEN)
    desk.sources(plain=feed(site, "/garden", name="/plain.xml"))
    rendered_source(desk, "app", feed(site, "/spies"))
    result = without_the_extra(desk, "crawl")
    assert result.returncode == 1
    assert b"source app: render = true needs the extra `render`" in result.stderr
    assert b"pip install 'spywire[render]', or take render out" in result.stderr
    assert "/garden" in site.paths()
    assert "/spies" not in site.paths()
    assert without_the_extra(desk, "crawl", "--source", "app").returncode == 78


@pytest.mark.skipif(find_spec("scrapy_playwright") is None, reason="needs the extra `render`")
def test_without_a_browser_the_pages_wait_and_the_other_sources_go_on(site: Site, desk: Desk) -> None:
    site.add("/garden", GARDEN)
    site.add("/spies", SPIES)
    desk.configure(site, browser=str(desk.folder / "no-such-chromium"))
    desk.sources(plain=feed(site, "/garden", name="/plain.xml"))
    rendered_source(desk, "app", feed(site, "/spies", "/more"))
    result = desk.crawl()
    assert result.code == 1
    assert "source app: pages wait: no browser: " in result.err
    assert "no-such-chromium" in result.err
    assert state(desk, f"{site.url}/garden")[0] is LinkState.REJECTED
    waiting = desk.history(url_key(f"{site.url}/spies"))
    assert waiting.state is LinkState.FAILED
    assert waiting.reason.startswith("no browser: ")
    assert waiting.retry_at is not None
    assert "/spies" not in site.paths(), "no server is asked for a page that cannot be rendered"


def without_the_extra(desk: Desk, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", WITHOUT_EXTRA, "--home", str(desk.folder), *arguments]
    return subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, timeout=60, check=False)
