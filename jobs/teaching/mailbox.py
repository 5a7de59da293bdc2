"""Answers to a digest, read from a mailbox (mbox, RFC 4155).

Mail comes from anybody and holds anything. Nothing of it is read but lines of an item's id and one word, above what it
repeats. Whose word it is stands in its From, which is no more than a claim; it counts where it names a known reader.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from typing import TYPE_CHECKING

from crawler.text import clean_line
from jobs.teaching.labelfiles import BadRow, Row
from storage.records import Word

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from email.message import Message

_MESSAGE = 2 * 1024 * 1024  # bytes of one mail
_PARTS = 50  # of one mail
_ANSWERS = 1_000  # in one mail
_ANSWER = re.compile(
    r"[ \t]{0,8}(?:spywire[ \t]{1,8}label[ \t]{1,8})?"
    r"(S-\d{8}-\d{2,4}|A-\d{1,9})[ \t:]{1,8}(flag|reject|none)[ \t]{0,8}[.!]?[ \t]{0,8}",
    re.IGNORECASE | re.ASCII,
)
# Where a client begins to repeat the digest without a `>`; the digest itself shows how an answer is written.
_REPEATED = re.compile(r"[ \t]{0,8}(-{3,}.{1,80}-{3,}|_{8,}|(From|Von|De|Van|Da) ?: .*)[ \t]{0,8}")
_FROM = re.compile(
    r"[^<>]*<([^<>@\s]+@[^<>@\s]+)>|([^<>@\s,;]+@[^<>@\s,;]+)"
)  # email.utils reads what is not one as one
_NEW_MAIL = re.compile(rb"^From (?=\S)", re.MULTILINE)
_WIDE = {"utf-16", "utf-16le", "utf-16be", "utf-32"}  # every other charset of mail writes ASCII as ASCII


def answers(data: bytes, *, senders: Collection[str] | None) -> Iterator[Row | BadRow]:
    """The answers of a mailbox. A mail that cannot be read, or is not from `senders` (None: anybody), is named."""
    readers = None if senders is None else {sender.lower() for sender in senders}
    starts = [match.start() for match in _NEW_MAIL.finditer(data)]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(data)], strict=True), 1):
        place = f"mail {number}"
        body = data[start:end].partition(b"\n")[2]
        if len(body) > _MESSAGE:
            yield BadRow(place=place, why=f"larger than {_MESSAGE // 2**20} MiB")
            continue
        try:
            message = message_from_bytes(body)
            sender, found = _sender(message), list(_answers(_plain(message)))
        except (RecursionError, ValueError, LookupError, AssertionError) as error:
            yield BadRow(place=place, why=f"cannot be read: {type(error).__name__}")
            continue
        if found and readers is not None and sender not in readers:
            who = sender or "nobody"
            yield BadRow(place=place, why=f"answers from {who}, to whom no profile is sent; --anyone takes them")
            continue
        yield from (Row(place=place, subject=item, word=word, by=sender or "mail") for item, word in found)


def _sender(message: Message) -> str:
    """Who claims to have written it; empty where that is not one address."""
    claims = message.get_all("From", [])
    if len(claims) != 1:
        return ""
    address = _FROM.fullmatch(" ".join(str(claims[0]).split()))
    return clean_line(address[1] or address[2], limit=254).lower() if address else ""


def _plain(message: Message) -> str:
    texts = []
    for number, part in enumerate(message.walk()):
        if number >= _PARTS:
            break
        if part.get_content_type() == "text/plain" and isinstance(raw := part.get_payload(decode=True), bytes):
            charset = str(part.get_param("charset") or "").lower()
            texts.append(raw.decode(charset if charset in _WIDE else "ascii", "replace"))
    return "\n".join(texts)


def _answers(text: str) -> Iterator[tuple[str, Word]]:
    """Lines of exactly an id and a word, also behind the command's name. What a mail quotes begins with `>`: none."""
    found = 0
    for line in text.splitlines():
        if _REPEATED.fullmatch(line) or found == _ANSWERS:
            return
        if answer := _ANSWER.fullmatch(line):
            found += 1
            yield answer[1].upper(), Word(answer[2].lower())
