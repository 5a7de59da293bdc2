"""Folders, commands and webhooks: each edition once, and no secret in any word of it."""

from __future__ import annotations

import base64
import hmac
import json
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from jobs.digest.render import render
from storage.records import EditionKind
from tests.jobs.delivery.office import AT, Office, edition, free_port, liar, to

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

HOUR = timedelta(hours=1)
SECRET = "s3cret-token"


def test_a_folder_gets_each_edition_whole_and_once(office: Office) -> None:
    office.set("channel.files", kind="folder", path="out", form="markdown")
    stored = office.add(*to(":files"))
    assert office.send().failures == []
    path = office.folder / "out" / "daily-00001.md"
    first = path.stat().st_mtime_ns
    assert path.read_text().startswith("#") or "Espionage watch" in path.read_text()
    office.outbox.requeue(stored.id, at=AT)
    assert office.send().failures == []
    assert (path.stat().st_mtime_ns, list(path.parent.iterdir())) == (first, [path]), "the same again is nothing new"


def test_a_folder_keeps_what_lies_there_under_the_same_name(office: Office) -> None:
    office.set("channel.files", kind="folder", form="text")
    office.add(*to(":files"))
    there = office.folder / "digests" / "daily-00001.txt"
    there.parent.mkdir()
    there.write_text("another edition")
    sent = office.send()
    assert there.read_text() == "another edition"
    assert "is there and is another edition; move it away" in sent.failures[0]


def test_a_folder_that_cannot_be_written_waits_until_it_can(office: Office) -> None:
    office.set("channel.files", kind="folder", path="out")
    office.add(*to(":files"))
    (office.folder / "out").write_text("no folder")
    assert "see [channel.files] path" in office.send().failures[0]
    (office.folder / "out").unlink()
    assert office.send(HOUR).failures == []
    assert (office.folder / "out" / "daily-00001.html").read_text().startswith("<!")


def test_an_alert_has_a_file_of_its_own(office: Office) -> None:
    office.set("channel.files", kind="folder")
    office.add(*to(":files"), kind=EditionKind.ALERT)
    office.send()
    assert [path.name for path in (office.folder / "digests").iterdir()] == ["daily-alert-00001.html"]


