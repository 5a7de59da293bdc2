from __future__ import annotations

import pytest

from crawler.actors import findings
from crawler.actors.recognise import READ
from crawler.actors.spots import MOST
from storage.records import EntityKind, Mention, Role


def _named(text: str, language: str | None = "en") -> list[Mention]:
    return list(findings(title="", text=text, language=language).mentions)


def _ids(text: str, language: str | None = "en") -> list[str]:
    return [mention.entity or "/".join(mention.candidates) for mention in _named(text, language)]


@pytest.mark.parametrize("written", ["APT41", "APT 41", "APT-41", "APT‑41", "apt group 41", "Apt 41"])
def test_a_number_is_an_actor_however_it_is_joined(written: str) -> None:
    text = written.replace("apt", "APT").replace("Apt", "APT")
    [mention] = _named(f"Researchers spoke of {text} again.")
    assert (mention.entity, mention.name, mention.text) == ("apt41", "APT41", text)


@pytest.mark.parametrize(
    ("written", "identity"),
    [
        ("Storm-0558", "storm-0558"),
        ("UNC2452", "unc2452"),
        ("UNC987654", "unc98765"),
        ("UAC-0050", "uac-0050"),
        ("TA-416", "mustang-panda"),
        ("DEV-0537", "lapsus"),
        ("Storm-9999", "storm-9999"),
        ("APT-C-99", "apt-c-99"),
        ("CL-STA-9044", "cl-sta-9044"),
        ("PLA Unit 61398", "pla-unit-61398"),
        ("Unit 74455", "gru-74455"),
        ("Unit 99887", "unit-99887"),
    ],
)
def test_numbered_groups_and_units_are_found_known_or_not(written: str, identity: str) -> None:
    if identity == "unc98765":
        assert _ids(f"They saw {written} there.") == []  # six digits are no group
    else:
        assert _ids(f"They saw {written} there.") == [identity]


@pytest.mark.parametrize(
    "text",
    [
        "Lazarus rose from the dead, the preacher said.",
        "The museum shows a patchwork and a machete from Peru's past.",
        "There was Silence in the hall after the hackers had been sentenced.",
        "Download it from Google Play, where the malware group hid it.",
        "She cut the cane with a Machete.",
        "Turkey is served with cranberries",
    ],
)
def test_a_dictionary_word_is_no_actor_by_itself(text: str) -> None:
    assert not [mention for mention in _named(text) if mention.kind in {EntityKind.ACTOR, EntityKind.MALWARE}]


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("The Lazarus hackers came back.", "lazarus-group"),
        ("A group known as Machete read the army's mail.", "el-machete"),
        ("Patchwork, a hacking group, wrote to diplomats.", "patchwork"),
        ("The Silence gang emptied cash machines.", "silence-group"),
        ("APT38 is one name. Lazarus is another.", "lazarus-group"),
    ],
)
def test_a_dictionary_word_is_an_actor_where_its_company_says_so(text: str, identity: str) -> None:
    assert identity in _ids(text)


def test_once_a_word_is_an_actor_it_is_one_in_the_whole_article() -> None:
    assert _ids("The Lazarus group is patient. Months passed. Lazarus waited.") == ["lazarus-group"] * 2


def test_words_that_go_together_by_chance_need_an_article_about_hacking() -> None:
    assert _ids("A Blue Mockingbird sang at dawn.") == []
    assert _ids("The malware mined coins. Blue Mockingbird had left it there.") == ["blue-mockingbird"]


def test_an_ambiguous_name_stays_a_set() -> None:
    [mention] = [each for each in _named("Hackers of NCSC fame met.") if each.text == "NCSC"]
    assert mention.entity == ""
    assert mention.name == "NCSC"
    assert {"ncsc-uk", "ncsc-nl", "ncsc-ch"} <= set(mention.candidates)
    [grizzly] = _named("It is called Grizzly Steppe, and malware belongs to it.")
    assert grizzly.candidates == ("apt28", "apt29")


@pytest.mark.parametrize(
    ("text", "written", "identity"),
    [
        ("The UK's NCSC spoke of hackers.", "NCSC", "ncsc-uk"),
        ("The Winnti malware was in the build server.", "Winnti", "winnti"),
        ("APT28 is also called Grizzly Steppe.", "Grizzly Steppe", "apt28"),
    ],
)
def test_a_name_is_told_apart_only_where_the_text_says_which(text: str, written: str, identity: str) -> None:
    [mention] = [each for each in _named(text) if each.text == written]
    assert mention.entity == identity


