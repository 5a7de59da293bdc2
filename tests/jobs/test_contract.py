"""What a scheduler may rely on: exit codes, silence while all is well, logs it can read, and no secret in any of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, SecretStr
from sqlalchemy import make_url

from jobs.crawl import lasts
from jobs.log import secrets_of
from jobs.settings import Settings
from storage.database import Database
from storage.ledger import Ledger
from storage.records import LinkState, Rhythm
from storage.runs import Runs
from storage.tables import Table
from tests.conftest import made_database
from tests.postgres import Wire
from tests.web import rss, story
from tests.zoo import Zoo, animal, drips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.newsdesk import Desk
    from tests.web import Site

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROSES = story("The rose garden opens", "The municipal rose garden opens its gates on Sunday after a winter. " * 9)
# the twenty seconds that what is under way has, made one
HURRIED = "from crawler.spiders import deadline, process; deadline.GRACE = process.GRACE = 1"
CANARY = "c4nary-Secret-%2F/x"


# a clock that nobody has set, as a machine without a battery has it
IN_1970 = """
import datetime
class Then(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(1970, 1, 2, tzinfo=tz)
datetime.datetime = Then
from jobs.start import main
main()
"""


def wait_for(happened: Any, *, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["term", "int"])
def test_a_signal_gives_back_what_is_under_way_within_30_seconds(
    site: Site, desk: Desk, number: signal.Signals, code: int
) -> None:
    with Zoo() as park:
        slow = park.house(animal("/page", drips(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b".")))
        desk.configure(site, allow_ports=[80, 443, site.port, park.port], timeout=300)
        items = [("Roses", site.add("/roses", ROSES), NOW), ("Slow", f"{slow}/page", NOW)]
        desk.sources(example=site.add("/feed.xml", rss(items), Content_Type="application/xml"))
        with desk.started("crawl", "--max-runtime", "1h", first=HURRIED) as crawl:
            wait_for(lambda: "/roses" in site.paths())
            time.sleep(0.5)
            at = time.monotonic()
            crawl.send_signal(number)
            ended = crawl.wait(60)
            assert time.monotonic() - at < 30
            out, err = crawl.said()
    assert (ended, out) == (code, b"")
    assert f"stopped by {number.name}" in err.decode()
    with closing(Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")) as database:
        (run,) = Runs(database).recent(limit=1)
        waiting = Ledger(database).waiting("example", owner="", at=datetime.now(UTC), limit=9)
    assert (run.exit_code, run.ended_at is not None) == (code, True)
    assert f"stopped by {number.name}" in run.error
    assert f"{slow}/page" in [link.url for link in waiting], "it waits for the next run"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["term", "int"])
def test_a_signal_ends_a_crawl_at_once_whose_server_is_away(
    site: Site, desk: Desk, postgres_server: str, number: signal.Signals, code: int
) -> None:
    items = [("Roses", site.add(f"/roses-{n}", ROSES), NOW) for n in range(12)]
    with made_database(postgres_server) as url, ExitStack() as stack:
        wire = stack.enter_context(Wire(make_url(url).port or 5432))
        desk.configure(site, storage=make_url(url).set(host="127.0.0.1", port=wire.port).render_as_string(), delay=0.5)
        desk.sources(example=site.add("/feed.xml", rss(items), Content_Type="application/xml"))
        crawl = stack.enter_context(desk.started("crawl", first=HURRIED))
        wait_for(lambda: len(site.paths()) > 3)
        wire.close()
        time.sleep(3)  # the crawl has something to write, and waits for the server
        assert crawl.poll() is None
        at = time.monotonic()
        crawl.send_signal(number)
        ended = crawl.wait(60)
        assert time.monotonic() - at < 10
        err = crawl.said()[1].decode()
        assert ended == code, err
        assert f"stopped by {number.name}" in err
        desk.configure(site, storage=url)
        assert desk.run("crawl").code == 0
        with closing(Database.open(url)) as database:
            tallies = Ledger(database).tallies(since=NOW - timedelta(days=900), until=datetime.now(UTC))
        assert not {tally.state for tally in tallies} & {LinkState.DISCOVERED, LinkState.LEASED}, "the next run goes on"
        assert sum(tally.count for tally in tallies) == len(items)


@pytest.mark.parametrize(
    "command",
    [
        "crawl", "crawl --dry-run", "schedule --once", "retain", "digest send", "digest resend 1", "db backup b/",
        "label https://example.org/ flag", "audit --list", "model rollback", "story merge S-1 S-2", "health",
    ],
)  # fmt: skip
def test_with_a_clock_in_1970_nothing_is_written_and_one_line_says_what_to_do(desk: Desk, command: str) -> None:
    desk.sources(example="http://127.0.0.1:1/feed")
    Database.open(f"sqlite:///{desk.folder / 'spywire.db'}").close()
    process = [sys.executable, "-c", IN_1970, "--home", str(desk.folder), *command.split()]
    done = subprocess.run(process, capture_output=True, text=True, timeout=60, check=False)
    said = "spywire: the clock says 1970-01-02 00:00 UTC; set it (timedatectl set-ntp true), then run again\n"
    assert (done.returncode, done.stdout, done.stderr) == (78, "", said)
    with closing(Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")) as database, database.read() as session:
        tables = [table for table in Table.metadata.sorted_tables if session.execute(table.select()).first()]
    assert tables == []


def test_a_clock_in_1970_is_what_doctor_and_status_name_first(desk: Desk) -> None:
    desk.sources(example="http://127.0.0.1:1/feed")
    Database.open(f"sqlite:///{desk.folder / 'spywire.db'}").close()
    for command, code, said in (
        (["doctor", "--offline"], 78, "fail  clock        it says 1970-01-02 00:00 UTC\n"),
        (["status", "--check"], 2, "SPYWIRE CRITICAL - the clock says 1970-01-02 00:00 UTC, and no job runs: set it"),
    ):
        process = [sys.executable, "-c", IN_1970, "--home", str(desk.folder), *command]
        done = subprocess.run(process, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stderr
        assert said in done.stdout


def test_a_blip_is_no_news_and_the_third_failure_is(site: Site, desk: Desk) -> None:
    desk.configure(site)
    desk.sources(down=site.add("/feed.xml", "", status=503), up=site.add("/up.xml", rss([("Roses", "/x", NOW)])))
    for _ in range(2):
        quiet = desk.run("crawl")
        assert (quiet.out, quiet.err) == ("", ""), "a blip stands in the run record, and is no mail"
        assert quiet.code in {1, 69}
        be_due(desk)
    told = desk.run("crawl")
    assert told.err == "spywire: source down: http-error: HTTP 503\n"
    shown = desk.run("runs", "show", "1", "--json").json
    assert shown["sources"]["down"]["detail"] == "HTTP 503"
    assert shown["received"] > 0


def be_due(desk: Desk) -> None:
    """Let the failing source be due again, as time would."""
    import sqlite3

    with closing(sqlite3.connect(desk.folder / "spywire.db")) as connection, connection:
        connection.execute("UPDATE sources SET next_poll_at = '2026-01-01 00:00:00.000000'")


@pytest.mark.parametrize(
    ("failures", "read", "lasting"),
    [
        (1, timedelta(hours=1), False),
        (2, timedelta(hours=23), False),
        (3, timedelta(hours=1), True),
        (1, timedelta(days=1), True),
        (2, None, False),
        (0, None, True),
    ],
)
def test_what_lasts_is_the_third_failure_or_a_day_without_an_answer(
    failures: int, read: timedelta | None, *, lasting: bool
) -> None:
    assert lasts(Rhythm(failures=failures, read_at=None if read is None else NOW - read), at=NOW) is lasting


def test_logs_are_json_with_run_and_source_on_request(site: Site, desk: Desk) -> None:
    desk.configure(site)
    desk.sources(down=site.add("/feed.xml", "", status=503), up=site.add("/up.xml", rss([("Roses", "/x", NOW)])))
    result = desk.run("crawl", "--log-format", "json")
    events = [json.loads(line) for line in result.err.splitlines()]
    assert result.out == ""
    assert all(event.keys() >= {"time", "level", "run", "source", "event"} for event in events)
    named = {(event["event"], event["source"]): event for event in events}
    assert {name for name, _ in named} >= {"run.started", "source.failed", "source.polled", "run.ended"}
    assert {event["run"] for event in events if event["job"] == "crawl"} == {1}
    assert named["source.failed", "down"]["level"] == "info", "one failure is a blip here, too"
    ended = next(event for event in events if event["event"] == "run.ended")
    assert ended["counts"]["polls.http-error"] == 1
    wrong = desk.run("crawl", "--source", "nobody", SPYWIRE_LOG="json")
    (event,) = (json.loads(line) for line in wrong.err.splitlines())
    assert (wrong.code, event["level"]) == (2, "error")
    assert desk.run("crawl", "--log-format", "xml").code == 2


def secret_settings(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every setting that is typed as a secret; a section with a table for each name is given one."""
    for name, field in model.model_fields.items():
        parts = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for part in parts:
            if part is SecretStr:
                yield (*path, name)
            elif isinstance(part, type) and issubclass(part, BaseModel):
                named = (name,) if part is field.annotation else (name, "canary")
                yield from secret_settings(part, (*path, *named))


SECRETS = sorted(set(secret_settings(Settings)))


def test_every_secret_setting_is_known_to_be_one() -> None:
    """A setting whose name sounds like a secret has to be typed as one; [storage] url is handled by itself."""
    assert {("mail", "password"), ("channel", "canary", "url"), ("channel", "canary", "secret")} <= set(SECRETS)
    for keys in SECRETS:
        values: Any = CANARY
        for key in reversed(keys):
            values = {key: values}
        try:
            settings = Settings.model_validate(values)
        except ValueError:
            continue  # refused alone, which the next test looks at
        assert CANARY in secrets_of(settings), keys
    assert secrets_of(Settings.model_validate({"storage": {"url": "postgresql://me:pass%20word@host/db"}}))


def test_a_canary_in_every_secret_is_never_seen(
    site: Site, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.configure(site)
    desk.sources(down=site.add(f"/{CANARY}", "", status=503), up=site.add("/up.xml", rss([("Roses", "/x", NOW)])))
    secret = tmp_path / "secret"
    secret.write_text(CANARY)
    environment = {f"SPYWIRE_{'__'.join(keys).upper()}_FILE": str(secret) for keys in SECRETS}
    environment |= {"SPYWIRE_CHANNEL__CANARY__KIND": "webhook", "SPYWIRE_MAIL__USER": "me"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for form, command in (
        ("text", ["crawl", "--all"]),
        ("json", ["crawl", "--all"]),
        ("text", ["digest", "send", "--now"]),
    ):
        assert "c4nary-Secret" not in desk.run(*command, SPYWIRE_LOG=form).err, (form, command)
    for command in (["config", "show"], ["runs", "list", "--json"], ["digest", "outbox"]):
        result = desk.run(*command)
        shown = result.out if command[0] != "runs" else result.out.replace(f"/{CANARY}", "")
        assert "c4nary-Secret" not in shown + result.err, command
    failed = desk.run("runs", "list", SPYWIRE_STORAGE__URL=f"postgresql://me:{CANARY.replace('/', '')}@127.0.0.1:1/x")
    assert failed.code == 74
    assert "c4nary-Secret" not in failed.err + failed.out


def test_one_source_that_is_written_wrongly_stops_only_itself(site: Site, desk: Desk) -> None:
    desk.configure(site)
    tables = [f'[s{n}]\nurl = "{site.add(f"/{n}.xml", rss([]), Content_Type="application/xml")}"\n' for n in range(499)]
    (desk.folder / "sources.toml").write_text(
        "\n".join([*tables, '[broken]\nurl = "https://a.example/"\nevry = "1h"\n'])
    )
    result = desk.run("crawl")
    assert result.code == 1, result.err
    assert "unknown key evry in [broken]" in result.err
    assert "the other sources are crawled" in result.err
    assert result.err.count("\n") == 1
    run = desk.run("runs", "show", "1", "--json").json
    assert run["counts"]["polls.empty"] == 499
    assert run["sources"]["broken"]["state"] == "broken"
    assert desk.run("crawl", "--source", "broken").code == 78


def test_nobody_listens_while_a_crawl_goes_on(site: Site, desk: Desk) -> None:
    with Zoo() as park:
        slow = park.house(animal("/page", drips(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b".")))
        desk.configure(site, allow_ports=[80, 443, site.port, park.port], timeout=300)
        items = [("Roses", site.add("/roses", ROSES), NOW), ("Slow", f"{slow}/page", NOW)]
        desk.sources(example=site.add("/feed.xml", rss(items), Content_Type="application/xml"))
        with desk.started("crawl") as crawl:
            wait_for(lambda: settled(desk))
            assert listening(tree(crawl.pid)) == []


def settled(desk: Desk) -> bool:
    """A page went the whole way: workers and all are there."""
    file = desk.folder / "spywire.db"
    if not file.exists():
        return False
    with closing(Database.open(f"sqlite:///{file}")) as database:
        return any(
            t.state is LinkState.REJECTED
            for t in Ledger(database).tallies(since=NOW - timedelta(days=900), until=datetime.now(UTC))
        )


def tree(process: int) -> list[int]:
    """A process and all that come from it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [process]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    assert len(found) > 1, "the workers are there"
    return found


def listening(processes: list[int]) -> list[str]:
    """The TCP sockets of these processes that wait for connections, as the kernel has them."""
    inodes = set()
    for process in processes:
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            try:
                target = str(descriptor.readlink())
            except OSError:
                continue
            inodes.add(target.removeprefix("socket:[").removesuffix("]"))
    lines = [
        line.split() for file in ("tcp", "tcp6") for line in Path(f"/proc/net/{file}").read_text().splitlines()[1:]
    ]
    return [line[1] for line in lines if line[3] == "0A" and line[9] in inodes]
