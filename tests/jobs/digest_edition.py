"""Editions of an invented watch desk as frozen values: a full day, a quiet one, a blind one, a hostile one, a flood."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.digest.edition import (
    Attribution,
    Copy,
    Count,
    Counts,
    Coverage,
    Day,
    Edition,
    Fate,
    Fault,
    Item,
    Question,
    Reason,
    Section,
    Sentence,
    SourceNote,
    Standing,
)
from storage.records import DateSource, LinkState, PollState

UNTIL = datetime(2026, 11, 22, 6, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=1)
COMPOSED = UNTIL + timedelta(minutes=1)
NONE = Section(items=(), stories=0, articles=0)

HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(1)> & \"quotes\" 'single' {{ 7*7 }} {% raw %}",
    "Ministry\r\nBcc: everyone@x.example\r\n\r\n<b>body</b>",
    "line\u2028separator\u2029and\u0085next",
    "invoice\u202egnp.exe \u2066isolated",
    "A" * 10_000,
    "漢字" * 5_000,
    "😀👩\u200d👩\u200d👧❤\ufe0f" * 300,
    "=cmd()|'/c calc'!A1",
    "# [click](javascript:alert(1)) ![pixel](http://evil.example/p.png) *b* `c` @here www.evil.example http://a.example",
    "1. - + | table | <http://evil.example> ~~x~~ &lt;",
    "z" + "\u0351\u0352\u0353\u0354" * 40,
    "خبر عاجل: تجسس على وزارة الخارجية (12)",
    "\ud800\x00\x1b[2J",
    "",
]
ADDRESSES = [
    "javascript:alert(document.domain)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "https://bank.example@evil.example/a(b)[c]<d>\"'`",
    "https://x.example/" + "a" * 50_000,
    "",
]


def item(number: int, title: str, **known: Any) -> Item:
    """A story; what is not said of it is unremarkable."""
    plain = Item(
        id=f"S-20261122-{number:02}",
        story=number,
        title=title,
        url=f"https://news.example/{number}",
        outlets=("Example Times",),
        first_seen=SINCE + timedelta(hours=number % 24),
        published=SINCE + timedelta(hours=number % 24, minutes=-20),
        date_source=DateSource.FEED,
        authors=(),
        language="en",
        score=0.9,
        why='state-linked intrusion: "foreign ministry" + "long-term access"',
        sentences=(Sentence(text="They were patient, and they knew whom to read.", outlet="Example Times"),),
        copies=(),
        articles=1,
    )
    return replace(plain, **known)


MINISTRY = item(
    1,
    "Intruders read a foreign ministry's mail for nineteen months",
    outlets=("Example Times", "Harbour Daily", "Nordblatt", "Le Phare du Soir"),
    authors=("Maren Holt",),
    score=0.942,
    sentences=(
        Sentence(
            text="VARNESS, Nov. 21 - Intruders read the mail of the Varnish foreign ministry for nineteen months "
            "before anyone noticed, Dr. Ilse Tarn, who led the inquiry, said on Saturday.",
            outlet="Example Times",
        ),
        Sentence(
            text="From there the intruders copied draft treaties, travel plans and the notes of two ambassadors to a "
            "server rented in the U.S. under a false name.",
            outlet="Example Times",
        ),
    ),
    copies=(
        Copy(outlet="Harbour Daily", url="https://harbour.example/2026/11/21/ministry-mail"),
        Copy(outlet="Le Phare du Soir", url="https://phare.example/courrier-du-ministere"),
    ),
    articles=7,
    origins=3,
    actors=("APT28 (RU)",),
    victims=("Varnish foreign ministry (VN)",),
    languages=("en", "de", "fr"),
    attributions=(
        Attribution(
            claimant="The national cyber centre",
            accused="APT28",
            hedge="assessed",
            words="with moderate confidence",
            outlet="Example Times",
        ),
        Attribution(claimant="The embassy", accused="Russia", hedge="denied", words="", outlet="Nordblatt"),
    ),
)
PATENTS = item(
    3,
    "前工程师被控向外国情报机构出售船用雷达设计图，检方称其三年内寄出四百多份文件并在国外收取报酬",
    outlets=("长滩晚报",),
    language="zh",
    languages=("zh",),
    published=datetime(2026, 11, 16, tzinfo=UTC),
    date_source=DateSource.URL,
    url="https://晚报.example/新闻/3",
    why="外国情报机构; 出售; 设计图",
    score=0.88,
    sentences=(Sentence(text="检方说，他在三年里用私人邮箱寄出了四百多份文件，并在国外收取报酬。", outlet="长滩晚报"),),
    late=True,
)
SHIPYARD = item(
    7,
    "Shipyard says spies stayed in its network for two years",
    id="S-20261119-02",
    outlets=("Le Phare du Soir", "Example Times"),
    url="https://phare.example/chantier-naval?id=4&from=feed",
    published=None,
    date_source=None,
    score=0.71,
    articles=4,
    origins=2,
    languages=("fr", "en"),
    victims=("a naval shipyard",),
    standing=Standing.UPDATED,
    changes=("an actor is named: Turla (RU)", "the victim is named: Arsenal du Nord (FR)"),
    attributions=(Attribution(claimant="", accused="Turla", hedge="suspected", words="", outlet="Le Phare du Soir"),),
)
LANTERN = item(
    9,
    "Spyware hides in calendar reminders of exiled journalists",
    id="S-20261117-04",
    outlets=("Signal & Noise",),
    url="https://signal.example/lantern",
    score=0.66,
    articles=11,
    origins=4,
    languages=("en", "es"),
    standing=Standing.ONGOING,
)
CRANES = item(
    5,
    "Council asks whether harbour cranes report to their maker",
    outlets=("Harbour Daily",),
    url="https://harbour.example/2026/11/21/cranes",
    score=0.4999,
    why="names a suspicion and no act",
)
COVERAGE = Coverage(
    day=Day.NORMAL,
    words=("93 of 96 sources answered.", "9 links have not been read: waiting, or failed."),
    sources=96,
    answered=93,
    failed=(
        SourceNote(
            source="signal-and-noise", state=PollState.HTTP_ERROR, at=UNTIL - timedelta(minutes=20), detail="HTTP 503"
        ),
        SourceNote(source="long-beach-evening", state=None, at=None),
    ),
    unwell=(
        SourceNote(
            source="harbour-daily", state=PollState.OK, at=None, fault=Fault.SILENT, detail="nothing new for 3.1 days"
        ),
        SourceNote(
            source="nordblatt", state=PollState.OK, at=None, fault=Fault.DEGRADED, detail="texts are half as long"
        ),
    ),
)
COUNTS = Counts(
    actors=(Count(name="APT28", stories=2, usual=0.4), Count(name="Turla", stories=1, usual=0.0)),
    countries=(Count(name="Russia", stories=3, usual=1.5), Count(name="China", stories=1, usual=4.2)),
    sectors=(Count(name="government", stories=2, usual=2.0), Count(name="shipbuilding", stories=1, usual=0.1)),
)
FATES = (
    Fate(state=LinkState.FLAGGED, count=23),
    Fate(state=LinkState.HELD, count=1),
    Fate(state=LinkState.REJECTED, count=1207),
    Fate(state=LinkState.DUPLICATE, count=112),
    Fate(
        state=LinkState.NOT_AN_ARTICLE,
        count=8,
        reasons=(Reason(text="listing", count=7), Reason(text="login", count=1)),
    ),
    Fate(state=LinkState.GONE, count=2, reasons=(Reason(text="HTTP 404", count=2),)),
    Fate(state=LinkState.DISCOVERED, count=59),
)


def edition(**changes: Any) -> Edition:
    """A full day of a team in Vienna."""
    whole = Edition(
        title="Espionage watch",
        since=SINCE,
        until=UNTIL,
        composed_at=COMPOSED,
        coverage=COVERAGE,
        flagged=Section(items=(MINISTRY, PATENTS, SHIPYARD, LANTERN), stories=4, articles=23),
        held=Section(items=(CRANES,), stories=1, articles=1),
        links=1412,
        fates=FATES,
        model="m-20261101",
        number=312,
        profile="cert",
        tlp="AMBER",
        zone="Europe/Vienna",
        articles=1380,
        origins=10,
        questions=(
            Question(
                id="A-17",
                title="Regatta ends in a calm",
                url="https://harbour.example/regatta",
                outlet="Harbour Daily",
                score=0.021,
            ),
            Question(
                id="A-22",
                title="Port buys three cameras",
                url="https://news.example/cameras",
                outlet="Example Times",
                score=0.18,
            ),
        ),
        counts=COUNTS,
        card="Model m-20261101, trained on 4,212 articles: precision 0.93, recall 0.90 on articles it never saw.",
        next_at=UNTIL + timedelta(days=1),
        left_out=2,
    )
    return replace(whole, **changes)


def quiet() -> Edition:
    """A day on which every source answered and nothing was flagged."""
    coverage = Coverage(
        day=Day.QUIET, words=("All 96 sources answered.", "Nothing was flagged."), sources=96, answered=96, failed=()
    )
    return edition(
        coverage=coverage,
        flagged=NONE,
        held=NONE,
        questions=(),
        counts=Counts(),
        origins=0,
        left_out=0,
        links=1388,
        fates=FATES[2:],
        tlp="CLEAR",
    )


def blind() -> Edition:
    """Three days on which most sources did not answer."""
    failed = tuple(
        SourceNote(source=f"outlet-{number}", state=PollState.UNREACHABLE, at=UNTIL, detail="connection refused")
        for number in range(90)
    )
    coverage = Coverage(
        day=Day.BLIND,
        words=("Only 6 of 96 sources answered.", "Nothing was flagged, which on such a day says little."),
        sources=96,
        answered=6,
        failed=failed,
    )
    return edition(coverage=coverage, flagged=NONE, held=NONE, counts=Counts(), days=3, tlp="RED", left_out=0)


def alert() -> Edition:
    """One story that could not wait."""
    return edition(number=4, flagged=Section(items=(MINISTRY,), stories=1, articles=7), held=NONE, counts=Counts())


def hostile() -> Edition:
    """Every string in it is somebody's attempt."""
    items = tuple(
        item(
            number,
            title,
            url=ADDRESSES[number % 6],
            outlets=(HOSTILE[number - 3], title),
            authors=(title, title),
            language=title or None,
            languages=(title, HOSTILE[number - 1]),
            why=title,
            sentences=(Sentence(text=title, outlet=title),),
            copies=(Copy(outlet=title, url=ADDRESSES[(number + 3) % 6]),),
            articles=3,
            actors=(title,),
            victims=(title,),
            changes=(title,),
            standing=list(Standing)[number % 3],
            attributions=(Attribution(claimant=title, accused=title, hedge=title, words=title, outlet=title),),
        )
        for number, title in enumerate(HOSTILE)
    )
    notes = tuple(SourceNote(source=s, state=PollState.MALFORMED, at=UNTIL, detail=s) for s in HOSTILE)
    counts = tuple(Count(name=name, stories=number, usual=0) for number, name in enumerate(HOSTILE))
    return edition(
        title=HOSTILE[1],
        model=HOSTILE[0],
        card=HOSTILE[8],
        profile=HOSTILE[8],
        tlp=HOSTILE[0],
        zone=HOSTILE[3],
        flagged=Section(items=items[:9], stories=9, articles=9),
        held=Section(items=items[9:], stories=5, articles=5),
        coverage=replace(COVERAGE, words=tuple(HOSTILE), failed=notes, unwell=notes),
        counts=Counts(actors=counts, countries=counts, sectors=counts),
        questions=tuple(
            Question(id=f"A-{number}", title=title, url=ADDRESSES[number % 6], outlet=title, score=0.1)
            for number, title in enumerate(HOSTILE)
        ),
        fates=tuple(replace(fate, reasons=(Reason(text=HOSTILE[n], count=1),)) for n, fate in enumerate(FATES)),
    )


def flood(shown: int, stories: int = 0) -> Edition:
    """A day with many stories, each as long as they come."""
    sentences = tuple(Sentence(text=f"Sentence {n} " + "of a long story " * 11, outlet="Example Times") for n in "abc")
    copies = tuple(Copy(outlet=f"Outlet {n}", url=f"https://outlet{n}.example/a/long/way/to/it") for n in range(4))
    items = tuple(
        replace(
            MINISTRY,
            id=f"S-20261122-{number:02}",
            story=number,
            title=f"Story {number}: " + "<&'\"> and what became of it " * 3,
            url=f"https://news.example/{number}",
            sentences=sentences,
            copies=copies,
            standing=list(Standing)[min(number // 30, 1)],
        )
        for number in range(1, shown + 1)
    )
    told = max(stories, shown)
    return edition(flagged=Section(items=items, stories=told, articles=7 * told), held=NONE)
