"""Every state is known in every language, and the name of one is not read into that of another, or into a word."""

from __future__ import annotations

from functools import cache

import pytest

from crawler.actors import findings
from crawler.actors.vocabulary import Vocabulary, country_codes, vocabulary
from crawler.classify.cues import LANGUAGES

UNITED_NATIONS = frozenset(
    "AD AE AF AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL CM CN CO"
    " CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FR GA GB GD GE GH GM GN GQ GR GT GW GY HN HR HT HU ID"
    " IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK"
    " ML MM MN MR MT MU MV MW MX MY MZ NA NE NG NI NL NO NP NR NZ OM PA PE PG PH PK PL PT PW PY QA RO RS RU RW SA SB SC"
    " SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ TL TM TN TO TR TT TV TZ UA UG US UY UZ VC VE VN VU WS"
    " YE ZA ZM ZW".split()
)
OTHERS = frozenset(["GL", "HK", "MO", "PS", "TW", "VA", "XK"])
STATES = UNITED_NATIONS | OTHERS


@cache
def named(text: str, language: str) -> list[str]:
    mentions = findings(title="", text=text, language=language).mentions
    return [mention.entity or "/".join(mention.candidates) for mention in mentions]


def words(spoken: Vocabulary) -> list[tuple[str, str]]:
    """Each word that names a state, without its star, and the id it should be read as."""
    tables = (spoken.nouns, spoken.adjectives)
    listed = [(codes, word) for table in tables for codes, spelt in table.items() for word in spelt]
    return [(word.rstrip("*"), codes.lower().replace(" ", "/")) for codes, word in listed]


