from __future__ import annotations

import io
import re

import pytest

from jobs.explain import LEGEND, colourful, explained, visible
from storage.records import Article, Decision, Evidence, Verdict

TITLE, TEXT = "Hackers read mail", "State hackers came. No ransom was asked."
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def _article(text: str = TEXT) -> Article:
    return Article(url="https://example.org/a", title=TITLE, text=text)


def _piece(text: str, weight: float, whole: str = f"{TITLE}\n{TEXT}") -> Evidence:
    start = whole.index(text)
    return Evidence(text=text, weight=weight, start=start, end=start + len(text))


def _verdict(*evidence: Evidence, signs: tuple[str, ...] = ()) -> Verdict:
    return Verdict(
        decision=Decision.FLAG,
        score=0.91,
        threshold=0.3,
        reject_below=0.01,
        model="m",
        why="state-linked intrusion",
        evidence=evidence,
        signs=signs,
    )


BOTH = (_piece("State hackers came.", 0.8), _piece("hackers came", 1.4), _piece("ransom", -0.5))


def test_both_directions_can_be_told_without_colour() -> None:
    shown = explained(_article(), _verdict(*BOTH), colour=False)
    assert "[+0.80 State [+1.40 hackers came].] No [-0.50 ransom] was asked." in shown
    assert "\x1b" not in shown
    assert LEGEND in shown


def test_score_thresholds_and_why_stand_on_top() -> None:
    first, second, *_ = explained(_article(), _verdict(), colour=False).splitlines()
    assert first == "flag  score 0.910  (flag from 0.300, reject below 0.010)"
    assert second == "state-linked intrusion"


def test_colour_only_adds_escape_sequences() -> None:
    plain, coloured = (explained(_article(), _verdict(*BOTH), colour=colour) for colour in (False, True))
    assert coloured != plain
    assert ESCAPE.sub("", coloured) == plain


def test_the_two_directions_have_two_colours() -> None:
    coloured = explained(_article(), _verdict(*BOTH), colour=True)
    assert "\x1b[1;33mhackers came" in coloured
    assert "\x1b[36mransom" in coloured


def test_hostile_characters_are_written_out() -> None:
    text = "a\x1b]0;owned\x07b \x1b[2J \u202eevil\u200b \x9b31m [bold]x[/bold]"
    shown = explained(_article(text), _verdict(), colour=True)
    assert "\x1b]" not in shown
    assert "\x9b" not in shown
    assert "\u202e" not in shown
    assert r"\x1b]0;owned\x07b" in shown
    assert r"\u202eevil\u200b" in shown
    assert "[bold]x[/bold]" in shown


def test_the_model_s_own_words_are_written_out_too() -> None:
    assert visible("a\tb\x00\u2028") == r"a b\x00\u2028"


def test_what_is_absent_and_the_signs_are_told() -> None:
    absent = Evidence(text="no state-sponsored actor", weight=-0.7)
    shown = explained(_article(), _verdict(absent, signs=("instructions",)), colour=False)
    assert "-0.70  no state-sponsored actor" in shown
    assert "signs: instructions" in shown


def test_a_long_text_says_what_was_not_read() -> None:
    shown = explained(_article("word " * 2_000), _verdict(), colour=False)
    assert "… 5,000 more characters were not read" in shown


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_a_terminal_has_colour_unless_its_owner_wants_none(environment: dict[str, str], *, coloured: bool) -> None:
    assert colourful(_Terminal(), environment) is coloured


def test_a_pipe_has_no_colour() -> None:
    assert not colourful(io.StringIO(), {})
