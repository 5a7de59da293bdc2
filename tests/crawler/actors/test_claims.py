from __future__ import annotations

import pytest

from crawler.actors import findings
from crawler.actors.claims import QUOTE_LIMIT
from storage.records import Claim, EntityKind, Hedge
from tests.crawler.actors.stories import STORIES


def _claims(text: str, language: str = "en") -> list[Claim]:
    return list(findings(title="", text=text, language=language).claims)


def _line(claim: Claim) -> str:
    accused = (claim.claimant, claim.accused, claim.accused_entity, claim.hedge)
    return " | ".join(part or "-" for part in (*accused, claim.victim, claim.victim_country, claim.sector))


@pytest.mark.parametrize("language", STORIES)
def test_who_says_whom_did_it_is_read_in_fourteen_languages(language: str) -> None:
    story = STORIES[language]
    found = findings(title=story.title, text=story.text, language=language)
    assert [_line(claim) for claim in found.claims] == story.claims
    named = [
        mention.entity or "/".join(mention.candidates)
        for mention in found.mentions
        if mention.kind is not EntityKind.SECTOR
    ]
    assert list(dict.fromkeys(named)) == story.named


@pytest.mark.parametrize(
    "text",
    [
        "Officials declined to say whether China was behind the breach.",
        "Did Russia hack the power grid?",
        "There is no evidence that Iran was behind the attack on the hospital.",
        "If China was behind the hack, it would be the third this year.",
        "The White House did not blame China for the intrusion.",
        "The US accused China of dumping steel.",
        "China hacked away at its coal tariffs.",
        "The attack on Chinese hackers failed.",
        "The ministry was hacked.",
        "Microsoft patched Windows after the attack.",
    ],
)
def test_a_sentence_that_accuses_nobody_of_hacking_is_no_claim(text: str) -> None:
    assert _claims(text) == []


@pytest.mark.parametrize(
    ("text", "hedge", "words"),
    [
        ("APT28 was behind the hack.", Hedge.STATED, None),
        ("CISA assesses with high confidence that APT28 hacked it.", Hedge.ASSESSED, "assesses with high confidence"),
        ("APT28 is suspected of being behind the hack.", Hedge.SUSPECTED, "suspected"),
        ("Chinese hackers allegedly breached the port.", Hedge.ALLEGED, "allegedly"),
        ("The EU accused China of hacking the port.", Hedge.ALLEGED, "accused"),
        ("China may have hacked the port.", Hedge.SUSPECTED, "may"),
        ("China denied hacking the port.", Hedge.DENIED, "denied"),
    ],
)  # fmt: skip
def test_the_hedge_is_the_claimants_own(text: str, hedge: Hedge, words: str | None) -> None:
    [claim] = _claims(text)
    assert (claim.hedge, claim.hedge_text) == (hedge, words)


def test_the_victim_has_a_country_and_a_sector_only_where_the_sentence_names_them() -> None:
    [claim] = _claims("Russian hackers breached the Polish embassy in Riga.")
    assert (claim.victim, claim.victim_country, claim.sector) == ("Polish embassy in Riga", "PL", "diplomacy")
    [claim] = _claims("Russian hackers breached Example Ltd.")
    assert (claim.victim, claim.victim_country, claim.sector) == ("Example Ltd", None, None)


def test_a_claim_in_a_relative_clause_is_its_speakers_and_the_rest_is_not() -> None:
    claims = _claims("APT41, which Microsoft says is linked to China, breached six US states' governments.")
    assert [(claim.claimant, claim.accused_entity) for claim in claims] == [("Microsoft", "cn"), (None, "apt41")]


def test_an_ambiguous_actor_is_accused_without_an_id() -> None:
    [claim] = _claims("Grizzly Steppe was behind the hack.")
    assert (claim.accused, claim.accused_entity) == ("Grizzly Steppe", "")


def test_a_denial_is_a_claim_of_its_own_and_accuses_nobody_else() -> None:
    [claim] = _claims("Beijing rejected the accusations that it had hacked the embassy.")
    assert (claim.claimant, claim.accused, claim.hedge) == ("Beijing", "China", Hedge.DENIED)


def test_the_title_is_a_sentence_too() -> None:
    [claim] = findings(title="Chinese hackers breach Dutch ministry", text="More follows.", language="en").claims
    assert (claim.start, claim.victim_country) == (0, "NL")


def test_a_quote_is_the_sentence_and_is_cut_at_a_word() -> None:
    text = "Chinese hackers breached the Dutch ministry of agriculture, " + "and then they went on " * 15 + "for ever."
    [claim] = _claims(f"Before. {text} After.")
    whole = f"\nBefore. {text} After."
    assert len(claim.quote) <= QUOTE_LIMIT
    assert whole[claim.start : claim.end].startswith(claim.quote)
    assert whole[claim.start + len(claim.quote)] == " "


def test_an_article_gives_fifty_claims_at_most() -> None:
    assert len(_claims("Chinese hackers breached the Dutch ministry. " * 150)) == 50