def test_a_command_reads_the_edition_and_is_told_which_without_our_secrets(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPYWIRE_MAIL__PASSWORD", SECRET)
    code = "import json,os,sys;json.dump([sys.stdin.read(), dict(os.environ)], open('got.json','w'))"
    office.set("channel.pipe", kind="command", form="text", command=[sys.executable, "-c", code])
    office.add(*to(":pipe"))
    assert office.send().failures == []
    text, environment = json.loads((office.folder / "got.json").read_text())
    assert text == render(replace(edition(), number=1), "text")
    assert environment["SPYWIRE_MESSAGE_ID"] == office.one().message_id
    assert (environment["SPYWIRE_NUMBER"], environment["SPYWIRE_PROFILE"]) == ("1", "daily")
    assert SECRET not in str(environment)


@pytest.mark.parametrize(
    ("command", "state", "words"),
    [
        (["sh", "-c", "echo not now >&2; exit 75"], "deferred", "run again later (exit code 75): not now"),
        (["sh", "-c", "printf 'a\\n\\033[31mb\\n' >&2; exit 3"], "failed", "exit code 3: [31mb"),
        (["sh", "-c", "exec 0<&-; exit 0"], "sent", ""),
        (["sh", "-c", "kill -9 $$"], "uncertain", "ended by signal 9"),
        (["sh", "-c", "sleep 60 & sleep 60"], "uncertain", "did not end within 0.3 s, and was killed"),
        (["no-such-program-anywhere"], "deferred", "cannot run no-such-program-anywhere: No such file"),
    ],
)
def test_a_command_says_by_its_exit_code_what_became_of_it(
    office: Office, command: list[str], state: str, words: str
) -> None:
    office.set("channel.pipe", kind="command", command=command, timeout=0.3 if "sleep" in command[-1] else 20)
    office.add(*to(":pipe"))
    office.send()
    assert (office.states(), words in office.one().detail) == ([state], True), office.one().detail


@contextmanager
def hook(*answers: tuple[int, dict[str, str]]) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A web server that gives these answers, one by one, and the address and the requests it had."""
    got: list[tuple[dict[str, str], bytes]] = []
    waiting = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status, headers = waiting.pop(0) if waiting else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{web.server_port}/hook?token={SECRET}", got
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def verified(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """As docs/delivery.md tells it."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(secret.encode(), signed, "sha256").digest()
    return hmac.compare_digest("v1," + base64.b64encode(digest).decode(), headers["webhook-signature"])


def test_a_webhook_gets_the_document_signed_and_named(office: Office) -> None:
    office.add(*to(":hook"))
    with hook() as (url, got):
        office.set("channel.hook", kind="webhook", form="json", url=url, secret="shared")
        assert office.send().failures == []
    ((headers, body),) = got
    content = json.loads(body)
    assert verified(headers, body, "shared")
    assert not verified(headers, body + b" ", "shared")
    assert headers["webhook-id"] == headers["idempotency-key"] == content["id"] == office.one().message_id.strip("<>")
    assert int(headers["webhook-timestamp"]) == int(AT.timestamp())
    assert (content["number"], content["kind"], content["body"]["title"]) == (1, "digest", "Espionage watch")


def test_a_secret_of_the_standard_kind_is_read_as_base64(office: Office) -> None:
    office.add(*to(":hook"))
    with hook() as (url, got):
        office.set("channel.hook", kind="webhook", url=url, secret="whsec_" + base64.b64encode(b"shared").decode())
        office.send()
        assert verified(*got[0], "shared")
        office.set("channel.hook", secret="whsec_???")
        office.outbox.requeue(1, at=AT)
        assert "[channel.hook] secret begins with whsec_ and is no base64" in office.send().failures[0]


@pytest.mark.parametrize(
    ("answer", "state", "minutes"),
    [
        ((200, {}), "sent", None),
        ((503, {}), "deferred", 5),
        ((429, {"Retry-After": "7200"}), "deferred", 120),
        ((429, {"Retry-After": "1"}), "deferred", 5),
        ((404, {}), "failed", None),
        ((302, {"Location": "http://127.0.0.1:1/"}), "failed", None),
    ],
)
def test_a_webhook_says_by_its_status_what_became_of_it(
    office: Office, answer: tuple[int, dict[str, str]], state: str, minutes: int | None
) -> None:
    office.add(*to(":hook"))
    with hook(answer) as (url, got):
        office.set("channel.hook", kind="webhook", url=url, secret=SECRET)
        sent = office.send()
    found = office.one()
    waited = found.next_at and round((found.next_at - AT) / timedelta(minutes=1))
    assert (office.states(), waited, len(got)) == ([state], minutes, 1)
    assert SECRET not in f"{sent.failures} {found.detail}"


def test_a_webhook_that_hangs_up_has_it_once_more_under_the_same_name(office: Office) -> None:
    names = []

    def talk(line: socket.socket) -> None:
        names.append(line.recv(65536).partition(b"webhook-id: ")[2].partition(b"\r\n")[0])

    office.add(*to(":hook"))
    with liar(talk) as port:
        office.set("channel.hook", kind="webhook", url=f"http://127.0.0.1:{port}/{SECRET}", timeout=2)
        for hours in range(4):
            sent = office.send(hours * HOUR)
            assert SECRET not in str(sent.failures)
    assert (len(names), len(set(names)), office.states()) == (2, 1, ["failed"])


def test_a_webhook_that_is_not_there_or_never_ends_waits(office: Office) -> None:
    def talk(line: socket.socket) -> None:
        line.recv(65536)
        while True:
            line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    office.add(*to(":hook"))
    office.set("channel.hook", kind="webhook", url=f"http://127.0.0.1:{free_port()}/", timeout=0.5)
    assert (office.send().exit, office.states()) == (69, ["deferred"])
    with liar(talk) as port:
        office.set("channel.hook", url=f"http://127.0.0.1:{port}/")
        office.send(HOUR)
    assert office.states() == ["uncertain"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "is no web address; write https://HOST/PATH"),
        ("ftp://example.org/", "is no web address"),
        (f"http://example.org/{SECRET}", "http to example.org would be read on the way; write https"),
        (f"https://user:{SECRET}@example.org/", "holds a user or a space"),
        (f"https://example.org/{SECRET} x", "holds a user or a space"),
        (f"https://example.org/{SECRET}\r\nX-Evil: 1", "is no web address"),
        (f"https://[{SECRET}/", "is no address"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_being_shown(office: Office, url: str, words: str) -> None:
    office.set("channel.hook", kind="webhook", url=url)
    office.add(*to(":hook"))
    (failure,) = office.send().failures
    assert "[channel.hook] url" in failure
    assert words in failure
    assert SECRET not in failure
    assert office.states() == ["deferred"], "once the settings are mended it goes"


def test_a_channel_that_left_the_settings_is_named(office: Office) -> None:
    office.set("channel.files", kind="folder")
    office.add(*to(":hook"))
    assert "there is no [channel.hook] in spywire.toml any more; there are digests, files" in office.send().failures[0]


def test_an_edition_that_cannot_be_read_holds_up_no_other(office: Office) -> None:
    office.set("channel.files", kind="folder")
    office.add(*to(":files"), body={"schema": 99})
    office.add(*to(":files"), day=1, kind=EditionKind.ALERT)
    sent = office.send(timedelta(days=1))
    assert (office.states(1), office.states(2), len(sent.failures)) == (["deferred"], ["sent"], 1)
