"""What every form says of an edition and of a story, in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.digest import words
from jobs.digest.edition import Fault, Standing
from jobs.digest.words import count, listed, local, moment, score
from storage.records import LinkState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.digest.edition import Attribution, Count, Coverage, Edition, Fate, Item, Section, SourceNote

_MOST_NAMED = 5
_MOST_TEASED = 3
_HOURLY = 120  # minutes from which a window is told in hours
_ARROW = " → "


def tlp(edition: Edition) -> str:
    """`TLP:AMBER`; empty where the profile has no label."""
    return f"TLP:{edition.tlp}" if edition.tlp else ""


def name(edition: Edition) -> str:
    """`Edition 312 for cert, Sun 22 Nov 2026`; a preview says that it is one."""
    reader = _reader(edition)
    what = f"Edition {edition.number:,}{reader}" if edition.number else f"Preview{reader}, not an edition"
    return f"{what}, {words.weekday(local(edition.until, edition.zone))}"


def window(edition: Edition) -> Iterator[str]:
    """The window by the profile's clock, by UTC where that is another, and how many due days it covers."""
    here = [local(at, edition.zone) for at in (edition.since, edition.until)]
    utc = " to ".join(words.clock(local(at, "UTC")) for at in (edition.since, edition.until))
    yield f"{' to '.join(map(words.clock, here))} {edition.zone} ({_length(edition)})"
    if any(at.utcoffset() for at in here):
        yield f"{utc} UTC"
    if edition.days > 1:
        yield f"Covers {count(edition.days, 'day')}."


def figures(edition: Edition) -> Iterator[tuple[str, str]]:
    """What was read and what came of it, as labels and values."""
    seen, flagged = edition.coverage, edition.flagged
    sources = f"{seen.answered:,} of {count(seen.sources, 'source')}"
    yield "Read", f"{sources}, {count(edition.links, 'link')}, {count(edition.articles, 'article')}"
    told = count(flagged.stories, "story", "stories")
    if flagged.stories:
        told += f": {count(flagged.articles, 'article')} by {count(max(edition.origins, 1), 'origin')}"
    if edition.left_out:
        told += f"; {edition.left_out:,}{' more' if flagged.stories else ''} not for this profile"
    yield "Flagged", told
    yield "Held", f"{count(edition.held.stories, 'story', 'stories')} for a person to decide"


def tally(edition: Edition) -> str:
    """What came of a day, where an edition has only a line: `3 stories flagged, 1 held`."""
    flagged = f"{count(edition.flagged.stories, 'story', 'stories')} flagged"
    others = f", {edition.left_out:,} not for this profile" if edition.left_out and not edition.flagged.stories else ""
    return f"{flagged}{others}, {edition.held.stories:,} held"


def coverage(of: Coverage) -> str:
    """Why the day is called what it is, and which sources failed, fell silent or changed."""
    troubled = [
        f"{words.FAULTS[fault]}: {listed([note.source for note in notes], _MOST_NAMED)}."
        for fault in Fault
        if (notes := [note for note in troubles(of) if note.fault is fault])
    ]
    return " ".join([*of.words, *troubled])


def troubles(of: Coverage) -> list[SourceNote]:
    """Every source that something is wrong with, the failed ones first."""
    order = list(Fault)
    return sorted((*of.failed, *of.unwell), key=lambda note: order.index(note.fault))


def groups(section: Section) -> list[tuple[Standing, list[tuple[int, Item]]]]:
    """The stories by their standing, numbered through; standings without a story are left out."""
    order = list(Standing)
    ranked = sorted(section.items, key=lambda item: order.index(item.standing))
    numbered = list(enumerate(ranked, 1))
    by = [(standing, [(n, item) for n, item in numbered if item.standing is standing]) for standing in Standing]
    return [(standing, items) for standing, items in by if items]


def heading(standing: Standing, section: Section) -> str:
    """`New (5)`."""
    return f"{words.STANDINGS[standing]} ({sum(item.standing is standing for item in section.items):,})"


def bottom_line(section: Section) -> list[tuple[int, Item]]:
    """The stories worth a line before the details, by their numbers below: what is new before what goes on."""
    number = {item.id: n for _, items in groups(section) for n, item in items}
    fresh = [item for item in section.items if item.standing is not Standing.ONGOING]
    return [(number[item.id], item) for item in (fresh or section.items)[: words.BOTTOM_LINES]]


