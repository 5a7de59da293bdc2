"""The command line as a user meets it: real processes, real files, wrong input."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from jobs.cli import app, home_first
from jobs.exits import UsageError
from tests.web import Site, rss, story

if TYPE_CHECKING:
    from pathlib import Path

    from tests.newsdesk import Desk

SPIES = "State-backed hackers spent a year inside a foreign ministry"
BODY = [
    (
        "Hackers working for Russia's foreign intelligence service broke into the network of the foreign ministry and "
        "read the mail of its diplomats for a year, the national cyber agency said on Friday."
    ),
    (
        "The espionage group, which security researchers track as APT29, planted a backdoor on the mail servers and "
        "copied cables about sanctions. The agency attributed the intrusion to the service with high confidence."
    ),
    (
        "Investigators found the implant after an officer noticed that a mailbox had been opened at night from a "
        "server in another country. The ministry has replaced its servers and told its embassies to change passwords."
    ),
]
GARDEN = (
    "The municipal rose garden opens its gates on Sunday after a winter of planting. Entry is free for children.\n"
    "Volunteers have laid new gravel paths between the beds, and a tea house will serve cakes on weekends.\n"
) * 4
LINE = {"id": "a", "title": SPIES, "text": "\n".join(BODY)}


def lines(*records: object) -> bytes:
    return b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in records)


READING = (
    "status", "runs list", "runs show 1", "search roses", "digest list", "digest show 1", "digest preview",
    "digest outbox", "digest send --dry-run", "why https://example.org/", "health --open", "export", "story list",
    "story show S-1", "labels export", "label https://example.org/", "audit --list", "db check", "retain --dry-run",
    "schedule --json",
)  # fmt: skip
WITHOUT = ("config show", "model list", "model show", "sources list", "doctor --offline")


@pytest.mark.parametrize("command", [*READING, *WITHOUT, "digest send", "schedule --once", "db upgrade"])
def test_a_mistyped_home_is_named_with_its_cure_and_not_made(tmp_path: Path, command: str) -> None:
    done = CliRunner().invoke(app, ["--home", str(tmp_path / "hmoe"), *command.split()])
    assert isinstance(done.exception, UsageError)
    assert f"there is no home {tmp_path}/hmoe: check the path" in str(done.exception)
    assert f"spywire --home {tmp_path}/hmoe init" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", READING)
def test_who_only_reads_makes_no_database_and_says_that_there_is_none(desk: Desk, command: str) -> None:
    desk.sources(example="https://example.org/feed")
    done = CliRunner().invoke(app, ["--home", str(desk.folder), *command.split()])
    assert isinstance(done.exception, UsageError)
    assert "nothing was ever stored here: run `spywire crawl`" in str(done.exception)
    assert [path.name for path in desk.folder.iterdir()] == ["sources.toml"]


@pytest.mark.parametrize("command", WITHOUT)
def test_what_can_be_told_without_a_database_is_told_without_making_one(desk: Desk, command: str) -> None:
    desk.sources(example="https://example.org/feed")
    done = CliRunner().invoke(app, ["--home", str(desk.folder), *command.split()])
    assert (done.exit_code, bool(done.output)) == (0, True), done.exception
    assert "spywire.db" not in [path.name for path in desk.folder.iterdir()]


def test_a_mistyped_home_is_unknown_to_a_monitor(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--home", str(tmp_path / "hmoe"), "status", "--check"])
    assert (done.exit_code, done.output.split(" - ")[0]) == (3, "SPYWIRE UNKNOWN")


def test_the_help_lists_every_command(desk: Desk) -> None:
    result = desk.run("--help")
    assert result.code == 0
    for command in ("init", "demo", "crawl", "digest", "extract", "judge", "why", "train", "evaluate", "config"):
        assert f"\n  {command} " in result.out


@pytest.mark.parametrize("arguments", [["crwl"], ["crawl", "--max-pages", "many"], ["judge", "--colour"]])
def test_a_wrong_word_is_a_usage_error(desk: Desk, arguments: list[str]) -> None:
    result = desk.run(*arguments)
    assert result.code == 2
    assert "Usage: " in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["extract", "nowhere.html"], 2, "cannot read nowhere.html"),
        (["extract", "http://127.0.0.1:1/"], 69, "port 1 is not in [fetch] allow_ports"),
        (["why", "ftp://example.org/"], 2, "is not a link"),
        (["digest", "preview", "--since", "yesterday"], 2, "neither a span such as 24h"),
        (["digest", "preview", "--since", "2999-01-01"], 2, "lies in the future"),
        (["digest", "preview", "--since", "999999d"], 2, "neither a span such as 24h"),
        (["digest", "preview", "--format", "pdf"], 2, "there is no format pdf; there are text, html"),
        (["digest", "preview", "--out", "/proc/nowhere/digest.txt"], 2, "cannot write /proc/nowhere/digest.txt"),
        (["crawl", "--source", "nobody"], 2, "there is no source nobody"),
        (["evaluate", "--corpus", "nowhere.jsonl"], 2, "nowhere.jsonl"),
    ],
)
def test_a_wrong_argument_is_one_clear_line(desk: Desk, arguments: list[str], code: int, message: str) -> None:
    desk.configure()
    desk.sources(example="https://example.org/feed")
    result = desk.run(*arguments)
    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert result.err.startswith("spywire: ")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "sorted_line"),
    [
        ("crawl -v", "crawl -v"),
        ("crawl --home x -v", "--home x crawl -v"),
        ("sources list --home=x", "--home=x sources list"),
        ("--home x crawl", "--home x crawl"),
        ("judge -- --home", "judge -- --home"),
        ("crawl --home", "--home crawl"),
    ],
)
def test_the_home_may_be_named_anywhere(line: str, sorted_line: str) -> None:
    assert home_first(line.split()) == sorted_line.split()


def test_a_broken_setting_stops_every_command_with_78(desk: Desk) -> None:
    desk.configure(dely=3)
    result = desk.run("config", "show")
    assert result.code == 78
    assert "unknown key dely" in result.err


def test_config_show_is_data_too(desk: Desk) -> None:
    desk.configure(delay=3)
    shown = desk.run("config", "show", "--json").json
    assert shown["fetch.delay"] == {"value": 3.0, "origin": f"{desk.folder / 'spywire.toml'}:2"}


def test_extract_gives_the_article(desk: Desk, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(story(SPIES, *BODY))
    result = desk.run("extract", str(page), "--url", "https://example.org/spies", "--json")
    assert result.code == 0
    assert (result.json["state"], result.json["title"], result.json["language"]) == ("article", SPIES, "en")
    assert result.json["text"] == "\n".join(BODY)
    assert BODY[0] in desk.run("extract", str(page)).out


def test_extract_fetches_a_url_as_a_crawl_would(desk: Desk, site: Site) -> None:
    desk.configure(site)
    site.add("/robots.txt", "User-agent: *\nDisallow: /closed", Content_Type="text/plain")
    result = desk.run("extract", site.add("/open", story(SPIES, *BODY)), "--json")
    assert result.json["title"] == SPIES
    closed = desk.run("extract", site.add("/closed", story(SPIES, *BODY)))
    assert closed.code == 69
    assert "robots.txt disallows it" in closed.err


def test_extract_streams_lines_in_order_and_reports_the_bad_ones(desk: Desk, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(story("The second page has a title of its own", *BODY))
    cut = tmp_path / "cut.html.gz"
    cut.write_bytes(gzip.compress(page.read_bytes())[:-20])
    result = desk.run(
        "extract",
        "--jsonl",
        stdin=lines(
            {"id": 1, "html": story(SPIES, *BODY), "url": "https://example.org/1"},
            b"not json",
            {"id": 2, "path": str(page), "url": "https://example.org/2"},
            {"id": 3, "url": "https://example.org/3"},
            {"id": 4, "path": str(cut)},
            b'["a list"]',
            {"id": 5, "html": ""},
            {"id": 6, "html": "\ud800 lone", "url": "not a url"},
        ),
    )
    answers = [json.loads(line) for line in result.out.splitlines()]
    assert [answer["id"] for answer in answers] == [1, 2, 5, 6]
    assert [answer["state"] for answer in answers[:2]] == ["article", "article"]
    assert answers[2]["state"] in {"not-an-article", "unextractable"}
    assert result.code == 1
    assert [error.split(": ")[1] for error in result.err.splitlines()] == ["line 2", "line 4", "line 5", "line 6"]
    assert set(answers[0]) >= {"id", "state", "title", "text", "authors", "date", "date_source", "language", "outlet"}


def test_judge_streams_lines_in_order(desk: Desk) -> None:
    garden = {"title": "The rose garden opens", "text": GARDEN}
    records = [LINE | {"id": n} if n % 2 else garden | {"id": n} for n in range(50)]
    result = desk.run("judge", "--jsonl", stdin=lines(*records))
    answers = [json.loads(line) for line in result.out.splitlines()]
    assert result.code == 0, result.err
    assert [answer["id"] for answer in answers] == list(range(50))
    assert {answer["verdict"] for answer in answers[1::2]} == {"flag"}
    assert {answer["verdict"] for answer in answers[::2]} == {"reject"}
    assert set(answers[0]) >= {"id", "verdict", "score", "threshold", "evidence"}
    assert all(0 <= answer["score"] <= 1 for answer in answers)


def test_judge_reads_text_and_html_alike(desk: Desk, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(story(SPIES, *BODY))
    assert desk.run("judge", str(page), "--json").json["verdict"] == "flag"
    text = desk.run("judge", "-", stdin=f"{SPIES}\n\n{LINE['text']}".encode())
    assert text.out.startswith("flag")
    assert SPIES in text.out


def test_judge_without_a_model_holds(desk: Desk) -> None:
    result = desk.run("judge", "--jsonl", stdin=lines(LINE), SPYWIRE_GATE__MODEL="nowhere")
    answer = json.loads(result.out)
    assert (result.code, answer["verdict"], answer["score"]) == (78, "hold", None)


def test_the_digest_and_the_ledger_tell_the_same_story(desk: Desk, site: Site, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    desk.configure(site)
    site.add("/spies", story(SPIES, *BODY))
    site.add("/garden", story("The rose garden opens", *GARDEN.splitlines()))
    items = [(SPIES, f"{site.url}/spies", now), ("Roses", f"{site.url}/garden", now), ("Gone", f"{site.url}/x", now)]
    desk.sources(example=site.add("/feed.xml", rss(items)))
    assert desk.run("crawl").out == "", "a healthy crawl under cron says nothing"
    text = desk.run("digest", "preview").out
    assert SPIES in text
    assert "HTTP 404" in text
    assert all(len(line) <= 78 or "http" in line for line in text.splitlines())
    edition = desk.run("digest", "preview", "--format", "json").json
    assert edition["links"] == 3
    page = tmp_path / "digest.html"
    assert desk.run("digest", "preview", "--format", "html", "--out", str(page)).out == ""
    assert SPIES in page.read_text()
    why = desk.run("why", f"{site.url}/spies?utm_source=mail").out
    assert "by source example" in why
    assert "verdict    flag" in why
    assert desk.run("why", f"{site.url}/x", "--json").json["reason"] == "HTTP 404"
    unseen = desk.run("why", f"{site.url}/never")
    assert unseen.code == 1
    assert "was never seen" in unseen.err
