"""Bytes of a feed or sitemap to text, whatever their labels claim."""

from __future__ import annotations

import codecs
import re
import zlib
from gzip import BadGzipFile, GzipFile
from io import BytesIO
from typing import NamedTuple

from w3lib.encoding import resolve_encoding

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it starts with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"), (b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"))
_MARKS = tuple(start for start, _ in (*_BOMS, *_WIDE))
_EBCDIC_PROLOG = bytes.fromhex("4c6fa7949340")  # `<?xml ` in every EBCDIC code page
_PROLOG = re.compile(rb"""<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]{1,40})""", re.IGNORECASE)
_SEVEN_BIT = frozenset({"iso2022_jp", "iso2022_kr", "hz", "iso-2022-jp", "iso-2022-kr", "hz-gb-2312"})
_SAMPLE = 20_000
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 65_536
# Where a wrong label most often hides one of these; telling more of them apart would need more text than a feed has.
_LEGACY = "cp1252 cp1251 koi8_r cp1250 cp1253 cp1254 cp1255 cp1256 gb18030 big5 cp932 euc_jp euc_kr".split()


def decode(body: bytes, charset: str | None = None) -> str:
    """The text of an XML or JSON body.

    A byte order mark wins. Then valid UTF-8 wins over any other label, because text in another encoding is hardly ever
    valid UTF-8 by chance; then the HTTP header's `charset`, the XML prolog, and a guess from the bytes. UTF-8 with a
    few broken bytes stays UTF-8. Never raises: what cannot be read becomes U+FFFD.
    """
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")
    for start, encoding in _WIDE:
        if body.startswith(start):
            return body.decode(encoding, "replace")
    labels = _labels(body, charset)
    if body.isascii():
        return body.decode(next((label for label in labels if label in _SEVEN_BIT), "ascii"), "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return _decode_legacy(body, labels)


def is_utf8(body: bytes, charset: str | None = None) -> bool:
    """`decode` gives the same as `body.decode()`."""
    if body.startswith(_MARKS):
        return False
    if body.isascii():
        return _SEVEN_BIT.isdisjoint(_labels(body, charset))
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


class Unpacked(NamedTuple):
    """A body as it is read."""

    body: bytes
    over: bool = False  # there is more of it than is read
    broken: bool = False  # its packing is damaged or cut off: this is what comes before


def gunzip(body: bytes, limit: int) -> Unpacked:
    """The first `limit` bytes of a body, unpacked if it is gzip: all its members (RFC 1952, section 2.2)."""
    if not body.startswith(_GZIP_MAGIC):
        return Unpacked(body[:limit], over=len(body) > limit)
    unpacked, broken = bytearray(), False
    with GzipFile(fileobj=BytesIO(body)) as file:
        try:
            while len(unpacked) <= limit and (piece := file.read1(_CHUNK)):
                unpacked += piece
        except BadGzipFile:  # what follows the last member is none
            broken = not unpacked
        except (EOFError, zlib.error):
            broken = True
    return Unpacked(bytes(unpacked[:limit]), over=len(unpacked) > limit, broken=broken)


def _labels(body: bytes, charset: str | None) -> list[str]:
    prolog = _PROLOG.search(body[:1024])
    if body.startswith(_EBCDIC_PROLOG):
        prolog = _PROLOG.search(body[:1024].decode("cp037").encode("ascii", "replace"))
    claims = (charset, prolog[1].decode("ascii", "replace") if prolog else None)
    return [label for claim in claims if claim and (label := resolve_encoding(claim))]


def _decode_legacy(body: bytes, labels: list[str]) -> str:
    for label in labels:
        if label != "utf-8":
            try:
                return body.decode(label)
            except (UnicodeDecodeError, LookupError):
                continue
    text = body.decode("utf-8", "replace")
    odd = len(text) - len(text.encode("ascii", "ignore"))
    if text.count("\ufffd") * 2 < odd:
        return text
    return body.decode(_guess(body), "replace")


def _guess(body: bytes) -> str:
    from charset_normalizer import from_bytes

    lines = b"\n".join(line for line in body.splitlines() if not line.isascii())
    matches = from_bytes(lines[:_SAMPLE], cp_isolation=_LEGACY)
    best = matches.best()
    western = next((match for match in matches if match.encoding == "cp1252"), None)
    if best is None or (western and western.chaos <= best.chaos):
        return "cp1252"  # by far the most frequent of those that the bytes do not tell apart
    return best.encoding