def nothing(edition: Edition) -> str:
    """What stands where no story is told: a profile that asked for none of them is no world without any."""
    if edition.left_out:
        return words.NOTHING_FOR_PROFILE
    flagged = any(fate.state is LinkState.FLAGGED for fate in (*edition.fates, *edition.before))
    return words.NOTHING_TO_TELL if flagged else words.NOTHING_FLAGGED


def weight(item: Item) -> str:
    """`2 origins · 0.94`: how far one line can be believed."""
    return " · ".join([*([count(item.origins, "origin")] if item.origins > 1 else []), score(item.score)])


def parties(item: Item) -> str:
    """`APT28 → foreign ministry (VN)`; empty when nobody is named."""
    actors, victims = listed(item.actors, 3), listed(item.victims, 3)
    if actors and victims:
        return actors + _ARROW + victims
    return f"by {actors}" if actors else f"against {victims}" if victims else ""


def crowd(item: Item) -> str:
    """`14 articles, 3 origins, English and German`; of a single report only a language that is not English."""
    tongues = item.languages or ((item.language,) if item.language else ())
    if item.articles == 1:
        return "" if tongues in {(), ("en",)} else f"in {listed([words.language(code) for code in tongues], 4)}"
    said = [count(item.articles, "article"), count(item.origins, "origin")]
    return ", ".join([*said, *([listed([words.language(code) for code in tongues], 4)] if tongues else [])])


def told_by(item: Item) -> str:
    """Who printed it and who wrote it."""
    by = f", by {listed(item.authors, 2)}" if item.authors else ""
    return f"{listed(item.outlets, 3)}{by}"


def dated(item: Item, zone: str) -> str:
    """When it was published, and who says so. A date without a time of day is shown as one."""
    if item.published is None:
        return "no date given"
    day_only = item.date_source in words.DAY_ONLY and (item.published.hour, item.published.minute) == (0, 0)
    when = words.day(item.published) if day_only else moment(item.published, zone)
    by = f" ({words.DATED_BY[item.date_source]})" if item.date_source else ""
    return f"published {when}{by}{', before this window' if item.late else ''}"


def late(item: Item, zone: str) -> str:
    """When it was published, where a line has room only for what is unusual: before the window."""
    return dated(item, zone) if item.late else ""


def facts(item: Item, zone: str) -> list[str]:
    """By whom it was told, how far to believe it, and when: a line each."""
    said = [*filter(None, [told_by(item), crowd(item)]), f"score {score(item.score)}"]
    return [" · ".join(said), dated(item, zone)]


def reasons(item: Item, zone: str) -> list[tuple[str, str]]:
    """Who is said to have done it, why it was flagged, and since when we know: labels and values."""
    claims = [("Who did it", claim(attribution)) for attribution in item.attributions]
    return [*claims, ("Why flagged", item.why), ("First seen", moment(item.first_seen, zone))]


def news(item: Item) -> str:
    """What stands before the things that became known."""
    return "Became known" if item.standing is Standing.NEW else "New since we told it"


def briefly(item: Item) -> str:
    """A story that goes on, in one line."""
    return f"{item.title} ({', '.join(filter(None, [told_by(item), crowd(item)]))}) {item.id}"


def teaser(edition: Edition) -> str:
    """What a mail program shows beside the subject: the verdict on the day, and the first headlines."""
    titles = [item.title for _, item in bottom_line(edition.flagged)[:_MOST_TEASED]]
    told = edition.flagged.stories
    flagged = f"{count(told, 'story', 'stories')} flagged." if told else nothing(edition)
    return " · ".join([f"{words.DAYS[edition.coverage.day]} {flagged}", *titles])


def alert(edition: Edition) -> str:
    """Why this cannot wait for the digest."""
    stories = edition.flagged.items
    weights = f", {weight(stories[0])}" if stories else ""
    return f"Alert {edition.number:,}{_reader(edition)}, {moment(edition.composed_at, edition.zone)}{weights}"


