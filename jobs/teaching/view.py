"""Models, labels and flips as a person reads them, and as plain data."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from crawler.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jobs.teaching.archive import Progress
    from jobs.teaching.judges import Judges
    from jobs.teaching.labelling import Labelled
    from jobs.teaching.promotion import Examination
    from jobs.teaching.shelf import Shelved
    from storage.records import Appointment, Decision, Flip, Label, StoredArticle

_SHOWN = 12  # words of a correction


def labelled_text(done: Labelled) -> str:
    """What a label did."""
    moved = f"{done.before} -> {done.now}" if done.before is not done.now else f"{done.now}, as before"
    return f"{moved}  {clean_line(done.label.title, limit=120)}\n{done.label.url}\n{clean_line(done.why)}"


def labelled_json(done: Labelled) -> dict[str, Any]:
    """What a label did, as plain data."""
    return label_json(done.label) | {"before": str(done.before), "now": str(done.now), "why": done.why}


def history_text(stored: StoredArticle, given: Sequence[Label]) -> str:
    """What was said of an article, the latest last."""
    lines = [
        f"{each.at:%Y-%m-%d %H:%M} UTC  {each.word:<6} by {each.by}" + f": {each.note}" * bool(each.note)
        for each in given
    ]
    return "\n".join([clean_line(stored.article.title, limit=120), stored.article.url, *(lines or ["no label yet"])])


def label_json(label: Label) -> dict[str, Any]:
    """A label as plain data."""
    return {
        "article": label.article_id,
        "url": label.url,
        "title": label.title,
        "label": str(label.word),
        "by": label.by,
        "at": label.at.isoformat(),
        "note": label.note,
    }


def flip_text(flip: Flip) -> str:
    """`reject p=.01 -> flag p=.62` with title, link and reason."""
    return (
        f"{flip.old:<6} {_score(flip.old_score)} -> {flip.new:<6} {_score(flip.new_score)}  "
        f"{clean_line(flip.title, limit=100)}\n    {flip.url}\n    {clean_line(flip.why, limit=200)}"
    )


def flip_json(flip: Flip) -> dict[str, Any]:
    """A flip as plain data."""
    return {
        "article": flip.article_id,
        "url": flip.url,
        "title": flip.title,
        "old": str(flip.old),
        "new": str(flip.new),
        "old_score": flip.old_score,
        "new_score": flip.new_score,
        "why": flip.why,
    }


def counts_text(flips: Mapping[tuple[Decision, Decision], int]) -> str:
    """`3 reject -> hold, 1 hold -> flag`, the most frequent first."""
    ranked = sorted(flips.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {old} -> {new}" for (old, new), count in ranked) or "nothing flips"


def counts_json(flips: Mapping[tuple[Decision, Decision], int]) -> dict[str, int]:
    """The same as plain data."""
    return {f"{old} -> {new}": count for (old, new), count in sorted(flips.items())}


def progress_text(progress: Progress) -> str:
    """One line for whoever waits."""
    failed = f", {progress.failed} not judged" if progress.failed else ""
    return f"{progress.done} of {progress.total} judged, {progress.flips} flip{failed}"


def examination_text(report: Examination) -> str:
    """Both models side by side."""
    lines = []
    for each in report.sittings:
        lines.append(f"on {each.name} ({each.active.documents} articles)")
        lines += [f"  {report.active:<24} {each.active}", f"  {report.candidate:<24} {each.candidate}"]
    return "\n".join(lines)


def list_text(models: Sequence[Shelved], judges: Judges, shadow: str | None) -> str:
    """One line a model, the active one starred."""
    rows = [_row(model, judges, shadow) for model in models]
    if not any(model.path == judges.model for model in models):
        rows.append(f"* {judges.version:<24} {judges.origin}: {judges.model}")
    return "\n".join(rows)


def list_json(models: Sequence[Shelved], judges: Judges, shadow: str | None) -> list[dict[str, Any]]:
    """The models as plain data."""
    return [
        {
            "model": model.version,
            "path": str(model.path),
            "active": model.path == judges.model,
            "shadow": model.version == shadow,
            "trouble": model.trouble or None,
            "card": model.card,
        }
        for model in models
    ]


def model_text(model: Shelved, words: Sequence[tuple[str, float]], history: Iterable[Appointment]) -> str:
    """A model's card, the words that weigh most in a correction, and the seats it had."""
    lines = [f"{model.version}  {model.path}", json.dumps(model.card, indent=1, ensure_ascii=False, sort_keys=True)]
    if words:
        lines += ["words that its labels taught most about, in log-odds:"]
        lines += [f"  {weight:+.2f}  {clean_line(word, limit=60)}" for word, weight in words[:_SHOWN]]
    lines += [appointment_text(each) for each in history if each.model == model.version]
    return "\n".join([*lines, f"trouble: {model.trouble}"] if model.trouble else lines)


