"""The way out: names, TLS, what time it is elsewhere, the mail server. All bounded; none has to be there."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from queue import Empty, Queue
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.guard import DEFAULT_PORTS, address_allowed
from jobs.doctor.finding import fail, ok, warn
from jobs.exits import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.sources import Source
    from jobs.doctor.finding import Finding, Subject
    from jobs.settings import Fetch

PATIENCE = 5.0  # seconds for everything that is asked of one host
MOST = 3  # hosts
SKEW = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Contact:
    """What came of one host: its time, or why there is none and what to do."""

    host: str
    date: datetime | None = None
    trouble: str = ""
    remedy: str = ""


def hosts(subject: Subject) -> Iterator[Finding]:
    """Whether a few of the sources' hosts are found and trusted, and agree with our clock."""
    places = sample(subject.sources or ())
    if not places:
        return
    if subject.offline:
        yield ok("network", "not looked at (--offline)")
        return
    contacts = _all(places, subject.settings.fetch)
    for contact in contacts:
        if contact.trouble:
            yield warn("network", f"{contact.host}: {contact.trouble}", contact.remedy)
    reached = [contact for contact in contacts if not contact.trouble]
    if reached:
        yield ok("network", f"{', '.join(contact.host for contact in reached)}: found and trusted")
    for contact in reached:
        if contact.date is not None and abs(contact.date - subject.now) > SKEW:
            ours, theirs = (f"{at:%Y-%m-%d %H:%M} UTC" for at in (subject.now, contact.date))
            yield warn(
                "clock",
                f"it says {ours}, and {contact.host} says {theirs}",
                "set the clock, best by NTP: timedatectl set-ntp true",
            )
            break


def mail(subject: Subject) -> Iterator[Finding]:
    """Whether the mail server lets us in, if one is needed."""
    settings, profiles = subject.settings.mail, subject.settings.profile
    wanting = [name for name, profile in profiles.items() if profile.to]
    if not settings.host:
        if wanting:
            remedy = "write the server's name into [mail] host"
            yield fail("mail", f"profile {', '.join(wanting)} is to be mailed, and [mail] host is empty", remedy)
        return
    if subject.offline:
        yield ok("mail", "not looked at (--offline)")
        return
    from jobs.delivery.smtp import ServerError, greet

    place = f"{settings.host}, as {settings.user or 'nobody'}"
    try:
        greet(settings.model_copy(update={"timeout": min(settings.timeout, PATIENCE)}))
    except (ServerError, ConfigError) as error:
        yield fail("mail", str(error), "correct [mail], or ask whoever runs the server")
    except OSError as error:
        remedy = "check [mail] host and port, and the network; deliveries wait until it answers"
        yield warn("mail", f"{settings.host}: {error.strerror or error}", remedy)
    else:
        yield ok("mail", place)


def sample(sources: Sequence[Source]) -> list[tuple[str, str, int]]:
    """Scheme, host and port of a few sources, spread over the file."""
    places = []
    for source in sources:
        parts = urlsplit(source.url)
        if parts.scheme in DEFAULT_PORTS and parts.hostname:
            places.append((parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme]))
    unique = list(dict.fromkeys(places))
    return unique[:: max(1, len(unique) // MOST)][:MOST]


def _all(places: Sequence[tuple[str, str, int]], fetch: Fetch) -> list[Contact]:
    """Ask all at once. A resolver cannot be interrupted, so nobody waits for a thread that hangs in one."""
    answers: Queue[Contact] = Queue()
    for place in places:
        threading.Thread(target=_answer, args=(place, fetch, answers), daemon=True).start()
    until, found = datetime.now(UTC) + timedelta(seconds=PATIENCE + 1), []
    for _ in places:
        try:
            found.append(answers.get(timeout=max((until - datetime.now(UTC)).total_seconds(), 0.01)))
        except Empty:
            break
    silent = [host for _, host, _ in places if host not in {contact.host for contact in found}]
    remedy = "check the network and its DNS server"
    return found + [Contact(host=host, trouble="no answer in time", remedy=remedy) for host in silent]


def _answer(place: tuple[str, str, int], fetch: Fetch, answers: Queue[Contact]) -> None:
    answers.put(_ask(*place, fetch))


def _ask(scheme: str, host: str, port: int, fetch: Fetch) -> Contact:
    try:
        address = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        return Contact(host=host, trouble=f"its name is not found: {error.strerror}", remedy="check the DNS server")
    if not address_allowed(address, fetch.allow_networks):
        remedy = "if that is meant, name its network in [fetch] allow_networks"
        return Contact(host=host, trouble=f"its address {address} is not public: it is never asked", remedy=remedy)
    secure = scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(host, port, timeout=PATIENCE)
    try:
        connection.request("HEAD", "/robots.txt", headers={"User-Agent": fetch.agent})
        said = connection.getresponse().getheader("Date")
    except ssl.SSLCertVerificationError as error:
        remedy = "check the clock, and the certificates of this machine (ca-certificates)"
        return Contact(host=host, trouble=f"its certificate is not trusted: {error.verify_message}", remedy=remedy)
    except (OSError, http.client.HTTPException) as error:
        cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Contact(host=host, trouble=f"not reached: {cause}", remedy="check the network and its firewall")
    finally:
        connection.close()
    return Contact(host=host, date=_date(said))


def _date(said: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(said or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
