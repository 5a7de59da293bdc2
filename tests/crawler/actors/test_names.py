from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from crawler.actors.build import KNOWN, build
from crawler.actors.names import PACKAGED, Trust, entities, names, resolve, write
from storage.records import EntityKind

if TYPE_CHECKING:
    from pathlib import Path


def _galaxy(folder: Path, **clusters: list[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name in ("threat-actor", "mitre-intrusion-set", "mitre-malware", "tool"):
        values = clusters.get(name.replace("-", "_"), [])
        (folder / f"{name}.json").write_text(json.dumps({"values": values}), encoding="utf-8")
    return folder


def _spellings(folder: Path, known: str = "", **clusters: list[dict[str, Any]]) -> dict[str, set[str]]:
    by_hand = folder / "known.toml"
    by_hand.write_text(known, encoding="utf-8")
    found: dict[str, set[str]] = {}
    for name in build(_galaxy(folder, **clusters), by_hand):
        found.setdefault(name.entity.id, set()).add(name.written)
    return found


def test_the_packaged_table_is_sorted_and_each_id_is_one_entity() -> None:
    rows = [line for line in PACKAGED.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert rows == sorted(rows)
    assert len({name.entity for name in names()}) == len(entities())


def test_every_name_kept_by_hand_is_in_the_packaged_table() -> None:
    written = {name.written for name in names() if name.source == "own"}
    for table in tomllib.loads(KNOWN.read_text(encoding="utf-8")).values():
        for identity, fields in table.items():
            assert identity in entities(), f"{identity}: run python -m crawler.actors.build"
            assert written >= {name for key in ("names", "article", "near") for name in fields.get(key, ())}


def test_a_synonym_that_two_actors_share_belongs_to_both(tmp_path: Path) -> None:
    found = _spellings(
        tmp_path,
        threat_actor=[
            {"value": "Grey Otter", "meta": {"synonyms": ["Quartzmoth"]}},
            {"value": "Blue Otter", "meta": {"synonyms": ["Quartzmoth"]}},
        ],
    )
    assert found == {"grey-otter": {"Grey Otter", "Quartzmoth"}, "blue-otter": {"Blue Otter", "Quartzmoth"}}


def test_a_main_name_is_nobodys_synonym(tmp_path: Path) -> None:
    found = _spellings(
        tmp_path,
        threat_actor=[{"value": "Grey Otter"}, {"value": "Blue Otter", "meta": {"synonyms": ["GREY OTTER", "Bluish"]}}],
    )
    assert found["blue-otter"] == {"Blue Otter", "Bluish"}


def test_attack_joins_misp_by_name_or_by_two_synonyms_and_not_by_one(tmp_path: Path) -> None:
    found = _spellings(
        tmp_path,
        threat_actor=[{"value": "Grey Otter", "meta": {"synonyms": ["Quartzmoth", "Feldspar"], "country": "NO"}}],
        mitre_intrusion_set=[
            {"value": "Grey Otter - G9001", "meta": {"synonyms": ["Gabbro"]}},
            {"value": "Otter Crew - G9002", "meta": {"synonyms": ["Quartzmoth", "Feldspar"]}},
            {"value": "Heron - G9003", "meta": {"synonyms": ["Feldspar", "G9003"]}},
        ],
    )
    assert found == {
        "grey-otter": {"Grey Otter", "Quartzmoth", "Feldspar", "Gabbro", "Otter Crew"},
        "heron": {"Heron", "Feldspar"},
    }


def test_a_group_is_also_known_without_the_word(tmp_path: Path) -> None:
    assert _spellings(tmp_path, threat_actor=[{"value": "Quartzmoth Group"}]) == {
        "quartzmoth-group": {"Quartzmoth", "Quartzmoth Group"}
    }


def test_what_is_kept_by_hand_wins_and_adds(tmp_path: Path) -> None:
    known = (
        '[company]\nmoth = { name = "Moth Ltd", names = ["Quartzmoth"] }\n'
        '[actor]\notter = { of = "grey-otter", name = "Otter", names = ["Loutre"] }\n'
    )
    found = _spellings(tmp_path, known, threat_actor=[{"value": "Grey Otter", "meta": {"synonyms": ["Quartzmoth"]}}])
    assert found == {"moth": {"Quartzmoth"}, "otter": {"Grey Otter", "Loutre"}}


def test_an_unknown_id_of_the_galaxy_is_named_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="otter is no id of the galaxy: give its id in `of`"):
        _spellings(tmp_path, '[actor]\notter = { names = ["Loutre"] }\n')


def test_everyday_words_need_company_and_coined_ones_do_not(tmp_path: Path) -> None:
    galaxy = _galaxy(
        tmp_path,
        threat_actor=[{"value": "Silence"}, {"value": "Quartzmoth"}, {"value": "Dull Thud"}, {"value": "UNC777"}],
    )
    (tmp_path / "known.toml").write_text("", encoding="utf-8")
    trust = {name.written: name.trust for name in build(galaxy, tmp_path / "known.toml")}
    assert trust == {
        "Silence": Trust.NEAR, "Quartzmoth": Trust.FREE, "Dull Thud": Trust.ARTICLE, "UNC777": Trust.FREE
    }  # fmt: skip


def test_the_same_clusters_give_the_same_bytes(tmp_path: Path) -> None:
    galaxy = _galaxy(tmp_path, threat_actor=[{"value": "Grey Otter", "meta": {"synonyms": ["Quartzmoth", "Feldspar"]}}])
    (tmp_path / "known.toml").write_text("", encoding="utf-8")
    for out in ("first.tsv", "second.tsv"):
        write(build(galaxy, tmp_path / "known.toml"), tmp_path / out)
    assert (tmp_path / "first.tsv").read_bytes() == (tmp_path / "second.tsv").read_bytes()
    assert [name.written for name in names(tmp_path / "first.tsv")] == ["Feldspar", "Grey Otter", "Quartzmoth"]


def test_the_packaged_table_is_what_the_shared_galaxy_gives(shared: Path, tmp_path: Path) -> None:
    write(build(shared / "galaxy"), tmp_path / "names.tsv")
    assert (tmp_path / "names.tsv").read_bytes() == PACKAGED.read_bytes()


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("APT 41", {"apt41"}),
        ("wicked panda", {"apt41"}),
        ("i-Soon", {"i-soon"}),
        ("Winnti", {"apt41", "winnti-group", "winnti"}),
        ("salt-typhoon", {"salt-typhoon"}),
        ("Nobody in particular", set()),
    ],
)
def test_a_name_is_resolved_to_all_it_may_stand_for(name: str, ids: set[str]) -> None:
    assert resolve(name) == ids


def test_actors_carry_the_country_that_is_said_to_stand_behind_them() -> None:
    assert entities()["apt41"].country == "CN"
    assert entities()["sandworm"].country == "RU"
    assert entities()["gru-74455"].kind is EntityKind.AGENCY