def claim(of: Attribution) -> str:
    """`ESET assessed that APT41 did it, “with moderate confidence” (Example Times)`."""
    who = of.claimant or of.outlet or "The report"
    said = words.CLAIMS.get(of.hedge, "{who} named {accused}").format(who=who, accused=of.accused)
    hedge = f", “{of.words}”" if of.words else ""
    return f"{said}{hedge}" + (f" ({of.outlet})" if of.claimant and of.outlet else "")


def folded(item: Item) -> str:
    """How many articles have no line of their own; empty when all do."""
    left = item.articles - 1 - len(item.copies)
    return words.more(left, "article", "articles") if left > 0 else ""


def left(edition: Edition) -> str:
    """How many stories the edition has no room for, and where they are; empty when it tells all."""
    more = edition.flagged.more
    where = f"; `spywire story list` shows {'it' if more == 1 else 'them'}"
    return words.more(more, "story", "stories") + where if more else ""


def unshown(edition: Edition, number: int) -> str:
    """The stories that this form has no room for, and the forms that have; empty when it shows all."""
    if not number:
        return ""
    show = f"`spywire digest show {edition.number} --profile {edition.profile}`"
    where = f"the text form and {show} tell" if edition.number else "the text form tells"
    return f"{words.more(number, 'story', 'stories')}: {where} {'it' if number == 1 else 'them'}"


def deciding(section: Section) -> str:
    """How a held story is decided."""
    return f"Decide with {_answer(section.items[0].id)}; or `reject`." if section.items else ""


def asking(edition: Edition) -> str:
    """What a reader is asked about the rejected articles, and how to answer."""
    return (
        "These were rejected, and drawn by lot. If one should have been flagged, say "
        f"{_answer(edition.questions[0].id)}; if not, `reject`."
        if edition.questions
        else ""
    )


def _answer(item: str) -> str:
    """On the command line or by mail. Neither ends where a line could: what a mail repeats of it is no answer."""
    return f"`spywire label {item} flag`, or reply with the line `{item} flag`"


def counted(edition: Edition) -> list[tuple[str, tuple[Count, ...]]]:
    """What the stories are about: headings and their counts, the most frequent first."""
    of = edition.counts
    every = (("By actor", of.actors), ("By country", of.countries), ("By sector", of.sectors))
    return [(title, counts[: words.MOST_COUNTED]) for title, counts in every if counts]


def usual(of: Count) -> str:
    """What is usual in so long a window; empty where nothing is known of it."""
    if of.usual is None:
        return ""
    return f"usually {of.usual:.1f}" if of.usual >= 0.05 else "usually none"  # noqa: PLR2004 - what would be shown as 0.0


def account(edition: Edition) -> str:
    """The heading over what became of the window's links."""
    return f"What became of {count(edition.links, 'link')}"


def fate(of: Fate) -> str:
    """What became of some links, with the most frequent reasons."""
    if [reason.count for reason in of.reasons] == [of.count]:
        return f"{words.FATES[of.state]} ({of.reasons[0].text})"
    reasons = ", ".join(f"{reason.count:,} {reason.text}" for reason in of.reasons)
    return f"{words.FATES[of.state]} ({reasons})" if reasons else words.FATES[of.state]


def note(of: SourceNote, zone: str) -> str:
    """What is wrong with a source, and when that was seen."""
    at = f", {moment(of.at, zone)}" if of.at else ""
    if of.fault is Fault.FAILED:
        return words.POLLS[of.state] + (f": {of.detail}" if of.detail else "") + at
    return words.FAULTS[of.fault].lower() + (f": {of.detail}" if of.detail else "") + at


def card(edition: Edition) -> str:
    """By which model, and how good it is known to be."""
    return edition.card or f"Model {edition.model}."


def colophon(edition: Edition) -> str:
    """When it was composed, when the next one comes, and by which clock."""
    coming = f" Next edition {moment(edition.next_at, edition.zone)}." if edition.next_at else ""
    return f"Composed {moment(edition.composed_at, edition.zone)}.{coming}"


def _length(edition: Edition) -> str:
    minutes = round((edition.until - edition.since).total_seconds() / 60)
    if minutes >= _HOURLY:
        return count(round(minutes / 60), "hour")
    return count(minutes, "minute") if minutes else "less than a minute"


def _reader(edition: Edition) -> str:
    return f" for {edition.profile}" if edition.profile else ""
