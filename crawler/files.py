"""The files behind an archive source: which they are, how far each was read, and its records in batches."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from crawler.discover.archives import ArchivedPage, Dropped, read_archive
from crawler.discover.errors import MalformedFeedError, NotAFeedError
from crawler.discover.warc import is_start
from crawler.errors import CrawlerError
from crawler.polling import unread
from storage.records import PollState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from storage.records import Validators

SCHEME = "file://"
ENDINGS = (".warc", ".warc.gz", ".arc", ".arc.gz")  # what a folder is searched for; ARC files are refused by name
BATCH = 200  # records between two looks into the ledger
BATCH_BYTES = 64 * 1024 * 1024  # or earlier: what a batch may hold in memory

Item = ArchivedPage | Dropped


class UnreadableFileError(CrawlerError):
    """A file of an archive could not be read, or not to its end."""

    def __init__(self, state: PollState, detail: str) -> None:
        super().__init__(detail)
        self.state = state
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How far a file was read: every byte before `offset`, or the whole of it if that is None.

    A file is told from another one of its name by size (bytes) and time of change.
    """

    file: str
    offset: int | None

    @classmethod
    def read(cls, known: Validators) -> Mark | None:
        """The mark that the last poll left, as the validators of its URL."""
        if known.etag is None or known.last_modified is None:
            return None
        return cls(file=known.etag, offset=None if known.last_modified == "end" else int(known.last_modified))

    @property
    def place(self) -> str:
        """The offset, in the words of the polls."""
        return "end" if self.offset is None else str(self.offset)


def archive_files(url: str) -> list[Path]:
    """The files that a `file://` URL stands for: one file, a folder with all below it, or a pattern.

    Raises `UnreadableFileError` if there is nothing.
    """
    path = Path(unquote(url.removeprefix(SCHEME)))
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.name.lower().endswith(ENDINGS) and file.is_file())
    found = [path] if path.is_file() else [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207 - an absolute pattern
    files = sorted(file for file in found if file.is_file())
    if not files:
        raise UnreadableFileError(PollState.UNREACHABLE, f"there is no file {path}")
    return files


def batches(items: Iterable[Item], *, count: int = BATCH, size: int = BATCH_BYTES) -> Iterator[list[Item]]:
    """The items in lists of at most `count`, which end early once they hold `size` bytes."""
    batch: list[Item] = []
    held = 0
    for item in items:
        batch.append(item)
        held += len(item.body) if isinstance(item, ArchivedPage) else 0
        if len(batch) >= count or held >= size:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def read_on(path: Path, known: Mark | None) -> Mark:
    """Where to read on. Another file under the same name is read from its start. Raises `UnreadableFileError`."""
    try:
        found = path.stat()
    except OSError as error:
        raise UnreadableFileError(PollState.UNREACHABLE, error.strerror or str(error)) from error
    file = f"{found.st_size}-{found.st_mtime_ns}"
    return known if known is not None and known.file == file else Mark(file=file, offset=0)


def read_file(path: Path, offset: int) -> Iterator[list[Item]]:
    """The batches of a file from a byte on, or from its start if no record begins there.

    Raises `UnreadableFileError` where it cannot be read on.
    """
    try:
        with path.open("rb") as file:
            yield from batches(read_archive(file, start=offset if is_start(file, offset) else 0))
    except (NotAFeedError, MalformedFeedError) as error:
        raise UnreadableFileError(*unread(error)) from error
    except OSError as error:
        raise UnreadableFileError(PollState.UNREACHABLE, error.strerror or str(error)) from error
