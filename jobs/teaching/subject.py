"""Which article a person means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.urls import url_key
from jobs.exits import NothingThereError, UsageError
from jobs.stories.view import primary
from storage.ledger import Ledger
from storage.records import LinkState
from storage.stories import Stories
from storage.verdicts import Verdicts

if TYPE_CHECKING:
    from storage.database import Database
    from storage.records import StoredArticle

ITEM = re.compile(r"S-\d{8}-\d{2,4}", re.IGNORECASE)
SEEN = "`spywire why URL` tells what became of a link"


def subject(named: str, database: Database) -> StoredArticle:
    """The article behind a URL, its number, or the id that a digest gave it or its story. Raises `CommandError`."""
    named = named.strip()
    if ITEM.fullmatch(named):
        return _of_item(named.upper(), database)
    number = named.upper().removeprefix("A-")
    if number.isdigit():
        return _of_number(int(number), database)
    return _of_url(named, database)


def _of_item(item: str, database: Database) -> StoredArticle:
    """The article that tells the story of this name."""
    story = Stories(database).named(item)
    if story is None:
        raise NothingThereError(f"there is no story {item}; `spywire story list` shows the latest")
    return primary(story)


def _of_number(number: int, database: Database) -> StoredArticle:
    found = Verdicts(database).article(number) if number < 2**31 else None
    if found is None:
        raise NothingThereError(f"there is no article {number}; name it by its URL, or see `spywire audit --list`")
    return found


def _of_url(url: str, database: Database) -> StoredArticle:
    try:
        history = Ledger(database).history(url_key(url))
    except ValueError as error:
        raise UsageError(f"{url} is no link, no article's number and no digest item's id: {error}") from error
    if history is None:
        raise NothingThereError(
            f"{url} was never seen; add its source with `spywire sources add`, or crawl, and label it then"
        )
    if history.stored is None:
        cure = "label that one" if history.state is LinkState.DUPLICATE else SEEN
        raise NothingThereError(f"{url} has no article to label: {history.state}: {history.reason or '-'}; {cure}")
    return history.stored
