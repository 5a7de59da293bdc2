"""The records of a WARC file (ISO 28500), plain or gzip, however damaged.

Every gzip member is read by itself, on zlib: a record with a wrong length then costs itself and no other. Readers that
see the file as one stream go on into the next member, lose that record, and give its bytes to the wrong page. After
damage the reading goes on where the next record or member begins.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Protocol

from crawler.discover.errors import MalformedFeedError, NotAFeedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BLOCK = 16 * 1024 * 1024  # bytes of a record, unpacked: no page is larger
MAX_HEAD = 64 * 1024
MAX_SKIPPED = 64 * 1024 * 1024  # bytes unpacked only to get past them
MAX_BROKEN = 1000  # records; a file with more of them is given up
_CHUNK = 64 * 1024
_SCANNED = 1024 * 1024
_GZIP = b"\x1f\x8b\x08"
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_PLAIN_START = re.compile(rb"\n\r?\n(?=WARC/\d)")
_PACKED_START = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")  # the flags have five bits
_FOREIGN = (
    (b"filedesc:", "an ARC file, the format before WARC: convert it with `warcio recompress`"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file: unpack it with `zstd -d`"),
)


class Damage(StrEnum):
    """Why a record could not be read."""

    NOT_A_RECORD = "not-a-record"  # no WARC header where one should be, or one without a length
    WRONG_LENGTH = "wrong-length"  # the record does not end where its header says
    CUT_SHORT = "cut-short"  # the file ends before the record does
    BAD_GZIP = "bad-gzip"
    OVER_SIZE = "over-size"
    TOO_DAMAGED = "too-damaged"  # the rest of a file in which nearly nothing can be read


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record. `offset` is where reading can be taken up again: its start, or that of its gzip member.

    `headers` have lower-case names; `block` is empty unless the record's type was wanted.
    """

    offset: int
    headers: Mapping[str, str]
    block: bytes


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A record that could not be read."""

    offset: int
    reason: Damage


class DamageError(Exception):
    """The frame cannot be read any further."""

    def __init__(self, reason: Damage) -> None:
        super().__init__(reason)
        self.reason = reason


def read_records(file: BinaryIO, *, start: int = 0, wanted: str = "response") -> Iterator[Record | Broken]:
    """Every record from the byte `start` on, which must be 0 or the offset of a record.

    NotAFeedError if the file is no WARC file, MalformedFeedError if it is empty. Nothing else is raised for what the
    bytes are; an OSError of the file passes through.
    """
    packed = _is_packed(file)
    begin: int | None = start
    broken = 0
    while begin is not None:
        frame = _Frame(file, begin, packed=packed)
        try:
            yield from _records(frame, wanted)
            begin = frame.end()
            continue
        except DamageError as damage:
            yield Broken(offset=frame.resume, reason=damage.reason)
        broken += 1
        if broken >= MAX_BROKEN:
            yield Broken(offset=frame.resume, reason=Damage.TOO_DAMAGED)
            return
        begin = _next_start(file, frame.resume + 1, packed=packed)


def is_start(file: BinaryIO, offset: int) -> bool:
    """Whether a record, or a gzip member with one, begins at the byte `offset`."""
    file.seek(offset)
    head = file.read(1024)
    return (_unpacked_start(head) if head.startswith(_GZIP) else head).startswith(b"WARC/")


class _Bytes(Protocol):
    def fill(self) -> bytes: ...

    def end(self) -> int | None: ...


class _Plain:
    """The rest of a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def fill(self) -> bytes:
        return self._file.read(_CHUNK)

    def end(self) -> int | None:
        return None


