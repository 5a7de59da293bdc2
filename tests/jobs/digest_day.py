"""One day at an invented watch desk: four stories, one of them printed twice, and what became of every link."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from storage.records import (
    Activity,
    Article,
    Change,
    DateSource,
    Decision,
    Evidence,
    LinkState,
    Membership,
    PollState,
    SourcePoll,
    StoredArticle,
    StoredStory,
    StoryChange,
    Tally,
    Verdict,
)

UNTIL = datetime(2026, 11, 22, 6, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=1)
COMPOSED = UNTIL + timedelta(minutes=15)

MINISTRY = """\
VARNESS, Nov. 21 - Intruders read the mail of the Varnish foreign ministry for nineteen months before anyone noticed, \
Dr. Ilse Tarn, who led the inquiry, said on Saturday.
The first account was opened through a supplier that kept the ministry's calendars. Nobody had asked it for a second \
factor. From there the intruders copied draft treaties, travel plans and the notes of two ambassadors to a server \
rented in the U.S. under a false name.
“They were patient, and they knew whom to read,” Dr. Tarn told reporters. The inquiry found the same tools in the \
mail of a shipping authority and of a university that trains diplomats.
The ministry has since changed its suppliers. It did not say which state it suspects."""

PATENTS = """\
长滩市检察院周六宣布，一名前工程师被控向外国情报机构出售船用雷达的设计图。检方说，他在三年里用私人邮箱寄出了四百多份文件，并在国外收取报酬。
“这些图纸花了我们十年时间，”该厂负责人说。被告的律师表示，他的当事人将不认罪。案件定于明年三月开庭。"""

TROJAN = """\
A small group that watches exiled journalists has changed its tools, the Lantern Lab wrote in a report on Friday. \
The new program hides in a calendar reminder. It copies contacts and turns on the microphone when a call begins.
The lab counted forty-one phones in nine countries. It asked the makers of two of them for comment and had no answer."""

RUMOUR = """\
A member of the harbour council asked on Saturday whether the new cranes report to their maker. The operator said \
that the cranes report their temperature and nothing else. The council will hear an engineer next week."""


def stored(number: int, *, title: str, text: str, **known: Any) -> StoredArticle:
    """An article in the archive; what is not said of it is unremarkable."""
    score = known.pop("score", 0.9)
    decision = known.pop("decision", Decision.FLAG)
    why = known.pop("why", "long-term access; foreign ministry")
    quotes = known.pop("evidence", ())
    source = known.pop("source", "example-times")
    first_seen = known.pop("first_seen", SINCE + timedelta(hours=number))
    known.setdefault("url", f"https://news.example/{number}")
    whole = f"{title}\n{text}"
    evidence = tuple(
        Evidence(text=quote, weight=weight, start=whole.index(quote), end=whole.index(quote) + len(quote))
        for quote, weight in quotes
    )
    verdict = Verdict(
        decision=decision, score=score, threshold=0.6, reject_below=0.3, model="m-1", why=why, evidence=evidence
    )
    article = Article(title=title, text=text, **known)
    return StoredArticle(id=number, source=source, first_seen=first_seen, article=article, verdict=verdict)


def flagged() -> list[StoredArticle]:
    """Three stories in four articles."""
    return [
        stored(
            1,
            title="Intruders read a foreign ministry's mail for nineteen months",
            text=MINISTRY,
            outlet="Example Times",
            authors=("Maren Holt",),
            published=SINCE + timedelta(minutes=50),
            date_source=DateSource.FEED,
            score=0.942,
            evidence=[("copied draft treaties", 2.1), ("the same tools in the mail", 1.2)],
        ),
        stored(
            2,
            title="Mail of foreign ministry was read for nineteen months, inquiry finds",
            text=MINISTRY.replace("on Saturday", "at the weekend").removesuffix(
                " It did not say which state it suspects."
            ),
            outlet="Harbour Daily",
            url="https://harbour.example/2026/11/21/ministry-mail",
            score=0.93,
        ),
        stored(
            3,
            title="前工程师被控向外国情报机构出售船用雷达设计图，检方称其三年内寄出四百多份文件并在国外收取报酬",
            text=PATENTS,
            outlet="长滩晚报",
            source="long-beach-evening",
            language="zh",
            published=datetime(2026, 11, 21, tzinfo=UTC),
            date_source=DateSource.URL,
            url="https://晚报.example/新闻/3",
            why="外国情报机构; 出售; 设计图",
            score=0.88,
            evidence=[("外国情报机构", 1.9)],
        ),
        stored(
            4,
            title="Spyware hides in calendar reminders of exiled journalists",
            text=TROJAN,
            outlet="Signal & Noise",
            url="https://signal.example/lantern?id=4&from=feed",
            score=0.71,
            why="turns on the microphone; exiled journalists",
            evidence=[("turns on the microphone", 1.4)],
        ),
    ]


def stories() -> list[StoredStory]:
    """The first two articles are one story: the second prints the first one's text."""
    first, second = flagged()[:2]
    alone = Membership(article=1, why="the first report", origin=1, origin_why="reports on its own")
    copy = Membership(article=2, why="the same text", origin=1, origin_why="the same text as at Example Times")
    named = Change(
        at=second.first_seen, article=2, kind=StoryChange.VICTIM, what="a victim is named: the ministry (VN)"
    )
    return [
        StoredStory(
            id=7,
            public="S-20261121-07",
            first_seen=first.first_seen,
            last_seen=second.first_seen,
            roundup=False,
            articles=(first, second),
            members=(alone, copy),
            changes=(named,),
        )
    ]


def held() -> list[StoredArticle]:
    """One article that a person must decide."""
    return [
        stored(
            5,
            title="Council asks whether harbour cranes report to their maker",
            text=RUMOUR,
            outlet="Harbour Daily",
            url="https://harbour.example/2026/11/21/cranes",
            decision=Decision.HOLD,
            score=0.4999,
            why="names a suspicion and no act",
        )
    ]


def activity(*, failing: int = 1, sources: int = 4) -> Activity:
    """The window's account, with the last `failing` of the sources down."""
    names = ["Example Times", "Harbour Daily", "Long Beach Evening", "Signal & Noise"][:sources]
    polls = [
        SourcePoll(
            source=name,
            at=UNTIL - timedelta(minutes=20),
            state=PollState.HTTP_ERROR if place >= sources - failing else PollState.OK,
            detail="HTTP 503" if place >= sources - failing else "",
        )
        for place, name in enumerate(names)
    ]
    tallies = [
        (LinkState.FLAGGED, "long-term access", 4),
        (LinkState.HELD, "names a suspicion", 1),
        (LinkState.REJECTED, "sport", 61),
        (LinkState.REJECTED, "cooking", 20),
        (LinkState.DUPLICATE, "same article as 1", 12),
        (LinkState.NOT_AN_ARTICLE, "listing: 84 links", 5),
        (LinkState.NOT_AN_ARTICLE, "listing: 31 links", 2),
        (LinkState.NOT_AN_ARTICLE, "login", 1),
        (LinkState.BLOCKED, "robots.txt", 3),
        (LinkState.GONE, "HTTP 404", 2),
        (LinkState.FAILED, "HTTP 500", 1),
        (LinkState.DISCOVERED, "", 6),
        (LinkState.LEASED, "", 2),
    ]
    return Activity(
        since=SINCE,
        until=UNTIL,
        links=sum(number for _, _, number in tallies),
        tallies=tuple(Tally(state=state, reason=reason, count=number) for state, reason, number in tallies),
        sources=tuple(polls),
    )
