from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest

from crawler.classify.cues import AGAINST, FOR, GROUPS, LANGUAGES, function_words, lexicon
from crawler.classify.gazetteer import Kind, build, everyday_names, everyday_words, gazetteer, write
from crawler.classify.reading import read
from crawler.classify.tokens import tokens
from tests.crawler.classify.stories import ESPIONAGE, NEAR_MISSES, Story

if TYPE_CHECKING:
    from pathlib import Path

GALAXY = """
[[threat-actor]]
value = "Marsh Heron"
description = "A state-sponsored group."
meta = { country = "CN", synonyms = ["Reedfisher", "Storm-0001", "Mud"] }

[[threat-actor]]
value = "PENNY SPIDER"
description = "A ransomware crew."

[[threat-actor]]
value = "[Unnamed group]"

[[mitre-intrusion-set]]
value = "Reedfisher - G9999"
description = "A cyber espionage group."

[[mitre-malware]]
value = "DRIZZLE"
meta = { synonyms = ["raindoor"] }
"""


def _found(text: str, language: str = "en") -> set[tuple[str, str]]:
    words = tokens(text)
    return {(" ".join(words[at : at + size]), str(GROUPS[group])) for at, size, group in lexicon(language).hits(words)}


def test_words_open_words_and_phrases_are_found() -> None:
    found = _found("Chinese hackers, state-sponsored, broke into the embassy")
    assert {
        ("hackers", "intrusion"),
        ("state sponsored", "state"),
        ("broke into", "intrusion"),
        ("embassy", "victim"),
    } <= found


def test_an_open_word_is_a_prefix_and_a_closed_one_is_not() -> None:
    assert ("cyberattacks", "intrusion") in _found("cyberattacks")
    assert ("chinaware", "sponsor") not in _found("chinaware")


def test_a_phrase_does_not_match_beyond_the_end() -> None:
    assert ("broke", "intrusion") not in _found("broke")


def test_names_are_found_with_their_country() -> None:
    assert ("apt41", "actor") in _found("blamed on APT41")
    assert gazetteer()[("apt41",)].country == "CN"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("The implant belongs to a subcluster of Lazarus.", True),
        ("We link the wave to Patchwork, an actor that several vendors know.", True),
        ("Machete steals documents by means of a backdoor.", True),
        ("Snake is attributed to the FSB.", True),
        ("Lazarus rose from the dead.", False),
        ("A patchwork of laws governs the use of a machete.", False),
        ("The minister was accused of ignoring a patchwork of rules.", False),
    ],
)
def test_a_name_that_is_a_word_counts_where_its_sentence_speaks_of_hackers(text: str, *, meant: bool) -> None:
    (segment,) = read("", text, common=frozenset(), language="en").body
    assert ("actor" in {GROUPS[group] for _, _, group in segment.hits}) is meant
    assert bool(segment.mask & 1 << GROUPS.index("actor")) is meant


def test_everyday_names_are_no_packaged_names() -> None:
    assert everyday_names().keys().isdisjoint(gazetteer())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_lexicon_has_every_group_and_common_words(language: str) -> None:
    assert function_words(language)
    assert lexicon(language).hits([]) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_knows_the_words_of_its_own_stories(language: str) -> None:
    story, miss = ESPIONAGE[language], NEAR_MISSES[language]
    assert {"intrusion", "state", "espionage", "sponsor", "victim", "attribution", "fallout"} <= _groups(
        story, language
    )
    assert "crime" in _groups(miss, language)
    assert "state" not in _groups(miss, language)


def test_for_and_against_are_all_written_groups() -> None:
    assert {*FOR, *AGAINST} | {str(kind) for kind in Kind} == {str(group) for group in GROUPS}


def test_names_are_built_from_galaxy_clusters(tmp_path: Path) -> None:
    galaxy = tomllib.loads(GALAXY) | {"tool": []}
    for file, values in galaxy.items():
        (tmp_path / f"{file}.json").write_text(json.dumps({"values": values}), encoding="utf-8")
    press = ["A drizzle at dawn.", "Drizzle again", "More drizzle is on its way", "The heron came back"]
    built = build(tmp_path, everyday=everyday_words(press).__contains__)
    assert [(name.name, name.kind, name.country) for name in built] == [
        ("Marsh Heron", Kind.ACTOR, "CN"),
        ("PENNY SPIDER", Kind.CRIMINAL, ""),
        ("raindoor", Kind.MALWARE, ""),
        ("Reedfisher", Kind.ACTOR, "CN"),
    ]
    write(built, tmp_path / "names.tsv")
    assert "Reedfisher\tactor\tCN\tmisp-threat-actor\n" in (tmp_path / "names.tsv").read_text(encoding="utf-8")


def _groups(story: Story, language: str) -> set[str]:
    return {group for _, group in _found(f"{story.title}. {story.text}", language)}