def test_the_states_are_counted_rightly_and_no_other_code_is_known() -> None:
    assert (len(UNITED_NATIONS), len(STATES)) == (193, 200)
    assert country_codes() == STATES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_is_named_by_a_word_of_every_language(language: str) -> None:
    known = {identity for word, identity in words(vocabulary(language)) if named(f"— {word} —", language) == [identity]}
    assert sorted(STATES - {identity.upper() for identity in known}) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_one_state_is_read_as_another(language: str) -> None:
    spoken = words(vocabulary(language))
    assert [(word, found) for word, identity in spoken if (found := named(f"— {word} —", language)) != [identity]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_that_only_hold_the_name_of_a_state_name_none(language: str) -> None:
    elsewhere = [phrase.rstrip("*") for phrase in vocabulary(language).elsewhere]
    assert [phrase for phrase in elsewhere if named(f"— {phrase} —", language)] == []


@pytest.mark.parametrize(
    ("language", "text", "states"),
    [
        ("en", "Papua New Guinea, Guinea-Bissau and Equatorial Guinea are not Guinea.", "pg gw gq gn"),
        ("en", "Ships left the Gulf of Guinea for New Guinea, and guinea pigs stayed.", ""),
        ("en", "Nigeria and Niger, a Nigerian and a Nigerien, far from the Niger Delta.", "ng ne ng ne"),
        ("en", "Cuba denied it, and St. Lucia agreed.", "cu lc"),
        ("es", "EE. UU. culpa a China.", "us cn"),
        ("en", "It hit banks in the UK. Electoral officials were told.", "gb"),
        ("en", "The Dominican Republic and Dominica; a Dominican may be of either.", "do dm dm/do"),
        ("en", "The Democratic Republic of the Congo, the Republic of the Congo, the Congo.", "cd cg cd/cg"),
        ("en", "South Sudan and Sudan, South Sudanese and Sudanese.", "ss sd ss sd"),
        ("en", "Chad and Jordan of Georgia asked Lisa Monaco, and Monaco said no.", ""),
        ("en", "Chadian and Jordanian officers met in Luxembourg, then in Malta and Cyprus.", "td jo lu mt cy"),
        ("de", "Papua-Neuguinea, Äquatorialguinea, Guinea-Bissau und Guinea", "pg gq gw gn"),
        ("de", "Die Rosa-Luxemburg-Stiftung in Luxemburg, die Malteser auf Malta", "lu mt"),
        ("de", "Luxemburgs und Maltas Behörden, luxemburgische und maltesische", "lu mt lu mt"),
        ("de", "Im Tschad und in Nordirland, auf Long Island und Island", "td gb is"),
        ("fr", "Dominique vit à la Dominique, Maurice à l'île Maurice, en République dominicaine", "dm mu do"),
        ("fr", "Une grenade à la Grenade ; le jardin du Luxembourg, puis le Luxembourg", "gd lu"),
        ("fr", "La Guinée équatoriale, la Papouasie-Nouvelle-Guinée, la Guinée", "gq pg gn"),
        ("fr", "Un nigérien et un nigérian, l'Irlande du Nord et la Nouvelle-Écosse", "ne ng gb"),
        ("es", "Guinea Ecuatorial, Papúa Nueva Guinea, Guinea y Nueva Guinea", "gq pg gn"),
        ("es", "Granada y Mauricio; un nigerino y un nigeriano; el golfo de México", "ne ng"),
        ("it", "La conferenza di Monaco di Baviera e un monaco; il Principato di Monaco", "mc"),
        ("it", "Papua Nuova Guinea, Guinea Equatoriale, Guinea", "pg gq gn"),
        ("it", "Albanese, Greco, Monaco e Giordano sono cognomi; i greci e gli albanesi no", "gr al"),
        ("nl", "Zuid-Soedan en Soedan, Noord-Ierland en Ierland", "ss sd gb ie"),
        ("nl", "In de provincie Luxemburg, in Luxemburg en op Malta", "lu mt"),
        ("pt", "Guiné-Bissau, Guiné Equatorial, Papua-Nova Guiné e Guiné", "gw gq pg gn"),
        ("pt", "Comeu camarões nos Camarões; o peru do Peru", "cm pe"),
        ("pl", "W Luksemburgu, na Malcie i na Cyprze", "lu mt cy"),
        ("pl", "Kuba i Dominika jedzą. Mali i średni przedsiębiorcy mają katar. Róża Luksemburg czyta.", ""),
        ("pl", "Nigeria i Niger, Gwinea Równikowa, Gwinea Bissau i Gwinea", "ng ne gq gw gn"),
        ("ru", "В Люксембурге, на Мальте и на Кипре", "lu mt cy"),
        ("ru", "Того, кто читал Розу Люксембург, зовут Доминика.", ""),
        ("ru", "Папуа — Новая Гвинея, Экваториальная Гвинея, Гвинея-Бисау, Гвинея", "pg gq gw gn"),
        ("ru", "Финский залив и Брест-Литовский; финский и литовский", "fi lt"),
        ("uk", "У Люксембурзі, на Мальті та на Кіпрі", "lu mt cy"),
        ("uk", "Малі підприємства чекали. Того дня йшов дощ.", ""),
        ("zh", "赤道几内亚、几内亚比绍、巴布亚新几内亚和几内亚", "gq gw pg gn"),
        ("zh", "尼日利亚与尼日尔，印度尼西亚与印度，多米尼加", "ng ne id in do"),
        ("zh", "沿海地区的理查德发现一波黑客在云南非法增加纳税，并巧智利用马里兰的黑山羊", ""),
        ("zh", "盧森堡、馬爾他、賽普勒斯、奈及利亞與尼日", "lu mt cy ng ne"),
        ("ja", "南スーダンとスーダン、赤道ギニアとギニア、北アイルランドとアイルランド", "ss sd gq gn gb ie"),
        ("ja", "ルクセンブルクとマルタ騎士団、マルタ", "lu mt"),
        ("ko", "룩셈부르크와 몰타는 적도기니, 기니비사우, 기니의", "lu mt gq gw gn"),
        ("ko", "그리스도의 카타르시스란 무엇인가. 이런 수단은 오만하다. 콩고기와 아이티 업체", ""),
        ("ar", "لوكسمبورغ في مالطا، جنوب السودان والسودان", "lu mt ss sd"),
        ("ar", "هذا أو ذاك في بالاو", ""),
        ("ar", "اليد اليمنى والموارد المالية ومجرى الأحداث في عمان", ""),
    ],
)
def test_the_longer_name_wins_and_an_ordinary_word_is_no_state(language: str, text: str, states: str) -> None:
    assert named(text, language) == states.split()
