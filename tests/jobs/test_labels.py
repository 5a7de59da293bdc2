"""`spywire label`, `labels import|export`, `audit`: what people say, through the command line."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from jobs.exits import CommandError, Exit
from jobs.teaching.subject import subject
from storage.labels import Labels
from storage.records import LABEL, Because, Decision, LinkState, Word
from storage.verdicts import Verdicts
from tests.newsdesk import Desk
from tests.taught import documents, fill, label, opened, url_of

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.classify.corpus import Document

ENGLISH = documents()
SPY, PLAIN = ENGLISH[0], ENGLISH[-1]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = Desk(tmp_path_factory.mktemp("archive") / "home")
    fill(desk, [*ENGLISH[:4], *ENGLISH[-12:]])
    return desk.folder


@pytest.fixture
def filled(archive: Path, tmp_path: Path) -> Desk:
    return Desk(shutil.copytree(archive, tmp_path / "home"))


def standing(desk: Desk) -> list[tuple[str, Word]]:
    database = opened(desk)
    labels = Labels(database).all()
    database.close()
    return [(each.url, each.word) for each in labels]


def test_a_label_overrules_the_model_until_it_is_taken_back(filled: Desk) -> None:
    url = url_of(PLAIN)
    labelled = filled.run("label", url, "flag", "--by", "Ada", "--note", "our harbour\nis in it", "--json")
    assert labelled.code == 0, labelled.err
    told = {"before": "reject", "now": "flag", "by": "Ada", "note": "our harbour is in it"}
    assert told.items() <= labelled.json.items()
    history = filled.run("why", url, "--json").json
    assert (history["state"], history["reason"]) == (LinkState.FLAGGED, "labelled flag by Ada: our harbour is in it")
    assert history["verdict"]["model"] == LABEL
    number = str(labelled.json["article"])
    back = filled.run("label", number, "none", "--json")
    assert (back.code, back.json["before"], back.json["now"]) == (0, "flag", "reject")
    said = filled.run("label", number).out
    assert "flag   by Ada: our harbour is in it" in said
    assert "none   by" in said


def test_what_cannot_be_labelled_ends_in_an_error_with_its_cure(filled: Desk) -> None:
    result = filled.run("label", "https://example.org/never", "flag")
    assert (result.code, result.out) == (1, "")
    assert "was never seen; add its source with `spywire sources add`" in result.err


@pytest.mark.parametrize(
    ("named", "code", "cure"),
    [
        ("S-20261122-01", Exit.PARTIAL, "there is no story S-20261122-01"),
        ("999", Exit.PARTIAL, "there is no article 999; name it by its URL"),
        ("9" * 30, Exit.PARTIAL, "there is no article 999"),
        ("ftp://example.org/x", Exit.USAGE, "is no link, no article's number and no digest item's id"),
        ("", Exit.USAGE, "is no link"),
    ],
)
def test_a_subject_that_is_none_says_what_to_do(filled: Desk, named: str, code: Exit, cure: str) -> None:
    database = opened(filled)
    with pytest.raises(CommandError, match=cure) as refusal:
        subject(named, database)
    database.close()
    assert refusal.value.exit is code


def test_labels_go_out_and_come_in_as_they_were(filled: Desk, archive: Path, tmp_path: Path) -> None:
    table = f"url,label,note\n{url_of(SPY)},flag,=1+1\n{url_of(PLAIN)},reject,\nhttps://example.org/never,flag,\n"
    dry = filled.run("labels", "import", "-", "--dry-run", stdin=table.encode())
    assert "would give 1 flag, 1 reject" in dry.out
    assert (dry.code, standing(filled)) == (1, [])
    given = filled.run("labels", "import", "-", "--by", "Grace", stdin=table.encode())
    assert given.code == 1
    assert "-: line 4: https://example.org/never was never seen" in given.err
    exported = filled.run("labels", "export").out
    assert "'=1+1" in exported
    other = Desk(shutil.copytree(archive, tmp_path / "other"))
    taken = other.run("labels", "import", "-", "--json", stdin=exported.encode())
    assert (taken.code, len(taken.json["given"])) == (0, 2)
    assert other.run("labels", "export").out == exported


def test_importing_again_changes_nothing_and_an_older_label_gives_way(filled: Desk) -> None:
    row = {"url": url_of(SPY), "label": "reject", "at": "2026-01-01T00:00:00+00:00", "by": "Ada"}
    twice = (json.dumps(row) + "\n").encode() * 2
    again = filled.run("labels", "import", "-", "--json", stdin=twice).json
    assert (len(again["given"]), again["same"]) == (1, 1)
    label(filled, flag=[SPY])
    late = filled.run("labels", "import", "-", "--json", stdin=twice).json
    assert (late["given"], late["newer"]) == ([], 2)
    assert standing(filled) == [(url_of(SPY), Word.FLAG)]


def test_a_table_with_an_unknown_column_is_refused_whole(filled: Desk) -> None:
    result = filled.run("labels", "import", "-", stdin=f"url,label,mood\n{url_of(SPY)},flag,sad\n".encode())
    assert (result.code, result.err) == (
        2, "spywire: -:1: unknown column 'mood'; known are url, label, note, by, at, title\n"
    )  # fmt: skip
    assert standing(filled) == []


def test_people_are_asked_about_rejects_and_their_answers_count(filled: Desk) -> None:
    listed = filled.run("audit", "--list", "--json", "-n", "6").json
    assert len(listed) == 6
    assert {"id", "title", "lead", "score", "why", "stratum", "answer"} <= listed[0].keys()
    asked = filled.run("audit", "--by", "Ada", stdin=b"f\nwhat?\nr\ns\nq\n")
    assert asked.code == 0, asked.err
    assert asked.out.count("espionage? [f]lag") == 5
    assert f"[1/6]  {listed[0]['title']}" in asked.out
    assert "2 were looked at, and 1 should not have been" in asked.out
    label(filled, reject=[_golden(listed[2]["url"])])
    report = filled.run("audit", "--report", "--json").json
    assert (report["asked"], report["missed"]) == (3, 1), "a label by any way is an answer"
    assert 0 < report["low"] <= report["share"] < report["high"] < 1
    database = opened(filled)
    stored = Verdicts(database).article(listed[0]["id"])
    database.close()
    assert stored is not None
    assert (stored.verdict.decision, stored.verdict.because) == (Decision.FLAG, Because.LABEL)
    assert stored.verdict.why == "labelled flag by Ada: recall audit"


def _golden(url: str) -> Document:
    return next(each for each in ENGLISH if url_of(each) == url)