class _Member:
    """One member of a gzip file, unpacked a chunk at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflate = zlib.decompressobj(wbits=31)

    def fill(self) -> bytes:
        while not self._inflate.eof:
            data = self._inflate.unconsumed_tail or self._file.read(_CHUNK)
            try:
                unpacked = self._inflate.decompress(data, _CHUNK)
            except zlib.error as error:
                raise DamageError(Damage.BAD_GZIP) from error
            if unpacked:
                return unpacked
            if not data and not self._inflate.eof:
                raise DamageError(Damage.CUT_SHORT)
        return b""

    def end(self) -> int | None:
        """Where the next member begins; None at the end of the file, which some writers fill up with zeros."""
        end = self._file.tell() - len(self._inflate.unused_data)
        self._file.seek(end)
        return end if self._file.read(_CHUNK).strip(b"\0\r\n") else None


class _Frame:
    """What is read in one go: a gzip member, or a plain file to its end."""

    def __init__(self, file: BinaryIO, start: int, *, packed: bool) -> None:
        file.seek(start)
        self.packed = packed
        self.resume = start  # where the record that is being read can be taken up
        self._position = start
        self._bytes: _Bytes = _Member(file) if packed else _Plain(file)
        self._buffer = bytearray()

    def begin(self) -> bool:
        """Go to the next record; False if there is none."""
        self.skip_blank()
        if not self.packed:
            self.resume = self._position
        return bool(self.peek(1))

    def end(self) -> int | None:
        """Where the next frame begins, once this one is read."""
        return self._bytes.end()

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer at the end."""
        while len(self._buffer) < size and (more := self._bytes.fill()):
            self._buffer += more
        return bytes(self._buffer[:size])

    def read(self, size: int) -> bytes:
        """The next bytes, and go past them; fewer at the end."""
        data = self.peek(size)
        del self._buffer[: len(data)]
        self._position += len(data)
        return data

    def skip(self, size: int) -> int:
        """Go past some bytes; how many there were."""
        left = size
        while left and (data := self.read(min(left, _CHUNK))):
            left -= len(data)
        return size - left

    def skip_blank(self) -> None:
        """Go past the line breaks."""
        while data := self.peek(_CHUNK):
            blank = len(data) - len(data.lstrip(b"\r\n"))
            self.read(blank)
            if blank < len(data):
                return

    def head(self) -> bytes:
        """A header block up to its empty line."""
        for size in (1024, 4096, MAX_HEAD):
            if end := _HEAD_END.search(self.peek(size)):
                return self.read(end.end())
        raise DamageError(Damage.NOT_A_RECORD if len(self.peek(MAX_HEAD)) == MAX_HEAD else Damage.CUT_SHORT)


def _records(frame: _Frame, wanted: str) -> Iterator[Record | Broken]:
    while frame.begin():
        headers = _headers(frame)
        length = _length(headers)
        kept = headers.get("warc-type", "").lower() == wanted
        if kept and length <= MAX_BLOCK:
            block = frame.read(length)
            got = len(block)
        else:
            block, got = b"", _skipped(frame, length)
        _check_end(frame, missing=length - got)
        if kept and length > MAX_BLOCK:
            yield Broken(offset=frame.resume, reason=Damage.OVER_SIZE)
        else:
            yield Record(offset=frame.resume, headers=headers, block=block)


def _headers(frame: _Frame) -> dict[str, str]:
    if not frame.peek(5).startswith(b"WARC/"):
        raise DamageError(Damage.NOT_A_RECORD)
    lines = re.sub(r"\r?\n[ \t]+", " ", frame.head().decode("utf-8", "replace")).splitlines()[1:]
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _length(headers: Mapping[str, str]) -> int:
    value = headers.get("content-length", "")
    if not (value.isascii() and value.isdigit() and len(value) <= 15):  # noqa: PLR2004 - a petabyte
        raise DamageError(Damage.NOT_A_RECORD)
    return int(value)


def _skipped(frame: _Frame, length: int) -> int:
    if frame.packed and length > MAX_SKIPPED:
        raise DamageError(Damage.OVER_SIZE)  # a bomb; the next member is found without unpacking this one
    return frame.skip(length)


def _check_end(frame: _Frame, *, missing: int) -> None:
    """Two line breaks end a record. Some writers leave them out; then the next one, or nothing, must follow."""
    if missing:
        raise DamageError(Damage.WRONG_LENGTH if frame.packed else Damage.CUT_SHORT)
    if frame.peek(4) == b"\r\n\r\n":
        return
    frame.skip_blank()
    if frame.peek(5) not in {b"", b"WARC/"}:
        raise DamageError(Damage.WRONG_LENGTH)


def _is_packed(file: BinaryIO) -> bool:
    file.seek(0)
    head = file.read(_SCANNED)
    packed = head.startswith(_GZIP)
    text = _unpacked_start(head[:_CHUNK]) if packed else head
    if not head:
        raise MalformedFeedError("the file is empty")
    for magic, name in _FOREIGN:
        if text.startswith(magic):
            raise NotAFeedError("WARC file", name)
    if not text.lstrip(b"\r\n").startswith(b"WARC/") and _find_start(file, head, 0, packed=packed) is None:
        raise NotAFeedError("WARC file", f"something that starts with {text[:40]!r}")
    return packed


def _next_start(file: BinaryIO, start: int, *, packed: bool) -> int | None:
    """The first record or member that begins at the byte `start` or after it."""
    position = max(start - 8, 0)
    while True:
        file.seek(position)
        data = file.read(_SCANNED)
        found = _find_start(file, data, position, packed=packed, after=start)
        if found is not None or len(data) < _SCANNED:
            return found
        position += len(data) - 16  # a start may lie across the border


def _find_start(file: BinaryIO, data: bytes, position: int, *, packed: bool, after: int = 0) -> int | None:
    for match in (_PACKED_START if packed else _PLAIN_START).finditer(data):
        offset = position + (match.start() if packed else match.end())
        if offset >= after and is_start(file, offset):
            return offset
    return None


def _unpacked_start(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(data, 1024)
    except zlib.error:
        return b""
