"""What a profile asks for: by any name, in any language, from any tag; and the mistakes it can hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from pydantic import ValidationError

from crawler.actors import findings
from crawler.language import _WRITTEN_AS
from crawler.sources import Source
from jobs.digest.card import card_line
from jobs.digest.compose import Around, Team, compose
from jobs.digest.counts import Before, count
from jobs.digest.edition import Count, Day, Edition, Fault, Standing
from jobs.digest.named import Named, named
from jobs.digest.plain import web_url
from jobs.digest.profiles import addresses, only_profile, team
from jobs.digest.wanted import LANGUAGES, MEANT, Wanted, wanted
from jobs.exits import ConfigError, UsageError
from jobs.settings import Channel, Mail, Profile, Settings
from storage.records import Address, Alarm, AlarmKind, Change, Decision, StoredArticle, StoryChange
from tests.jobs.digest_day import COMPOSED, SINCE, UNTIL, activity, flagged, held, stored, stories

SOURCES = (
    Source(name="wire", url="https://wire.example/", tags=("agency", "first")),
    Source(name="blog", url="https://blog.example/", tags=("labs",)),
)


def profile(**known: object) -> Profile:
    return Profile.model_validate(known)


def asked(**known: object) -> Wanted:
    return wanted(profile(**known), "cert", SOURCES)


def report(number: int, text: str, *, title: str = "", score: float = 0.9, **known: object) -> StoredArticle:
    found = findings(title=title, text=text, language=str(known.get("language", "en")))
    return replace(stored(number, title=title, text=text, score=score, **known), findings=found)


MINISTRY = report(
    1,
    "Microsoft said the Russian group APT29 breached the Norwegian foreign ministry.",
    title="Mail read",
    source="wire",
)
POWER = report(
    2, "The Chinese group Volt Typhoon hacked energy companies in Germany, the BSI said.", title="Grid", source="blog"
)
SPYWARE = report(
    3, "Spyware was found on the phones of editors.", title="Phones", score=0.5, source="blog", language="de"
)


def edition(*articles: StoredArticle, around: Around | None = None, **known: Any) -> Edition:
    return compose(
        articles,
        [],
        activity(failing=0),
        model="m-1",
        at=COMPOSED,
        team=Team(profile="cert", wanted=asked(**known)),
        around=around,
    )


def ids(of: Edition) -> list[str]:
    return [item.id for item in of.flagged.items]


@pytest.mark.parametrize(
    ("asks", "found"),
    [
        ({}, ["A-2", "A-1", "A-3"]),
        ({"actors": ["Cozy Bear"]}, ["A-1"]),  # another name of APT29
        ({"actors": ["cozy-bear", "VANGUARD PANDA"]}, ["A-2", "A-1"]),
        ({"countries": ["de"]}, ["A-2"]),
        ({"countries": ["NO", "SE"]}, ["A-1"]),
        ({"countries": ["LU", "mt", "WS"]}, []),  # every state can be asked for
        ({"sectors": ["energy"]}, ["A-2"]),
        ({"languages": ["DE"]}, ["A-3"]),
        ({"tags": ["agency"]}, ["A-1"]),
        ({"threshold": 0.6}, ["A-2", "A-1"]),
        ({"threshold": 0.6, "tags": ["labs"]}, ["A-2"]),
    ],
)
def test_a_profile_gets_what_it_asks_for_and_the_rest_is_counted(asks: dict[str, Any], found: list[str]) -> None:
    whole = edition(MINISTRY, POWER, SPYWARE, **asks)
    assert ids(whole) == found
    assert whole.left_out == 3 - len(found)


def test_the_threshold_is_no_reason_to_hide_what_a_person_must_decide() -> None:
    doubtful = replace(SPYWARE, verdict=replace(SPYWARE.verdict, decision=Decision.HOLD))
    whole = compose(
        [], [doubtful], activity(), model="m", at=COMPOSED, team=Team(profile="x", wanted=asked(threshold=0.8))
    )
    assert whole.held.stories == 1


def test_a_day_with_nothing_for_a_profile_says_so() -> None:
    whole = edition(MINISTRY, countries=["JP"])
    assert whole.coverage.day is Day.QUIET
    assert "Nothing for this profile." in whole.coverage.words


@pytest.mark.parametrize(
    ("asks", "says"),
    [
        ({"actors": ["Nobody In Particular"]}, r"\[profile.cert\] actors: no actor is known as 'Nobody In Particular'"),
        ({"actors": ["Volt Tyfoon"]}, r"no actor is known as 'Volt Tyfoon'; did you mean Volt Typhoon"),
        (
            {"countries": ["DE", "aq"]},
            r"\[profile.cert\] countries: AQ is in no word list, so .*; there are AD, ",
        ),
        ({"sectors": ["bakeries"]}, r"\[profile.cert\] sectors: there is no 'bakeries'; there are aerospace, .*energy"),
        (
            {"tags": ["labs", "lab"]},
            r"\[profile.cert\] tags: no source has the tag 'lab'; there are agency, first, labs",
        ),
        ({"languages": ["ja", "JP"]}, r"\[profile.cert\] languages: .* to be in 'jp'; did you mean ja\?"),
        ({"languages": ["deu"]}, r"languages: no article is ever found to be in 'deu'; did you mean de\?"),
        ({"languages": ["xx"]}, r"languages: no article is ever found to be in 'xx'; there are af, am, .*, en, .*, zu"),
    ],
)
def test_what_nothing_can_fulfil_is_a_mistake(asks: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        asked(**asks)


def test_every_language_that_an_article_can_be_in_can_be_asked_for() -> None:
    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    found = (_WRITTEN_AS.get(label, label) for label in model.labels)
    assert {code for code in found if len(code) == len("en")} == LANGUAGES
    assert asked(languages=sorted(LANGUAGES)).languages == LANGUAGES


def test_what_is_meant_by_a_code_is_a_language() -> None:
    assert set(MEANT.values()) <= LANGUAGES
    assert LANGUAGES.isdisjoint(MEANT)


@pytest.mark.parametrize(
    "mistake",
    [
        {"countries": ["Germany"]},
        {"countries": ["UK"]},
        {"languages": ["english"]},
        {"languages": ["en-US"]},
        {"at": 7},
        {"at": "7 o'clock"},
        {"at": "07:00Z"},
        {"weekdays": []},
        {"zone": "Nowhere/X"},
    ],
)
def test_a_profile_that_cannot_be_meant_is_refused(mistake: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        profile(**mistake)


def test_who_gets_it_over_what_each_once() -> None:
    settings = Settings(
        mail=Mail(host="mx.example"),
        channel={"shelf": Channel()},
        profile={"cert": profile(to=["a@b.example", "a@b.example"], channels=["shelf"])},
    )
    assert addresses(settings, "cert") == (Address(channel="mail", recipient="a@b.example"), Address(channel="shelf"))


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ({"channels": ["wiki"]}, r"there is no \[channel.wiki\]; there is none"),
        ({"to": ["a@b.example"]}, r"set \[mail\]"),
    ],
)
def test_an_address_without_a_way_to_it_is_a_mistake(known: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        addresses(Settings(profile={"cert": profile(**known)}), "cert")


def test_the_profile_is_named_unless_there_is_only_one() -> None:
    one = Settings(profile={"cert": profile()})
    assert only_profile(one, None) == "cert"
    with pytest.raises(UsageError, match="there is no profile soc; there are cert"):
        only_profile(one, "soc")
    with pytest.raises(UsageError, match="Name one with --profile: cert, soc"):
        only_profile(Settings(profile={"cert": profile(), "soc": profile()}), None)


def test_a_profile_has_its_own_title_and_room() -> None:
    settings = Settings(profile={"cert": profile(title="CERT", max_stories=7, tlp="AMBER", excerpt=90)})
    made = team(settings, "cert", SOURCES)
    assert (made.title, made.most_items, made.tlp, made.excerpt) == ("CERT", 7, "AMBER", 90)
    assert team(Settings(profile={"x": profile()}), "x", ()).title == "Espionage watch"


def test_actors_victims_and_who_says_so() -> None:
    (item,) = edition(MINISTRY).flagged.items
    assert item.actors == ("APT29",)
    assert item.victims == ("Norwegian foreign ministry (NO)",)
    (said,) = item.attributions
    assert (said.claimant, said.accused, said.hedge, said.outlet) == ("Microsoft", "APT29", "stated", "wire")


def test_a_denial_is_told_and_accuses_nobody() -> None:
    denied = report(4, "Russia denied hacking the Norwegian parliament.", title="Moscow says no")
    (item,) = edition(denied).flagged.items
    assert item.actors == ()
    assert [said.hedge for said in item.attributions] == ["denied"]


def test_one_claimant_is_told_once_with_the_surest_word() -> None:
    twice = report(
        5,
        "Microsoft suspects that APT29 hacked the ministry. Microsoft said APT29 breached the ministry.",
        title="Twice",
    )
    (item,) = edition(twice).flagged.items
    assert [said.hedge for said in item.attributions if said.claimant == "Microsoft"] == ["stated"]


@pytest.mark.parametrize(("excerpt", "characters"), [(0, 0), (60, 60), (400, 400)])
def test_no_more_is_quoted_than_the_profile_allows(excerpt: int, characters: int) -> None:
    (first, *_) = compose(
        flagged(), [], activity(), stories=stories(), model="m", at=COMPOSED, team=Team(excerpt=excerpt)
    ).flagged.items
    assert sum(len(sentence.text) for sentence in first.sentences) <= characters
    assert bool(first.sentences) is bool(excerpt)


def test_a_story_that_was_told_is_ongoing_and_with_news_updated() -> None:
    (story,) = stories()
    told = Around(told={story.public: SINCE})
    first = compose(flagged(), [], activity(), stories=[story], model="m", at=COMPOSED, around=told).flagged.items
    assert {item.id: item.standing for item in first}["S-20261121-07"] is Standing.UPDATED
    silent = replace(story, changes=())
    last = compose(flagged(), [], activity(), stories=[silent], model="m", at=COMPOSED, around=told).flagged.items
    assert [item.standing for item in last] == [
        Standing.NEW,
        Standing.NEW,
        Standing.ONGOING,
    ]  # what is new stands first


def test_an_edit_brings_back_a_story_that_was_told_and_no_other() -> None:
    (story,) = stories()
    edited = Change(at=UNTIL - timedelta(hours=1), article=2, kind=StoryChange.REVISED, what="attribution changed")
    story = replace(story, changes=(edited,))
    for told, found in (({}, []), ({story.public: SINCE}, ["S-20261121-07"])):
        around = Around(told=told)
        whole = compose([], [], activity(), stories=[story], model="m", at=COMPOSED, around=around)
        assert ids(whole) == found
    (item,) = whole.flagged.items
    assert item.standing is Standing.UPDATED
    assert item.changes == ("attribution changed (Harbour Daily)",)


def test_a_report_is_late_when_all_of_it_was_published_long_before_the_window() -> None:
    old, fresh = (
        replace(MINISTRY, article=replace(MINISTRY.article, published=SINCE - timedelta(hours=hours)))
        for hours in (30, 1)
    )
    assert edition(old).flagged.items[0].late
    assert not edition(fresh).flagged.items[0].late
    beginning = Around(began=SINCE)  # in a first edition everything is from before
    assert not edition(old, around=beginning).flagged.items[0].late


def test_a_first_edition_leaves_out_what_is_no_news_any_more_and_says_so() -> None:
    old = replace(MINISTRY, article=replace(MINISTRY.article, published=SINCE - timedelta(days=20)))
    whole = edition(old, POWER, around=Around(fresh_since=UNTIL - timedelta(days=1)))
    assert ids(whole) == ["A-2"]
    assert "This first edition leaves out what is older than a day: 1 flagged story was published before." in (
        whole.coverage.words
    )
    assert whole.left_out == 0


def test_five_thousand_flagged_stories_are_cut_with_a_count() -> None:
    many = [stored(n, title=f"Story {n}", text=f"Intruders read mail number {n}.") for n in range(1, 5001)]
    section = edition(*many).flagged
    assert (len(section.items), section.stories, section.more) == (60, 5000, 4940)


def test_counts_are_of_stories_beside_what_is_usual_in_so_long_a_window() -> None:
    storm, grid = Named(actors={"apt29": "APT29"}, sectors={"energy": "energy"}), Named(actors={"volt": "Volt Typhoon"})
    before = [
        Before(story="1", at=SINCE - timedelta(hours=hours), named=storm) for hours in (1, 2, 30, 24 * 20, 24 * 40)
    ]
    found = count([storm, storm, grid], before, since=SINCE, until=UNTIL, began=None)
    assert found.actors == (
        Count(name="APT29", stories=2, usual=round(4 / 28, 2)),  # once a day in which it was flagged, and one too old
        Count(name="Volt Typhoon", stories=1, usual=0.0),
    )
    assert found.countries == ()


def test_an_installation_of_two_days_is_measured_by_two_days() -> None:
    storm = Named(actors={"apt29": "APT29"})
    before = [Before(story="1", at=SINCE - timedelta(hours=5), named=storm)]
    found = count([storm], before, since=SINCE, until=UNTIL, began=SINCE - timedelta(days=2))
    assert found.actors[0].usual == 0.5


def test_an_ambiguous_name_is_asked_for_by_each_it_may_stand_for_and_counted_for_none() -> None:
    whole = named([findings(title="", text="Microsoft said Winnti breached the Danish parliament.", language="en")])
    assert {"apt41", "winnti"} <= whole.entities
    assert whole.actors == {}


def alarm(source: str, kind: AlarmKind) -> Alarm:
    return Alarm(source=source, kind=kind, since=SINCE, ended_at=None, detail="nothing new for 9 days")


def test_a_silent_source_is_told_and_the_day_is_not_called_quiet() -> None:
    silent = [alarm(name, AlarmKind.SILENT) for name in ("Harbour Daily", "Nobody we know")]
    alarms = [*silent, alarm("Example Times", AlarmKind.FAILING)]
    seen = edition(around=Around(alarms=alarms)).coverage
    assert seen.day is Day.NORMAL
    assert [(note.source, note.fault, note.detail) for note in seen.unwell] == [
        ("Harbour Daily", Fault.SILENT, "nothing new for 9 days")
    ]


def test_a_day_on_which_most_pages_came_out_otherwise_is_blind() -> None:
    names = ("Harbour Daily", "Example Times", "Signal & Noise")
    alarms = [alarm(name, AlarmKind.DEGRADED) for name in names]
    seen = edition(around=Around(alarms=alarms)).coverage
    assert (seen.day, seen.words[0]) == (
        Day.BLIND,
        "The pages of 3 of 4 sources come out otherwise than usual.",
    )


def test_the_articles_that_were_read_are_counted() -> None:
    whole = compose(flagged(), held(), activity(), stories=stories(), model="m", at=COMPOSED)
    assert (whole.articles, whole.origins) == (4 + 1 + 81 + 12, 3)


def test_the_card_is_a_line_and_says_only_what_it_knows() -> None:
    assert card_line({"version": "m-1"}) == "m-1"
    assert card_line({}) == ""
    card = {
        "version": "m-1",
        "trained_on": {"documents": 40017, "espionage": 3378},
        "dev": {"all": {"documents": 4195, "precision": 0.8499, "recall": 0.9167}},
    }
    assert card_line(card) == (
        "m-1; trained on 40,017 articles, 3,378 of them espionage; "
        "on 4,195 that it had not seen: precision 0.84, recall 0.91"
    )


def test_an_address_that_is_too_long_to_follow_is_not_made_one_by_cutting_it() -> None:
    long = "https://news.example/" + "a" * 3000
    (item,) = edition(replace(MINISTRY, article=replace(MINISTRY.article, url=long))).flagged.items
    assert web_url(item.url) is None
    assert len(item.url) < 2000
