"""Both founding articles, read by a person: what one underlines, and nothing else. Skipped without the shared texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crawler.actors import findings
from storage.records import EntityKind, Findings

if TYPE_CHECKING:
    from pathlib import Path

_OP_ED = "000_df24b219949d575f.txt"
_SPUN = "003_9cfda221662d53c0.txt"


def _read(shared: Path, name: str) -> Findings:
    title, _, text = (shared / "seeds" / name).read_text(encoding="utf-8").partition("\n")
    return findings(title=title, text=text, language="en")


def _ids(found: Findings, *kinds: EntityKind) -> set[str]:
    return {mention.entity for mention in found.mentions if mention.kind in kinds}


def test_the_op_ed_names_these_actors_companies_and_offices_and_no_others(shared: Path) -> None:
    found = _read(shared, _OP_ED)
    assert _ids(found, EntityKind.ACTOR) == {"storm-0558", "apt41", "apt40"}
    assert _ids(found, EntityKind.MALWARE, EntityKind.PERSON) == set()
    assert _ids(found, EntityKind.COMPANY) == {
        "microsoft", "google", "huawei", "xiaomi", "apple", "i-soon", "zte", "tiktok"
    }  # fmt: skip
    assert _ids(found, EntityKind.AGENCY) == {
        "us-dhs", "us-state-department", "us-energy", "los-alamos", "five-eyes", "united-front"
    }  # fmt: skip
    assert _ids(found, EntityKind.STATE) == {"cn", "in", "us", "gb", "nz", "nl", "ca", "au"}
    assert _ids(found, EntityKind.SECTOR) >= {"energy", "manufacturing", "pharmaceuticals", "telecoms", "defence"}


def test_the_spun_page_names_these(shared: Path) -> None:
    found = _read(shared, _SPUN)
    assert _ids(found, EntityKind.ACTOR, EntityKind.MALWARE) == set()
    assert _ids(found, EntityKind.COMPANY) == {
        "microsoft", "mandiant", "new-york-times", "ibm", "inspur", "apple", "huawei", "solarwinds"
    }  # fmt: skip
    assert _ids(found, EntityKind.AGENCY) == {"nsa", "pla", "us-dhs", "us-congress", "us-white-house"}
    assert _ids(found, EntityKind.ORGANISATION) == {"nato", "wto", "eu", "un"}
    assert _ids(found, EntityKind.PERSON) == {"obama", "xi-jinping", "snowden", "liu-pengyu", "biden", "jen-psaki"}


@pytest.mark.parametrize(
    ("seed", "accused"),
    [(_OP_ED, ["storm-0558", "cn", "apt41", "cn"]), (_SPUN, ["pla", "cn", "nsa"])],
)
def test_their_claims_accuse_these(shared: Path, seed: str, accused: list[str]) -> None:
    assert [claim.accused_entity for claim in _read(shared, seed).claims] == accused
