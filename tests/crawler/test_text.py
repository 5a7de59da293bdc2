from __future__ import annotations

import csv
import io
import unicodedata
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import text as border
from crawler.text import ELLIPSIS, clean_line, clean_text, is_clean

# Half of the characters drawn are the ones that break things.
trouble = st.sampled_from(
    "\r\n\t\v\f \x00\x07\x1b\x1c\x1d\x1e\x1f\x7f\x85\xa0\xad"
    "\u200b\u200c\u200d\u200e\u202e\u2028\u2029\u2066\u3000\ufeff\uffff\ud83d\ude00\udc00"
    "aé\u0301\u0627\u0644\u0915\u094d\u1100\u1161한漢👩\ufe0f…",
)
texts = st.text(trouble | st.characters(exclude_categories=[]), max_size=40)


@given(texts)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)


@given(texts, st.integers(1, 30))
def test_cleaning_a_line_twice_changes_nothing(text: str, limit: int) -> None:
    line = clean_line(text, limit=limit)
    assert clean_line(line, limit=limit) == line
    assert len(line) <= limit


@given(texts, st.integers(1, 30))
def test_a_line_is_the_clean_text_on_one_line(text: str, limit: int) -> None:
    line = " ".join(clean_text(text).split())
    cut = line[: limit - 1].rstrip(" \u200c\u200d") + ELLIPSIS
    assert clean_line(text, limit=limit) == (line if len(line) <= limit else cut)


@given(texts)
def test_a_line_that_looks_clean_is_clean(text: str) -> None:
    if is_clean(text):
        assert " ".join(clean_text(text).split()) == text


def test_nothing_that_is_printable_is_removed_but_the_blank_letters() -> None:
    printable = (chr(code) for code in range(0x110000) if chr(code).isprintable())
    assert border._UNSEEN.findall("".join(printable)) == ["\u3164", "\uffa0"]


@given(texts)
def test_clean_text_is_composed_and_printable(text: str) -> None:
    clean = clean_text(text)
    assert unicodedata.is_normalized("NFC", clean)
    assert not [c for c in clean if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} and c != "\n"]
    assert not set(clean) & set("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
    clean.encode("utf-8")


@given(texts)
def test_a_clean_line_is_one_line_for_everybody(text: str) -> None:
    line = clean_line(text)
    assert len(line.splitlines()) <= 1
    message = EmailMessage()
    message["Subject"] = line
    assert message.as_bytes()
    out = io.StringIO()
    csv.writer(out).writerow([line, "end"])
    assert next(csv.reader(io.StringIO(out.getvalue()))) == [line, "end"]


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("one\n\n\n\n\ntwo", "one\n\ntwo"),
        ("a\tb\u00a0\u3000c  d", "a b c d"),
        ("  lead \n  indented  ", "lead\nindented"),
        ("es\u200bpio\u200dna\u00adge", "espionage"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("\x1b[31mred\x00", "[31mred"),
        ("cafe\u0301", "café"),
        ("\ud83d\ude00 \ud83d", "😀"),
        ("icon \ue9a3here", "icon here"),
    ],
)
def test_what_hides_or_breaks_lines_is_gone(dirty: str, clean: str) -> None:
    assert clean_text(dirty) == clean


@pytest.mark.parametrize("text", ["می\u200cخواهم", "क्\u200dष", "👩\u200d💻"])
def test_joiners_stay_where_the_script_needs_them(text: str) -> None:
    assert clean_text(text) == text


def test_a_long_line_is_cut_with_an_ellipsis() -> None:
    assert clean_line("word " * 10, limit=10) == "word word…"