def test_what_was_told_apart_once_is_told_apart_in_the_whole_article() -> None:
    assert _ids("Hackers met. The UK's National Cyber Security Centre (NCSC) spoke. NCSC was brief.") == [
        "gb", "ncsc-uk", "ncsc-uk", "ncsc-uk"
    ]  # fmt: skip


def test_korea_may_be_either() -> None:
    [mention] = _named("Hackers met in Korea.")
    assert (mention.kind, mention.candidates) == (EntityKind.STATE, ("kp", "kr"))


def test_an_office_of_another_country_is_not_taken_for_the_known_one() -> None:
    assert _ids("The Philippine Department of Justice met hackers.") == ["ph"]
    assert _ids("The US Department of Justice met hackers.") == ["us", "us-justice"]


def test_phrases_that_only_hold_a_name_are_passed_over() -> None:
    assert _ids("Ships met in the South China Sea off New Mexico's Indian Ocean bank of Washington State.") == []
    assert _ids("The South China Morning Post asked.") == ["scmp"]


def test_a_name_does_not_run_over_a_stop_or_a_line() -> None:
    assert _ids("He feared the fancy. Bear in mind: hackers.\nPresident\nObama") == ["obama"]


def test_initials_keep_their_stops() -> None:
    assert [mention.text for mention in _named("The U.S. and the U.K. met. Nobody from the U.S.")] == [
        "U.S.",
        "U.K.",
        "U.S.",
    ]


@pytest.mark.parametrize(
    ("text", "language", "ids"),
    [
        ("海莲花组织与蔓灵花", "zh", ["apt32", "bitter"]),
        ("卡巴斯基和奇安信都发现了APT-C-35。", "zh", ["kaspersky", "qianxin", "donot-team"]),
        ("라자루스와 김수키가 있었다", "ko", ["lazarus-group", "kimsuky"]),
        ("«Лаборатория Касперского» нашла Turla у ФСБ, хакеры молчат.", "ru", ["kaspersky", "turla", "fsb"]),
        ("ロシアの警察庁とマイクロソフト", "ja", ["ru", "npa-jp", "microsoft"]),
        ("الموساد والحرس الثوري في روسيا", "ar", ["mossad", "irgc", "ru"]),
        ("Die USA und der Verfassungsschutz", "de", ["us", "bfv"]),
        ("Huawei und ZTE", None, ["huawei", "zte"]),
        ("Huawei a ZTE", "cs", ["huawei", "zte"]),
    ],
)
def test_names_are_found_in_every_script(text: str, language: str | None, ids: list[str]) -> None:
    assert _ids(text, language) == ids


def test_particles_are_no_part_of_a_korean_name() -> None:
    assert [mention.text for mention in _named("라자루스가 북한에서", "ko")] == ["라자루스", "북한"]


def test_sectors_are_named_where_the_sentence_is_about_hacking() -> None:
    text = "China's hackers looked at the energy, water and pharmaceutical sectors. Water is wet in China."
    assert [m.entity for m in _named(text) if m.kind is EntityKind.SECTOR] == ["energy", "water", "pharmaceuticals"]


def test_roles_are_what_the_sentence_says() -> None:
    text = "Mandiant said Chinese hackers breached the Norwegian parliament. China and Norway trade fish."
    roles = [(mention.text, mention.role) for mention in _named(text)]
    assert roles == [
        ("Mandiant", Role.SOURCE),
        ("Chinese", Role.ATTACKER),
        ("Norwegian", Role.VICTIM),
        ("parliament", Role.VICTIM),
        ("China", Role.NAMED),
        ("Norway", Role.NAMED),
    ]


def test_an_article_gives_two_hundred_names_at_most() -> None:
    assert len(_named("China met Russia. " * 500)) == MOST


def test_what_comes_after_the_limit_is_not_read() -> None:
    filler = "word " * (READ // 5)
    assert _ids(filler + " APT41") == []
    assert findings(title=filler, text="APT41", language="en").mentions == ()


def test_nothing_is_found_in_nothing() -> None:
    for text in ("", " ", "\x00\ufffd" * 99, "a" * 100_000, "." * 100_000, "UNC" * 100_000):
        assert findings(title="", text=text, language="en") == findings(title="", text="", language=None)
