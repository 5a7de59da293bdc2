"""The crawl from end to end: the real command against a real server, and what the ledger says afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from crawler.urls import url_key
from jobs.home import Home, locked
from storage.records import LinkState
from tests.web import Answer, Site, rss, story

if TYPE_CHECKING:
    from pathlib import Path

    from tests.newsdesk import Desk

NOW = datetime.now(UTC).replace(microsecond=0)
SPIES = story(
    "State-backed hackers spent a year inside a foreign ministry",
    "Hackers working for a foreign intelligence service broke into the network of the foreign ministry and read the "
    "mail of its diplomats for a year, the national cyber agency said on Friday. The espionage group, which security "
    "researchers track as APT29, planted a backdoor on the mail servers and copied cables about sanctions.",
    "The agency attributed the intrusion to Russia's foreign intelligence service with high confidence. Moscow denied "
    "any part in it. Diplomats in two neighbouring countries were targeted by the same cyber-espionage campaign.",
    "Investigators found the implant after an officer noticed that a mailbox had been opened at night from a server in "
    "another country. The ministry has replaced its servers and told its embassies to change every password.",
)
GARDEN = story(
    "The rose garden opens on Sunday with a hundred new varieties",
    "The municipal rose garden opens its gates on Sunday after a winter of planting, and the gardeners promise that "
    "the first blooms will be out by the end of the month. Entry is free for children and for members of the society.",
    "Volunteers have laid new gravel paths between the beds, and a tea house will serve cakes on weekends. The garden "
    "was founded ninety years ago by a schoolteacher who brought the first cuttings home in a hat box.",
    "Visitors are asked to leave their dogs at the gate. Guided walks begin at ten and at three, in any weather.",
)


TITLES = {
    "/spies": "State-backed hackers spent a year inside a foreign ministry",
    "/garden": "The rose garden opens on Sunday with a hundred new varieties",
}


def feed(site: Site, *paths: str, name: str = "/feed.xml") -> str:
    items = [(TITLES.get(path, f"Item {path}"), site.url + path, NOW) for path in paths]
    return site.add(name, rss(items), Content_Type="application/rss+xml")


def state(desk: Desk, url: str) -> tuple[LinkState, str]:
    history = desk.history(url_key(url))
    return history.state, history.reason


def test_a_story_is_flagged_and_a_garden_is_not(site: Site, desk: Desk) -> None:
    site.add("/spies", SPIES)
    site.add("/garden", GARDEN)
    desk.configure(site)
    desk.sources(example=feed(site, "/spies", "/garden"))
    result = desk.crawl()
    assert result.code == 0, result.err
    (flagged,) = result.json["flagged"]
    assert flagged["title"] == "State-backed hackers spent a year inside a foreign ministry"
    assert (flagged["source"], flagged["url"]) == ("example", f"{site.url}/spies")
    assert state(desk, f"{site.url}/garden")[0] is LinkState.REJECTED
    stored = desk.history(url_key(f"{site.url}/spies")).stored
    assert stored is not None
    assert stored.article.published == NOW
    assert "rights reserved" not in stored.article.text


def test_what_is_known_is_never_fetched_again(site: Site, desk: Desk) -> None:
    site.add("/garden", GARDEN)
    desk.configure(site)
    url = feed(site, "/garden", "/missing")
    site.pages["/feed.xml"].headers["ETag"] = '"one"'
    desk.sources(example=url)
    assert desk.crawl().code == 0
    before = site.paths()
    assert sorted(before) == ["/feed.xml", "/garden", "/missing"]
    result = desk.crawl()
    assert result.code == 0
    assert site.paths()[len(before) :] == ["/feed.xml"]
    assert result.json["sources"][0]["state"] == "unchanged"


def test_a_feed_without_validators_is_recognised_by_its_body(site: Site, desk: Desk) -> None:
    site.add("/garden", GARDEN)
    desk.configure(site)
    desk.sources(example=feed(site, "/garden"))
    assert [desk.crawl().json["sources"][0]["state"] for _ in range(2)] == ["ok", "unchanged"]


def test_every_bad_source_is_named_and_the_others_go_on(site: Site, desk: Desk) -> None:
    site.add("/garden", GARDEN)
    site.add("/empty.xml", rss([]), Content_Type="application/rss+xml")
    site.add("/page-as-feed", GARDEN)
    site.add("/broken.xml", b"\x00\x01\x02" * 50, Content_Type="application/rss+xml")
    site.add("/down.xml", status=503)
    with Site() as gone:
        dead = f"{gone.url}/feed.xml"
    desk.configure(site, gone)
    desk.sources(good=feed(site, "/garden"), empty=f"{site.url}/empty.xml", down=f"{site.url}/down.xml", dead=dead)
    with (desk.folder / "sources.toml").open("a") as file:
        file.write(f'[html]\nurl = "{site.url}/page-as-feed"\nkind = "feed"\n')
        file.write(f'[garbage]\nurl = "{site.url}/broken.xml"\n')
    result = desk.crawl()
    states = {source["source"]: source["state"] for source in result.json["sources"]}
    assert states == {
        "good": "ok",
        "empty": "empty",
        "down": "http-error",
        "dead": "unreachable",
        "html": "not-a-feed",
        "garbage": "not-a-feed",
    }
    assert result.code == 1
    assert "spywire: source down: http-error: HTTP 503" in result.err
    assert "spywire: source dead: unreachable: robots.txt unreachable" in result.err
    assert "Traceback" not in result.err
    assert state(desk, f"{site.url}/garden")[0] is LinkState.REJECTED


def test_every_bad_page_ends_in_a_named_state(site: Site, desk: Desk) -> None:
    site.add("/robots.txt", "User-agent: *\nDisallow: /private/\n", Content_Type="text/plain")
    site.add("/error", "boom", status=500)
    site.add("/login", story("Sign in", "Enter your password to continue."))
    site.add("/binary", bytes(range(256)) * 40)
    site.add("/nothing", "")
    site.add("/loop", status=302, Location="/loop")
    site.add("/inside", status=302, Location="http://169.254.169.254/latest/meta-data")
    site.add("/file", status=302, Location="file:///etc/hostname")
    site.add("/port", status=302, Location=f"http://127.0.0.1:{site.port + 1}/")
    site.add("/huge", b"<p>" + b"x" * 3_000_000)
    site.add("/moved", status=301, Location="/garden")
    site.add("/garden", GARDEN)
    paths = ["/gone", "/error", "/login", "/binary", "/nothing", "/loop", "/inside", "/file", "/port", "/huge"]
    desk.configure(site, max_bytes=2_000_000)
    desk.sources(example=feed(site, *paths, "/private/diary", "/moved", "/garden"))
    result = desk.crawl()
    assert result.code == 0, result.err
    assert (result.json["counts"]["pages.requested"], result.json["counts"]["pages.settled"]) == (13, 13)
    found = {path: state(desk, site.url + path) for path in [*paths, "/private/diary"]}
    assert found["/gone"] == (LinkState.GONE, "HTTP 404")
    assert found["/error"] == (LinkState.FAILED, "HTTP 500")
    assert found["/login"][0] is LinkState.NOT_AN_ARTICLE
    assert found["/binary"][0] is LinkState.UNEXTRACTABLE
    assert found["/nothing"][0] in {LinkState.NOT_AN_ARTICLE, LinkState.UNEXTRACTABLE}
    assert found["/loop"][0] is LinkState.FAILED
    assert found["/inside"] == (
        LinkState.BLOCKED,
        "address 169.254.169.254 is not public and not in [fetch] allow_networks",
    )
    assert found["/file"][0] in {LinkState.BLOCKED, LinkState.FAILED}
    assert found["/port"] == (LinkState.BLOCKED, f"port {site.port + 1} is not in [fetch] allow_ports")
    assert found["/huge"] == (LinkState.UNEXTRACTABLE, "larger than the size limit")
    assert found["/private/diary"] == (LinkState.BLOCKED, "robots.txt disallows it")
    assert {state(desk, site.url + path)[0] for path in ("/moved", "/garden")} == {
        LinkState.REJECTED,
        LinkState.DUPLICATE,
    }


def test_a_failed_page_is_tried_again_later_and_a_server_may_say_when(site: Site, desk: Desk) -> None:
    site.add("/error", status=500)
    site.add("/busy", status=503, Retry_After="7200")
    site.add("/after", GARDEN)
    desk.configure(site)
    desk.sources(example=feed(site, "/error", "/busy", "/after"))
    desk.crawl()
    error, busy = (desk.history(url_key(site.url + path)) for path in ("/error", "/busy"))
    assert (error.attempts, busy.attempts) == (1, 1)
    assert error.retry_at is not None
    assert busy.retry_at is not None
    assert timedelta(minutes=14) < error.retry_at - datetime.now(UTC) <= timedelta(minutes=15)
    assert timedelta(minutes=119) < busy.retry_at - datetime.now(UTC) <= timedelta(minutes=120)
    assert "host is left alone until" in state(desk, f"{site.url}/after")[1]
    assert "host is left alone until" in desk.crawl().json["sources"][0]["detail"], "the next process knows"
    assert site.paths() == ["/feed.xml", "/error", "/busy"]


def test_without_permission_to_ask_nothing_is_fetched(site: Site, desk: Desk) -> None:
    site.add("/robots.txt", status=503)
    desk.configure(site)
    desk.sources(example=feed(site, "/garden"))
    result = desk.crawl()
    assert result.code == 69
    assert site.paths() == []
    assert "robots.txt unreachable: HTTP 503" in result.err


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0"])
def test_no_spelling_of_an_internal_address_gets_through(site: Site, desk: Desk, host: str) -> None:
    desk.configure(site, allow_networks=[])
    desk.sources(example=f"http://{host}:{site.port}/feed.xml")
    assert desk.crawl().code == 69
    assert site.requests == []


def test_nothing_reachable_is_its_own_exit_code(desk: Desk) -> None:
    with Site() as one:
        url = one.url
    desk.configure(one)
    desk.sources(example=url)
    assert desk.crawl().code == 69


def test_pages_beyond_the_budget_wait_for_the_next_run(site: Site, desk: Desk) -> None:
    for path in ("/a", "/b", "/c"):
        site.add(path, GARDEN.replace("rose garden", f"garden of {path}"))
    desk.configure(site)
    desk.sources(example=feed(site, "/a", "/b", "/c"))
    assert desk.crawl("--max-pages", "2").json["counts"]["pages.settled"] == 2
    assert state(desk, f"{site.url}/c") == (LinkState.DISCOVERED, "more than --max-pages")
    next_run = desk.crawl(due=True).json
    assert next_run["sources"] == [], "the source itself is not due"
    assert next_run["counts"]["pages.settled"] == 1
    assert sorted(path for path in site.paths() if path != "/feed.xml") == ["/a", "/b", "/c"]


def test_a_dry_run_stores_nothing(site: Site, desk: Desk) -> None:
    site.add("/spies", SPIES)
    desk.configure(site)
    desk.sources(example=feed(site, "/spies"))
    result = desk.crawl("--dry-run")
    assert len(result.json["flagged"]) == 1
    assert not (desk.folder / "spywire.db").exists()
    desk.crawl()
    assert desk.crawl("--dry-run").json["counts"].get("pages.settled", 0) == 0


def test_only_the_named_sources_are_polled(site: Site, desk: Desk) -> None:
    site.add("/garden", GARDEN)
    desk.configure(site)
    desk.sources(one=feed(site, "/garden", name="/one.xml"), two=feed(site, "/garden", name="/two.xml"))
    desk.crawl("--source", "two")
    assert site.paths() == ["/two.xml", "/garden"]
    assert desk.crawl("--source", "three").code == 2


def test_a_source_that_is_not_due_is_left_alone(site: Site, desk: Desk) -> None:
    desk.configure(site)
    desk.sources(by_itself=feed(site), six_hourly=feed(site, name="/six.xml"))
    with (desk.folder / "sources.toml").open("a") as file:
        file.write('every = "6h"\n')
    assert len(desk.crawl(due=True).json["sources"]) == 2
    assert desk.crawl(due=True).json["sources"] == []
    assert sorted(site.paths()) == ["/feed.xml", "/six.xml"]


def test_without_a_model_everything_is_held_and_judged_when_it_is_back(site: Site, desk: Desk) -> None:
    site.add("/spies", SPIES)
    desk.configure(site)
    desk.sources(example=feed(site, "/spies"))
    result = desk.crawl(SPYWIRE_GATE__MODEL="nowhere")
    assert result.code == 78
    assert "no model at" in result.err
    assert state(desk, f"{site.url}/spies")[0] is LinkState.HELD
    result = desk.crawl()
    assert result.code == 0
    assert result.json["counts"]["articles.rejudged"] == 1
    assert state(desk, f"{site.url}/spies")[0] is LinkState.FLAGGED
    assert site.paths().count("/spies") == 1


def test_a_database_that_cannot_be_opened_is_said_so(site: Site, desk: Desk) -> None:
    desk.configure(site, storage="sqlite:////proc/nowhere/spywire.db")
    desk.sources(example=feed(site))
    result = desk.crawl()
    assert result.code == 74
    assert result.err.startswith("spywire: cannot open the database: /proc/nowhere")
    assert result.err.count("\n") == 1


def test_a_second_crawl_in_the_same_home_is_busy(site: Site, desk: Desk) -> None:
    desk.configure(site)
    desk.sources(example=feed(site))
    with locked(Home(config=desk.folder, data=desk.folder, state=desk.folder), "crawl"):
        result = desk.crawl()
    assert result.code == 75
    assert "is in use by" in result.err
    assert desk.crawl().code == 0


def test_a_sitemap_and_a_section_page_are_sources_too(site: Site, desk: Desk) -> None:
    site.add("/2026/11/22/garden-opens-with-hundred-roses", GARDEN)
    site.add("/2026/11/22/hackers-inside-the-foreign-ministry", SPIES)
    location = f"{site.url}/2026/11/22/garden-opens-with-hundred-roses"
    site.add(
        "/sitemap.xml",
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"<url><loc>{location}</loc><lastmod>{NOW.isoformat()}</lastmod></url></urlset>",
        Content_Type="application/xml",
    )
    site.add(
        "/index.xml",
        '<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"<sitemap><loc>{site.url}/sitemap.xml</loc><lastmod>{NOW.isoformat()}</lastmod></sitemap></sitemapindex>",
        Content_Type="application/xml",
    )
    headline = "Hackers inside the foreign ministry read cables for a year"
    site.add(
        "/news",
        "<html><body><nav><a href='/about'>About us</a></nav><main><h2>"
        f"<a href='/2026/11/22/hackers-inside-the-foreign-ministry'>{headline}</a></h2></main></body></html>",
    )
    desk.configure(site)
    desk.sources(index=f"{site.url}/index.xml", section=f"{site.url}/news")
    result = desk.crawl()
    assert result.code == 0, result.err
    assert {source["source"]: source["new"] for source in result.json["sources"]} == {"index": 1, "section": 1}
    assert state(desk, location)[0] is LinkState.REJECTED
    assert desk.history(url_key(f"{site.url}/2026/11/22/hackers-inside-the-foreign-ministry")).link.title == headline


def test_robots_txt_is_asked_for_once_and_its_delay_is_kept(site: Site, desk: Desk) -> None:
    site.add("/robots.txt", "User-agent: *\nCrawl-delay: 1\n", Content_Type="text/plain")
    site.add("/garden", GARDEN)
    desk.configure(site)
    desk.sources(example=feed(site, "/garden", "/missing"))
    started = time.monotonic()
    desk.crawl()
    assert time.monotonic() - started > 1, "two pauses of a second, give or take half of each"
    desk.crawl()
    assert [path for path, _ in site.requests].count("/robots.txt") == 1


def test_the_user_agent_names_a_contact(site: Site, desk: Desk) -> None:
    desk.configure(site, contact="desk@example.org")
    desk.sources(example=feed(site))
    desk.crawl()
    agents = {headers["user-agent"] for _, headers in site.requests}
    assert len(agents) == 1
    assert agents.pop().endswith(" (+desk@example.org)")


def test_a_crawl_that_is_told_to_stop_stops_and_the_rest_waits(site: Site, desk: Desk) -> None:
    paths = [f"/story-{n}" for n in range(30)]
    for path in paths:
        site.add(path, GARDEN.replace("rose garden", f"garden of {path}"))
    desk.configure(site, delay=1)
    desk.sources(example=feed(site, *paths))
    with desk.started("crawl") as process:
        deadline = time.monotonic() + 30
        while len(site.paths()) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 143
    asked = len(site.paths())
    assert asked <= 6, "what is under way ends, what waits is not begun"
    states = [state(desk, site.url + path)[0] for path in paths]
    assert states.count(LinkState.DISCOVERED) == len(paths) - (asked - 1)


def test_a_crawl_listens_nowhere(site: Site, desk: Desk) -> None:
    site.pages["/slow"] = Answer(b"", 200, {})
    desk.configure(site, delay=1)
    desk.sources(example=feed(site, "/a", "/b", "/c"))
    with desk.started("crawl") as process:
        deadline = time.monotonic() + 30
        while not site.requests and time.monotonic() < deadline:
            time.sleep(0.02)
        listening = _listening(process.pid)
    assert site.requests
    assert listening == []


def test_plain_scrapy_lists_and_runs_the_spider(site: Site, tmp_path: Path) -> None:
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    listed = subprocess.run(
        [sys.executable, "-m", "scrapy", "list"], cwd=root, capture_output=True, text=True, check=True
    )
    assert listed.stdout.split() == ["news"]
    site.add("/garden", GARDEN)
    out = tmp_path / "articles.jsonl"
    arguments = ["crawl", "news", "-a", f"url={feed(site, '/garden')}", "-O", str(out), "-s", "DOWNLOAD_DELAY=0"]
    arguments += ["-s", "SPYWIRE_ALLOW_NETWORKS=127.0.0.0/8", "-s", f"SPYWIRE_ALLOW_PORTS={site.port}"]
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "The rose garden opens" in out.read_text(), done.stderr


def _listening(pid: int) -> list[str]:
    """The TCP sockets that a process listens on (proc(5): state 0A)."""
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:  # noqa: PTH123
        listening = {row.split()[9] for row in table.readlines()[1:] if row.split()[3] == "0A"}
    sockets = []
    for descriptor in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
        try:
            target = os.readlink(f"/proc/{pid}/fd/{descriptor}")  # noqa: PTH115
        except FileNotFoundError:
            continue
        sockets.append(target.removeprefix("socket:[").removesuffix("]"))
    return sorted(listening & set(sockets))
