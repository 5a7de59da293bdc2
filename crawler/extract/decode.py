"""From the bytes of a page to its characters."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

from crawler.errors import UnextractableError

MAX_BYTES = 16_000_000  # what lies beyond is cut: no article is that long
_PEEK = 65_536
_BINARY_SHARE = 0.01  # of control bytes that no text encoding produces

_MAGIC = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"RIFF", b"\x00\x00\x00", b"MZ")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes({*range(32), 0x7F} - {*b"\t\n\r\v\f\x1a\x1b"})  # ESC opens ISO-2022, SUB ends old files
_META_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_TAG = re.compile(rb"<[^<>]*>")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")

# Encodings whose bytes also pass for UTF-8, so that a claim of theirs is believed first.
_ESCAPED = {"iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_kr", "hz"}


def decode(body: bytes, charset: str | None) -> str:
    """The characters of a page: by its byte order mark, as UTF-8, by what header or page claim, or by a guess.

    UTF-8 goes before the claims because it proves itself: text in another encoding does not happen to be valid UTF-8,
    while servers often claim ISO-8859-1 for everything. Bytes that fit nothing become U+FFFD.
    Raises `UnextractableError("binary")` for what is no text and `UnextractableError("empty")` for nothing.
    """
    body = body[:MAX_BYTES]
    if not body.strip():
        raise UnextractableError("empty")
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return _clean(body[len(bom) :].decode(encoding, "replace"))
    if "utf-16" in (charset or "").lower():
        return _clean(body.decode("utf-16-le", "replace"))
    _refuse_binary(body)
    return _clean(_decode_claimed(body, _claims(body, charset)) or _decode_guessed(body))


def _refuse_binary(body: bytes) -> None:
    head = body[:_PEEK]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if body.startswith(_MAGIC) or controls > _BINARY_SHARE * len(head):
        raise UnextractableError("binary")


def _claims(body: bytes, charset: str | None) -> list[str]:
    found = _META_CHARSET.search(body[:8192])
    names = [charset or "", found[1].decode("ascii") if found else ""]
    return list(dict.fromkeys(encoding for name in names if (encoding := _encoding(name))))


def _encoding(name: str) -> str | None:
    """Python's name for an encoding, read as browsers do: by the WHATWG's labels, Latin-1 being Windows-1252."""
    from w3lib.encoding import resolve_encoding

    return resolve_encoding(name)


def _decode_claimed(body: bytes, claims: list[str]) -> str | None:
    if b"\x1b" not in body:
        with suppress(UnicodeDecodeError):
            return body.decode("utf-8")
    ordered = [c for c in claims if c in _ESCAPED and b"\x1b" in body] + ["utf-8"]
    for encoding in [*ordered, *(c for c in claims if c not in ordered)]:
        text = body.decode(encoding, "replace")
        if _plausible(text):
            return text
    return None


def _plausible(text: str) -> bool:
    """Nearly all that is not ASCII could be decoded; a page cut in the middle of a character still counts."""
    bad = text.count("\ufffd") - text.endswith("\ufffd")
    return bad == 0 or bad <= 0.02 * (len(text) - len(text.encode("ascii", "ignore")))


def _decode_guessed(body: bytes) -> str:
    from charset_normalizer import from_bytes

    prose = _TAG.sub(b" ", body[: 20 * _PEEK])
    first = _NOT_ASCII.search(prose)
    start = max(0, first.start() - 200) if first else 0
    guess = from_bytes(prose[start : start + 8_000]).best()
    return body.decode(guess.encoding if guess else "utf-8", "replace")


def _clean(text: str) -> str:
    return text.replace("\x00", "").lstrip("\ufeff")
