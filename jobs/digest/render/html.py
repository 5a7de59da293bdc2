"""The edition as one HTML file: inline styles, no scripts, no pictures, nothing fetched."""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING

from jobs.digest import words
from jobs.digest.plain import host, web_url
from jobs.digest.render import looks, phrases

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment
    from markupsafe import Markup

    from jobs.digest.edition import Edition

LARGEST = 100_000  # bytes: Gmail clips a message at about 102 kB
ALL = 1_000_000  # stories


def as_html(edition: Edition) -> str:
    """The edition in less than `LARGEST` bytes: stories become a line each, and then a count, until it fits."""
    whole = _page(edition)
    if _size(whole) < LARGEST:
        return whole
    most = max(len(edition.flagged.items), len(edition.held.items), len(phrases.troubles(edition.coverage)), 1)
    brief = partial(_page, edition, full=0)
    if _size(brief()) < LARGEST:
        return _largest(partial(_page, edition), brief(), whole, most)
    return _largest(lambda lines: brief(lines=lines), brief(lines=0), brief(), most)


def _largest(page: Callable[[int], str], smallest: str, whole: str, most: int) -> str:
    """The largest page that fits, where `smallest` has room for nothing and `whole` for `most`.

    Pages grow about evenly with their room, so the places to look at are reckoned and not halved.
    """
    low, high = (0, smallest), (most, whole)
    while high[0] - low[0] > 1:
        room = LARGEST - _size(low[1])
        guess = low[0] + room * (high[0] - low[0]) // max(_size(high[1]) - _size(low[1]), 1)
        middle = min(max(guess, low[0] + 1), high[0] - 1)
        tried = middle, page(middle)
        low, high = (tried, high) if _size(tried[1]) < LARGEST else (low, tried)
    return low[1]


def as_html_alert(edition: Edition) -> str:
    """The one story of an alert, and nothing else."""
    return _mail().get_template("mail.html").render(edition=edition, content="alert.html")


def _size(page: str) -> int:
    return len(page.encode())


def _page(edition: Edition, full: int = ALL, *, lines: int = ALL) -> str:
    """The page with at most `full` stories in full, and at most `lines` more and entries of each list in a line."""
    return _mail().get_template("mail.html").render(edition=edition, content="edition.html", full=full, lines=lines)


@cache
def _mail() -> Environment:
    return environment(inline=True)


def environment(*, inline: bool, package: str = "jobs.digest") -> Environment:
    """Templates of a package and those of the digest. With `inline`, each element carries its own style."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in dict.fromkeys([package, "jobs.digest"])]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.update(
        words=words, say=phrases, looks=looks, host=host, web_url=web_url, ALL=ALL,
        look=_looks(inline=inline), story_page=_nowhere,
    )  # fmt: skip
    made.filters["coded"] = _coded
    return made


def _looks(*, inline: bool) -> dict[str, Markup]:
    """What stands in an element for its look."""
    from markupsafe import Markup

    if not inline:
        return {name: Markup(f'class="{name}"') for name in looks.LOOKS}  # noqa: S704 - a table of ours
    return {
        name: Markup((f'class="{name}" ' if look.dark else "") + f'style="{look.light}"')  # noqa: S704 - as above
        for name, look in looks.LOOKS.items()
    }


def _nowhere(_: object) -> str:
    """A mail has no pages of its own to lead to."""
    return ""


def _coded(text: str) -> Markup:
    """What stands between backticks, as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before
