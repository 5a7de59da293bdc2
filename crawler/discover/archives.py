"""The pages of a WARC archive: each as the crawler that wrote it once received it."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO

import brotli

from crawler.discover.warc import Broken, Record, read_records
from crawler.urls import absolute_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_BODY = 16 * 1024 * 1024  # bytes, unpacked
MAX_CODINGS = 2  # on top of each other; more is an attack
OK = 200
REDIRECTS = range(300, 400)
COMPANIONS = frozenset({"warcinfo", "request", "metadata"})  # they describe a file or a page, and are none
HTML = frozenset({"text/html", "application/xhtml+xml"})
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})\b")
_CHUNK_SIZE = re.compile(rb"(?:\r?\n)?([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_MARKUP = re.compile(rb"<[!a-zA-Z?]")


class Unfit(StrEnum):
    """Why a record that can be read is no page for us."""

    REVISIT = "revisit"  # the same content as another record, which holds it
    NOT_A_RESPONSE = "not-a-response"  # resource, conversion, continuation
    NOT_HTTP = "not-http"  # its URL, or its content
    NO_DATE = "no-date"
    REDIRECT = "redirect"
    STATUS = "http-status"  # neither 200 nor a redirect
    NOT_HTML = "not-html"
    BAD_CODING = "bad-coding"  # a Content-Encoding that is unknown or broken
    OVER_SIZE = "over-size"


@dataclass(frozen=True, kw_only=True)
class ArchivedPage:
    """A page with status 200 and an HTML type. `body` is unpacked; `charset` is what the HTTP header claims.

    `offset` is the byte of the file where reading can be taken up again.
    """

    url: str
    body: bytes
    charset: str | None
    fetched_at: datetime  # aware, UTC: WARC-Date
    offset: int


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A record that gave no page. `broken` if it could not even be read; `reason` is a `Damage` or an `Unfit`."""

    offset: int
    reason: str
    broken: bool


class UnfitError(Exception):
    """The record is no page for us."""

    def __init__(self, reason: Unfit) -> None:
        super().__init__(reason)
        self.reason = reason


def read_archive(file: BinaryIO, *, start: int = 0) -> Iterator[ArchivedPage | Dropped]:
    """Every page of a WARC file from the byte `start` on, and a `Dropped` for all else but requests and metadata.

    Raises what `read_records` does. Holds one record at a time.
    """
    for record in read_records(file, start=start):
        if isinstance(record, Broken):
            yield Dropped(offset=record.offset, reason=record.reason, broken=True)
        elif record.headers.get("warc-type", "").lower() not in COMPANIONS:
            try:
                yield page_of(record)
            except UnfitError as error:
                yield Dropped(offset=record.offset, reason=error.reason, broken=False)


def page_of(record: Record) -> ArchivedPage:
    """The page that a response record holds. Raises `UnfitError` with the reason if it holds none."""
    kind = record.headers.get("warc-type", "").lower()
    if kind != "response":
        raise UnfitError(Unfit.REVISIT if kind == "revisit" else Unfit.NOT_A_RESPONSE)
    status, headers, body = _response(record.block)
    if status != OK:
        raise UnfitError(Unfit.REDIRECT if status in REDIRECTS else Unfit.STATUS)
    content_type = headers.get("content-type") or record.headers.get("warc-identified-payload-type", "")
    if content_type.partition(";")[0].strip().lower() not in HTML:
        raise UnfitError(Unfit.NOT_HTML)
    return ArchivedPage(
        url=_url(record.headers.get("warc-target-uri", "")),
        body=_decoded(body, headers),
        charset=_charset(content_type),
        fetched_at=_date(record.headers.get("warc-date", "")),
        offset=record.offset,
    )


def _response(block: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers with lower-case names, and body (RFC 9112), forgiving."""
    status = _STATUS.match(block)
    if status is None:
        raise UnfitError(Unfit.NOT_HTTP)
    end = _HEAD_END.search(block)
    head, body = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").split("\n")[1:]:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return int(status[1]), headers, body


def _url(value: str) -> str:
    """The page's address. wget writes it in angle brackets."""
    value = value.strip().removeprefix("<").removesuffix(">")
    url = absolute_url(value, value) if re.match(r"https?://", value, re.IGNORECASE) else None
    if url is None:
        raise UnfitError(Unfit.NOT_HTTP)
    return url


def _date(value: str) -> datetime:
    try:
        date = datetime.fromisoformat(value.strip())
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnfitError(Unfit.NO_DATE) from None


def _charset(content_type: str) -> str | None:
    _, _, charset = content_type.lower().partition("charset=")
    return charset.split(";")[0].strip(" \"'") or None


def _decoded(body: bytes, headers: Mapping[str, str]) -> bytes:
    """The body without its codings. Many archives hold it unpacked beside the headers of the packed one."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _unchunked(body)
    codings = [coding.strip().lower() for coding in headers.get("content-encoding", "").split(",")]
    codings = [coding for coding in codings if coding not in {"", "identity", "none", "utf-8"}]
    if len(codings) > MAX_CODINGS:
        raise UnfitError(Unfit.BAD_CODING)
    for coding in reversed(codings):
        body = _unpacked(body, coding)
    if len(body) > MAX_BODY:
        raise UnfitError(Unfit.OVER_SIZE)
    return body


def _unchunked(body: bytes) -> bytes:
    """The chunks together (RFC 9112, section 7.1); what is not chunked after all stays as it is."""
    chunks, position = [], 0
    while (size := _CHUNK_SIZE.match(body, position)) and int(size[1], 16):
        position = size.end() + int(size[1], 16)
        chunks.append(body[size.end() : position])
    if chunks and size is None and position < len(body):
        chunks.append(body[position:])  # a broken chunk: the rest is better read raw than lost
    return b"".join(chunks) if chunks or size else body


def _unpacked(body: bytes, coding: str) -> bytes:
    try:
        unpack = _CODINGS[coding]
    except KeyError:
        raise UnfitError(Unfit.BAD_CODING) from None
    try:
        return unpack(body)
    except (zlib.error, brotli.error) as error:
        if _MARKUP.match(body.lstrip()[:2]):
            return body
        raise UnfitError(Unfit.BAD_CODING) from error


def _gunzip(body: bytes) -> bytes:
    return _inflated(body, 31)


def _inflate(body: bytes) -> bytes:
    """`deflate` with its zlib frame, as the standard has it, or without, as some servers send it."""
    try:
        return _inflated(body, zlib.MAX_WBITS)
    except zlib.error:
        return _inflated(body, -zlib.MAX_WBITS)


def _inflated(body: bytes, wbits: int) -> bytes:
    return zlib.decompressobj(wbits=wbits).decompress(body, MAX_BODY + 1)


def _unbrotli(body: bytes) -> bytes:
    return bytes(brotli.Decompressor().process(body, output_buffer_limit=MAX_BODY + 1))


_CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
}
