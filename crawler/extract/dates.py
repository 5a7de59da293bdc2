"""When an article was published, from what pages write where a date belongs. Always aware, UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)  # no news on the web before
TOLERANCE = timedelta(hours=24)  # clocks and zones are wrong by less

_ISO = re.compile(
    r"(?P<year>(?:19|20)\d\d)[-/.]?(?P<month>\d\d?)[-/.]?(?P<day>\d\d?)"
    r"(?:[T ]+(?:at )?(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,:]\d+)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?)?",
)
_HAN = re.compile(r"((?:19|20)\d\d)\s*[年년]\s*(\d\d?)\s*[月월]\s*(\d\d?)\s*[日일](?:\D{0,6}(\d\d?)[:：時时시](\d\d))?")
_IN_URL = re.compile(r"/((?:19|20)\d\d)[/-]?([01]\d|[1-9])[/-]?([0-3]\d|[1-9])(?=[/_.-]|$)")
_STAMP = re.compile(r"\d{10}(?:\d{3})?$")


def read_date(text: str | None) -> datetime | None:
    """The instant that a machine-readable date means; a time without a zone is taken for UTC, a day for its start.

    Reads ISO 8601 and what resembles it, RFC 5322, Unix time, and Chinese, Japanese and Korean dates.
    """
    text = (text or "").strip()
    if _STAMP.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    if found := _ISO.match(text):
        return _from_iso(found)
    if found := _HAN.search(text):
        return _built(*(int(part or 0) for part in found.groups()))
    try:
        parsed = parsedate_to_datetime(text[:100])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def date_in_url(url: str) -> datetime | None:
    """The day in a path such as /2024/05/17/ or /20240517-; None without one."""
    found = _IN_URL.search(url)
    return _built(*(int(part) for part in found.groups())) if found else None


def believable(moment: datetime | None, *, fetched_at: datetime) -> bool:
    """Neither older than news on the web nor younger than the page that claims it."""
    return moment is not None and EARLIEST <= moment <= fetched_at + TOLERANCE


def _from_iso(found: re.Match[str]) -> datetime | None:
    parts = found.groupdict()
    local = _built(*(int(parts[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")))
    if local is None:
        return None
    return (local - _offset(parts["zone"])).replace(tzinfo=UTC)


def _offset(zone: str | None) -> timedelta:
    if not zone or zone[0] not in "+-":
        return timedelta()
    digits = zone[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return ahead if zone[0] == "+" else -ahead


def _built(*parts: int) -> datetime | None:
    try:
        return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return None
