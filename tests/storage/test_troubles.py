"""What is said of a database that fails: no secret, and a cure that fits."""

from __future__ import annotations

import pytest

from storage.troubles import cure, shown_text


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://watch:hushhush@db.example/news",
        "postgresql://db.example/news?user=watch&password=hushhush",
        "postgresql://db.example/news?sslpassword=hushhush",
    ],
)
def test_no_password_is_shown_wherever_it_stands(url: str) -> None:
    assert "hushhush" not in shown_text(url)
    assert "db.example/news" in shown_text(url)


def test_what_is_no_url_is_not_repeated() -> None:
    assert shown_text("postgresql://u:hushhush@h:99x/db") == "(not a database URL)"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("database or disk is full", "make room"),
        ("database disk image is malformed", "spywire db restore"),
        ("file is not a database", "spywire db restore"),
        ("attempt to write a readonly database", "the right to write"),
        ("connection refused", "as before"),
    ],
)
def test_the_cure_fits_the_cause(said: str, words: str) -> None:
    assert words in cure(OSError(said), "as before")