def appointment_text(each: Appointment) -> str:
    """`active 2026-11-22 08:00 - now, by ada: fewer false flags`."""
    end = f"{each.ended_at:%Y-%m-%d %H:%M}" if each.ended_at else "now"
    return f"{each.seat} {each.at:%Y-%m-%d %H:%M} - {end} UTC, by {each.by}" + (f": {each.note}" if each.note else "")


def _row(model: Shelved, judges: Judges, shadow: str | None) -> str:
    marks = [str(judges.origin)] if model.path == judges.model else []
    marks += ["in the shadow"] if model.version == shadow else []
    marks += [f"UNUSABLE: {model.trouble}"] if model.trouble else []
    star = "*" if model.path == judges.model else " "
    return f"{star} {model.version:<24} {_made_of(model.card)}" + (f"  [{'; '.join(marks)}]" if marks else "")


def _made_of(card: Mapping[str, Any]) -> str:
    labels = card.get("labels") or {}
    learnt = f"{labels['flag']} flag and {labels['reject']} reject labels" if labels else ""
    if "parent" in card:
        return f"corrects {card['parent']} by {learnt}"
    documents = (card.get("trained_on") or {}).get("documents", "?")
    return f"trained on {documents} documents" + (f", {learnt} among them" if learnt else "")


def _score(score: float | None) -> str:
    return "no score" if score is None else f"p={score:.3f}"


def promotion_text(report: Examination, flips: Sequence[Flip], *, done: bool, forced: str) -> str:
    """What came of it, and what to do next."""
    lines = [f"stored verdicts that would flip: {len(flips)} ({counts_text(_counted(flips))})"]
    if report.dropped:
        lines.append(
            f"{report.candidate} is worse in {', '.join(report.dropped)}" + (f"; forced: {forced}" * bool(forced))
        )
    if done:
        lines.append(
            f"{report.candidate} is active. Stored verdicts stay: `spywire reclassify --since DATE` judges them again."
        )
    else:
        cure = "--force REASON --yes" if report.dropped else "--yes"
        lines.append(f"Nothing was changed. `spywire model promote {report.candidate} {cure}` does it.")
    return "\n".join(lines)


def promotion_json(report: Examination, flips: Sequence[Flip], *, done: bool) -> str:
    """The same for programs."""
    counts = counts_json(_counted(flips))
    told = {"promoted": done, "examination": report.as_json(), "counts": counts, "flips": [flip_json(f) for f in flips]}
    return json.dumps(told, ensure_ascii=False)


Compared = dict[tuple["Decision", "Decision", bool], int]


def shadow_text(version: str, compared: Compared, failed: tuple[int, str], differences: Sequence[Flip]) -> str:
    """Where the shadow and the standing verdicts differ."""
    told = shadow_json(version, compared, failed, differences)
    lines = [
        f"{version} judged {told['judged']} articles beside the active model and agrees on {told['agree']}.",
        f"Elsewhere: {', '.join(f'{count} {name}' for name, count in told['counts'].items()) or 'nothing'}.",
    ]
    if told["labelled"]:
        lines.append(f"Of {told['labelled']} that a person labelled it says the same of {told['labelled_agree']}.")
    if failed[0]:
        lines.append(f"It could not judge {failed[0]}, the latest because: {clean_line(failed[1], limit=300)}")
    return "\n".join([*lines, *map(flip_text, differences)])


def shadow_json(
    version: str, compared: Compared, failed: tuple[int, str], differences: Sequence[Flip]
) -> dict[str, Any]:
    """The same as plain data."""
    labelled = {pair[:2]: count for pair, count in compared.items() if pair[2]}
    by_pair = Counter[tuple["Decision", "Decision"]]()
    for (old, new, _), count in compared.items():
        by_pair[old, new] += count
    return {
        "model": version,
        "judged": by_pair.total(),
        "agree": sum(count for (old, new), count in by_pair.items() if old is new),
        "counts": counts_json({pair: count for pair, count in by_pair.items() if pair[0] is not pair[1]}),
        "labelled": sum(labelled.values()),
        "labelled_agree": sum(count for (old, new), count in labelled.items() if old is new),
        "failed": failed[0],
        "differences": [flip_json(each) for each in differences],
    }


def _counted(flips: Iterable[Flip]) -> Counter[tuple[Decision, Decision]]:
    return Counter((each.old, each.new) for each in flips)


def flips_text(version: str, flips: Sequence[Flip], done: Progress, *, written: bool) -> str:
    """What going through the archive came to."""
    verb = "were judged again" if written else "would be judged again"
    failed = f"; {done.failed} could not be judged and keep their verdict" if done.failed else ""
    return f"{done.done} articles {verb} with {version}: {counts_text(_counted(flips))}{failed}"


def flips_json(version: str, flips: Sequence[Flip], done: Progress) -> str:
    """The same for programs."""
    counts = {"model": version, "judged": done.done, "failed": done.failed, "counts": counts_json(_counted(flips))}
    return json.dumps(counts | {"flips": [flip_json(each) for each in flips]}, ensure_ascii=False)
