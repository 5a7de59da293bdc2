"""Answers by mail: whose they are, where they stand, and what a hostile mailbox may try."""

from __future__ import annotations

import base64
from textwrap import wrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from jobs.digest.render import Form, render
from jobs.teaching.labelfiles import BadRow, Row
from jobs.teaching.mailbox import answers
from storage.records import Word
from tests.jobs.digest_edition import edition

READERS = {"Ada@example.org", "bob@example.org"}


def mail(body: str | bytes, *headers: str) -> bytes:
    head = "\n".join(headers or ("From: Ada <ada@EXAMPLE.org>", "Subject: Re: Espionage watch"))
    raw = body if isinstance(body, bytes) else body.encode()
    return b"From mailer Sun Nov 22 08:00:00 2026\n" + head.encode("utf-8", "replace") + b"\n\n" + raw + b"\n"


def read(*mails: bytes, anyone: bool = False) -> tuple[list[Row], list[BadRow]]:
    found = list(answers(b"".join(mails), senders=None if anyone else READERS))
    return [row for row in found if isinstance(row, Row)], [row for row in found if isinstance(row, BadRow)]


def test_the_word_is_that_of_the_reader_who_wrote() -> None:
    rows, bad = read(mail("A-17 flag\nS-20261122-01 reject\n"))
    assert not bad
    assert rows == [
        Row(place="mail 1", subject="A-17", word=Word.FLAG, by="ada@example.org"),
        Row(place="mail 1", subject="S-20261122-01", word=Word.REJECT, by="ada@example.org"),
    ]


@pytest.mark.parametrize("line", ["A-17 flag", "spywire label A-17 flag", "  Spywire  label\tA-17 flag.", "a-17: flag"])
def test_an_answer_may_be_the_command_that_the_digest_shows(line: str) -> None:
    rows, bad = read(mail(f"Good morning,\n\n{line}\n\nAda\n\n> {line.replace('17', '18')}\n>{line}"))
    assert not bad
    assert [(row.subject, row.word) for row in rows] == [("A-17", Word.FLAG)]


@pytest.mark.parametrize(
    "line",
    ["spywire label A-17", "label A-17 flag", "$ spywire label A-17 flag", "spywire label spywire label A-17 flag",
     "spywire labelA-17 flag", "please spywire label A-17 flag"],
)  # fmt: skip
def test_what_is_only_much_like_an_answer_is_none(line: str) -> None:
    assert read(mail(line)) == ([], [])


@given(st.integers(12, 120), st.sampled_from([Form.TEXT, Form.HTML, Form.MARKDOWN]), st.booleans())
def test_a_digest_that_is_repeated_without_a_mark_answers_nothing(width: int, form: Form, marks: bool) -> None:  # noqa: FBT001 - drawn
    page = render(edition(), form)
    shown = html.document_fromstring(page.encode()).text_content() if form is Form.HTML else page
    lines = (shown if marks else shown.replace("`", "")).splitlines()
    body = "\n".join(part for line in lines for part in [*wrap(line, width, break_on_hyphens=False), ""])
    assert read(mail(body)) == ([], [])


@pytest.mark.parametrize(
    ("headers", "who"),
    [
        (("From: eve@example.org",), "eve@example.org"),
        (("From: eve@example.org", "Reply-To: ada@example.org", "Sender: ada@example.org"), "eve@example.org"),
        (("From: ada@example.org <eve@example.org>",), "eve@example.org"),
        (("From: ada@example.org", "From: eve@example.org"), "nobody"),
        (("Subject: no sender",), "nobody"),
        (("From: \x1b[31mada",), "nobody"),
    ],
)
def test_who_gets_no_digest_has_no_word(headers: tuple[str, ...], who: str) -> None:
    rows, (bad,) = read(mail("A-17 flag", *headers))
    assert (rows, bad.place) == ([], "mail 1")
    assert bad.why == f"answers from {who}, to whom no profile is sent; --anyone takes them"
    assert [row.subject for row in read(mail("A-17 flag", *headers), anyone=True)[0]] == ["A-17"]


def test_a_mail_without_an_answer_is_no_mistake() -> None:
    assert read(mail("Out of office until Monday.", "From: eve@example.org")) == ([], [])


@pytest.mark.parametrize(
    "repeated",
    [
        "> A-18 flag\n>> A-19 flag",
        "-----Original Message-----\nFrom: spywire\nA-18 flag",
        "----- Ursprüngliche Nachricht -----\nA-18 flag",
        "________________________________\nA-18 flag",
        "From: Espionage watch <digest@example.org>\nA-18 flag",
        "Von: Espionage watch\nA-18 flag",
    ],
)
def test_what_a_mail_repeats_of_the_digest_is_no_answer(repeated: str) -> None:
    rows, _ = read(mail(f"A-17 reject\n\n{repeated}"))
    assert [row.subject for row in rows] == ["A-17"]


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "utf-16", "utf-16-le", "shift_jis"])
def test_an_answer_is_read_in_every_charset(charset: str) -> None:
    packed = base64.b64encode("Gute Sache\nA-17 flag\n".encode(charset)).decode()
    name = charset.replace("utf-16-le", "utf-16le")
    head = ("From: ada@example.org", f"Content-Type: text/plain; charset={name}", "Content-Transfer-Encoding: base64")
    assert [row.subject for row in read(mail(packed, *head))[0]] == ["A-17"]


def test_hostile_mails_are_counted_and_cost_nothing_else() -> None:
    nested = "".join(f'--{n}\nContent-Type: multipart/mixed; boundary="{n + 1}"\n\n' for n in range(3000))
    mixed = ("From: ada@example.org", 'Content-Type: multipart/mixed; boundary="0"')
    slow = ("From: ada@example.org", "Content-Type: text/plain; charset=punycode")
    rows, bad = read(
        mail(nested, *mixed),
        mail("x" * 3_000_000),
        mail("z" * 500_000, *slow),
        mail("A-1 flag\n" * 5_000),
        mail("body", "From: ada@example.org", "Content-Transfer-Encoding: base64", "Content-Type: \xff;;="),
        mail("A-17 flag"),
    )
    assert (len(rows), rows[-1].subject) == (1_001, "A-17")
    assert "larger than 2 MiB" in [row.why for row in bad]


@given(st.binary(max_size=400))
def test_no_bytes_end_the_import(body: bytes) -> None:
    rows, _ = read(mail(body), mail("A-17 flag"))
    assert rows[-1].subject == "A-17"
