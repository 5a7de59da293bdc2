"""From labels to a candidate, its trial, its promotion, and the way back: through the command line."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from crawler.classify.correction import log_odds
from crawler.classify.model import META, PACKAGED, WEIGHTS, load
from jobs.settings import Settings
from jobs.teaching.judges import judges
from jobs.teaching.promotion import examination, promote, rollback, shadow
from jobs.teaching.shelf import Shelf
from storage.archive import NO_MODEL
from storage.models import Models
from storage.records import Because, Decision
from storage.verdicts import Verdicts
from tests.newsdesk import Desk
from tests.taught import documents, fill, home, opened, taught, url_of
from tests.web import rss, story

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.classify.corpus import Document
    from storage.records import Verdict
    from tests.web import Site

MODEL = load()
ENGLISH = documents()
PLAIN = [each for each in ENGLISH if not each.espionage]


def verdict(document: Document) -> Verdict:
    return MODEL.judge(title=document.title, text=document.text, language="en")


def doubt(document: Document) -> float:
    said = verdict(document)
    return abs(log_odds(said.score or 0.0) - log_odds(said.threshold))


# Labels against whatever the packaged model says, where it is least sure of itself.
SPIES = sorted((each for each in ENGLISH if each.espionage), key=doubt)
FLAGGED = [each for each in SPIES if verdict(each).decision is Decision.FLAG]
UNFLAGGED = [each for each in SPIES if verdict(each).decision is not Decision.FLAG]
COPIES = [  # what other outlets made of the same reports
    replace(each, id=f"{each.id}-copy", text=each.text.rsplit(". ", 1)[0] + ". The ministry gave no comment.")
    for each in SPIES
]


def decisions(desk: Desk) -> dict[str, tuple[Decision, str, Because]]:
    database = opened(desk)
    stored = Verdicts(database).latest(limit=1000)
    database.close()
    return {each.article.url: (each.verdict.decision, each.verdict.model, each.verdict.because) for each in stored}


def configured(desk: Desk, *sites: Site) -> None:
    desk.configure(*sites)
    settings = desk.folder / "spywire.toml"
    settings.write_text(settings.read_text() + "[gate]\nprocesses = 1\n")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = Desk(tmp_path_factory.mktemp("archive") / "home")
    fill(desk, [*SPIES, *PLAIN[:10], *COPIES])
    return desk.folder


@pytest.fixture
def filled(archive: Path, tmp_path: Path) -> Desk:
    desk = Desk(shutil.copytree(archive, tmp_path / "home"))
    configured(desk)
    return desk


def test_the_same_labels_make_the_same_candidate_bit_for_bit(filled: Desk) -> None:
    version = taught(filled, flag=SPIES[:6], reject=PLAIN[:6])
    folder = filled.folder / "models" / version
    kept = {name: (folder / name).read_bytes() for name in (WEIGHTS, META)}
    shutil.rmtree(folder)
    again = filled.run("train", "--from-labels")
    assert again.code == 0, again.err
    listed = filled.run("runs", "list", "--job", "train", "--json").out
    assert listed.count('"labels.flag": 6') == listed.count('"labels.reject": 6') > 0
    assert "learnt from 6 flag and 6 reject labels" in again.out
    assert f"`spywire model promote {version}`" in again.out
    assert kept == {name: (folder / name).read_bytes() for name in kept}
    card = json.loads(kept[META])
    assert card["parent"] == MODEL.version
    assert card["labels"] | {"sha256": ""} == {"flag": 6, "reject": 6, "sha256": ""}
    assert {"golden", "labels", "labels_before", "labels_unseen"} == card["figures"].keys()
    assert {path.name for path in PACKAGED.iterdir()} == {META, WEIGHTS}, "nothing goes into the package"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "--from-labels"], 1, "there are no labels to learn from; give some with `spywire label"),
        (["train"], 2, "train needs --corpus, --dev and --out; or --from-labels alone"),
        (["model", "promote", "../nonesuch"], 2, "there is no model ../nonesuch"),
        (["model", "rollback"], 1, "there is nothing to roll back"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_cure(filled: Desk, arguments: list[str], code: int, message: str) -> None:
    result = filled.run(*arguments)
    assert (result.code, message in result.err) == (code, True), result.err


def test_promotion_shows_the_flips_first_and_reclassifying_lets_them_happen(filled: Desk) -> None:
    version = taught(filled, flag=UNFLAGGED, reject=FLAGGED)
    before = decisions(filled)
    shown = filled.run("model", "promote", version, "--json")
    assert (shown.code, shown.json["promoted"], decisions(filled)) == (1, False, before)
    flips = shown.json["flips"]
    assert flips
    assert {flip["url"] for flip in flips} <= {url_of(copy) for copy in COPIES}
    assert sum(shown.json["counts"].values()) == len(flips)
    done = filled.run("model", "promote", version, "--yes", "--by", "Ada", "--force", "labels of a test")
    assert done.code == 0
    assert f"stored verdicts that would flip: {len(flips)}" in done.out
    assert decisions(filled) == before, "stored verdicts wait to be judged again"
    dry = filled.run("reclassify", "--since", "1d", "--dry-run", "--json")
    assert (dry.code, dry.json["flips"], decisions(filled)) == (0, flips, before)
    assert f"{flips[0]['new']:<6} p={flips[0]['new_score']:.3f}" in filled.run("reclassify", "--since", "1d").out
    after = decisions(filled)
    assert {url for url in after if after[url][0] is not before[url][0]} == {flip["url"] for flip in flips}
    assert {after[url_of(each)][1] for each in SPIES} == {"label"}
    assert {after[url_of(each)][1:] for each in PLAIN[:10]} == {(version, Because.RECLASSIFIED)}


def test_a_worse_candidate_is_refused_unless_a_reason_is_given(filled: Desk) -> None:
    version = taught(filled, reject=SPIES)
    refused = filled.run("model", "promote", version, "--yes")
    assert refused.code == 1
    assert f"{version} is worse in" in refused.out
    assert "recall on the golden set" in refused.out
    assert "Nothing was changed." in refused.out
    forced = filled.run("model", "promote", version, "--yes", "--since", "1m", "--force", "not our beat", "--by", "Ada")
    assert forced.code == 0
    assert "by Ada: not our beat" in filled.run("model", "show").out


def test_rolling_back_leads_through_every_model_there_was(filled: Desk) -> None:
    shelf, database = Shelf(home(filled)), opened(filled)
    versions = [taught(filled, flag=SPIES[:n]) for n in (6, 12)]
    before = PACKAGED
    for version in versions:
        report = examination(database, before, shelf.path(version))
        promote(database, shelf, report, by="Ada", note="", flips=0, at=datetime.now(UTC))
        before = shelf.path(version)
    assert judges(Settings(), home(filled), database).version == versions[1]
    assert filled.run("model", "rollback").out.startswith(f"{versions[0]} is active again")
    assert judges(Settings(), home(filled), database).version == versions[0]
    assert rollback(database, by="Ada", at=datetime.now(UTC)) == MODEL.version
    assert judges(Settings(), home(filled), database).model == PACKAGED
    database.close()


def test_a_model_in_the_settings_wins_and_promotion_says_so(filled: Desk) -> None:
    version = taught(filled, flag=SPIES[:6])
    named = str(PACKAGED)
    done = filled.run("model", "promote", version, "--yes", "--since", "1m", SPYWIRE_GATE__MODEL=named)
    assert done.code == 0, done.err
    assert f"[gate] model in the settings names {PACKAGED}, which goes on judging" in done.err
    listed = filled.run("model", "list", "--json", SPYWIRE_GATE__MODEL=named).json
    assert [each["model"] for each in listed if each["active"]] == [MODEL.version]
    assert f"* {version}" in filled.run("model", "list").out


def test_a_shadow_judges_what_a_crawl_finds_and_decides_nothing(desk: Desk, site: Site) -> None:
    configured(desk, site)
    fill(desk, [*SPIES, *PLAIN[:10]])
    version = taught(desk, flag=UNFLAGGED, reject=FLAGGED)
    database = opened(desk)
    here = judges(Settings(), home(desk), database)
    shadow(database, Shelf(home(desk)), here, version, by="Ada", at=datetime.now(UTC))
    _publish(desk, site, [*COPIES[1:], *PLAIN[:1]])
    assert desk.crawl().code == 0
    told = desk.run("model", "shadow", "--json").json
    assert (told["model"], told["judged"], told["failed"]) == (version, 44, 0)
    assert told["agree"] + sum(told["counts"].values()) == 44
    assert told["differences"]
    assert version not in {model for _, model, _ in decisions(desk).values()}
    (desk.folder / "models" / version / WEIGHTS).write_bytes(b"broken")
    _publish(desk, site, COPIES[:1])
    assert desk.crawl().code == 0, "a broken shadow holds nothing up"
    count, why = Models(database).failures(version)
    database.close()
    assert count == 1
    assert why.startswith("not judged: the model at")


def test_a_broken_active_model_holds_everything_until_it_is_rolled_back(desk: Desk, site: Site) -> None:
    configured(desk, site)
    fill(desk, [*SPIES, *PLAIN[:10]])
    version = taught(desk, flag=SPIES)
    database = opened(desk)
    report = examination(database, PACKAGED, desk.folder / "models" / version)
    promote(database, Shelf(home(desk)), report, by="Ada", note="", flips=0, at=datetime.now(UTC))
    database.close()
    (desk.folder / "models" / version / WEIGHTS).write_bytes(b"broken")
    urls = _publish(desk, site, [COPIES[0], PLAIN[0]])
    crawled = desk.crawl()
    assert crawled.code == 78
    assert "rollback" in crawled.err
    assert {decisions(desk)[url][:2] for url in urls} == {(Decision.HOLD, NO_MODEL)}
    assert desk.run("reclassify", "--since", "1d").code == 78, "and nothing that was judged is held for it"
    assert desk.run("label", urls[0], "flag").code == 0
    assert desk.run("model", "rollback").code == 0
    assert desk.crawl().code == 0
    after = decisions(desk)
    assert after[urls[0]] == (Decision.FLAG, "label", Because.LABEL)
    assert after[urls[1]] == (Decision.REJECT, MODEL.version, Because.REJUDGED)


def _publish(desk: Desk, site: Site, articles: list[Document]) -> list[str]:
    at = datetime.now(UTC) - timedelta(hours=1)
    urls = [site.add(f"/news/{each.id}.html", story(each.title, each.text)) for each in articles]
    feed = rss([(each.title, url, at) for each, url in zip(articles, urls, strict=True)])
    desk.sources(wire=site.add("/feed.xml", feed, Content_Type="application/rss+xml"))
    return urls
