"""Build the table of names from the MISP galaxy and the names kept by hand: `python -m crawler.actors.build`.

Only facts are taken: names, synonyms, sponsor, who gave a name. The same clusters give the same file. A name belongs to
the entry that bears it as its main name; where entries merely share a synonym it belongs to all of them, and is read as
ambiguous.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.actors.names import PACKAGED, Entity, Name, Trust, key, write
from storage.records import EntityKind

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
KNOWN = HERE / "known.toml"
EVERYDAY = HERE / "everyday.txt"

_TAIL = re.compile(r"\s+-\s+[GS]\d{4}$|\s*\([^)]*\)")
_UNUSABLE = re.compile(r"[GSC]\d{4}|\[.*|Group \d+|Unit \d+|Subgroup:.*|.{41,}|[^\w]*\w{0,2}[^\w]*|.*[/|].*", re.DOTALL)
_SIGNATURE = re.compile(r".*[.].*|.*_.*|.*\d{4,}$")  # what a scanner calls a file is no name of malware
_PLAIN_TAIL = re.compile(r" (?:[Gg]roup|GROUP|[Tt]eam|APT|[Gg]ang)$")
_ARTICLE = re.compile(r"^the (?=\w)", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]+")
_NUMBERED = re.compile(
    r"(?:APT|T-APT|APT-[CQ]|UNC|UAC|UAT|Storm|DEV|Dev|TAG|TA|TG|FIN|CL-\w+|ATK|ITG|Larva|TH|UTA|SectorD?)[-_ ‑]?\d+"
)
_SERIES = frozenset(  # what vendors call actors: animals, weather, metals, mythical beasts
    "bear panda kitten chollima spider jackal buffalo tiger leopard wolf lynx hawk crane saiga ocelot sphinx typhoon"
    " blizzard sandstorm sleet tempest tsunami flood hail dust cyclone rain taurus ursa pisces serpens libra relic"
    " bronze cobalt earth".split()
)
_NOT_THEIRS = frozenset(  # listed in the galaxy, and no name of an actor or of malware
    "sands casino|unnamed actor|russian angry hackers did it|copy-paste|beijing|dropbox|private internet access|norton"
    "|chromium|whois|calc|template|js flash|vb flash|photo|page|gop|usdod|go simple tunnel|linfo|netsh|dok|trojan|agent"
    "|tsb|august|wiper|hunter|summit|fallout|superman"
    "|unknown logger|webmasters|allwinner|httpclient|textmate|pla navy|pla|scout|comment|lead|gm-bot".split("|")
)


@dataclass
class _Entry:
    """One actor or piece of malware as the clusters have it."""

    kind: EntityKind
    main: str
    country: str
    names: dict[str, str] = field(default_factory=dict)  # spelling -> source
    trusts: dict[str, Trust] = field(default_factory=dict)  # of spellings that differ from the rest
    trust: Trust | None = None
    suspect: bool = False
    id: str = ""


def build(galaxy: Path, known: Path = KNOWN) -> list[Name]:
    """The names of a folder of galaxy clusters and of those kept by hand."""
    entries = [*_merged(galaxy, EntityKind.ACTOR), *_merged(galaxy, EntityKind.MALWARE)]
    _identify(entries)
    own = list(_own(entries, known))
    _drop_taken(entries, own)
    return [name for entry in (*entries, *own) for name in _names(entry)]


def main() -> None:
    """Read the clusters, write the table, say what is in it."""
    parser = argparse.ArgumentParser(prog="python -m crawler.actors.build", description=__doc__)
    parser.add_argument("--galaxy", type=Path, required=True, help="folder of the MISP galaxy's cluster files")
    parser.add_argument("--out", type=Path, default=PACKAGED)
    arguments = parser.parse_args()
    found = build(arguments.galaxy)
    write(found, arguments.out)
    kinds = Counter(entity.kind for entity in {name.entity for name in found})
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    print(f"{arguments.out}: {len(found)} spellings of {counts}")  # noqa: T201 - a command's answer


def _merged(galaxy: Path, kind: EntityKind) -> list[_Entry]:
    """One list of the two sources: an entry joins another by its main name, or by two synonyms and no rival."""
    actors = kind is EntityKind.ACTOR
    first, second = ("threat-actor", "mitre-intrusion-set") if actors else ("mitre-malware", "tool")
    entries = list(_entries(galaxy, first, kind))
    owners: dict[str, list[_Entry]] = defaultdict(list)
    for entry in entries:
        for name in {key(name) for name in entry.names} | {key(_PLAIN_TAIL.sub("", entry.main))}:
            owners[name].append(entry)
    for other in _entries(galaxy, second, kind):
        if twin := _twin(other, owners):
            twin.names = {**other.names, **twin.names}
        else:
            entries.append(other)
    return entries


def _twin(other: _Entry, owners: dict[str, list[_Entry]]) -> _Entry | None:
    same = owners.get(key(other.main), [])
    if len(same) == 1:
        return same[0]
    shared = Counter(id(entry) for name in {key(name) for name in other.names} for entry in owners.get(name, ()))
    best = shared.most_common(2)
    if not best or best[0][1] < 2 or (len(best) > 1 and best[1][1] * 2 > best[0][1]):  # noqa: PLR2004 - one may be chance
        return None
    return next(entry for found in owners.values() for entry in found if id(entry) == best[0][0])


def _entries(galaxy: Path, cluster: str, kind: EntityKind) -> Iterator[_Entry]:
    source = {"threat-actor": "misp-threat-actor", "tool": "misp-tool"}.get(cluster, "mitre-attack")
    for value in json.loads((galaxy / f"{cluster}.json").read_text(encoding="utf-8"))["values"]:
        meta: dict[str, Any] = value.get("meta", {})
        written = [_clean(name) for name in (value["value"], *meta.get("synonyms", ()))]
        named_by = {key(k.removeprefix("origin:")): v for k, v in meta.items() if k.startswith("origin:")}
        names = {
            name: f"{source} ({named_by[key(name)]})" if key(name) in named_by else source
            for name in written
            if _usable(name, kind)
        }
        if names and not value.get("revoked"):
            country = str(meta.get("country") or "") if kind is EntityKind.ACTOR else ""
            yield _Entry(kind, next(iter(names)), country[:2].upper(), names)


def _clean(written: str) -> str:
    return _ARTICLE.sub("", " ".join(_TAIL.sub("", written).replace("‑", "-").split()).strip(" ,"))


def _usable(name: str, kind: EntityKind) -> bool:
    if _UNUSABLE.fullmatch(name) or name.casefold() in _NOT_THEIRS or name.startswith((".", "-")):
        return False
    return kind is EntityKind.ACTOR or not _SIGNATURE.fullmatch(name)


def _identify(entries: list[_Entry]) -> None:
    """An id is the main name in small letters; malware that shares it with an actor says that it is malware."""
    taken: set[str] = set()
    for entry in entries:
        entry.id = _slug(entry.main)
        if entry.id in taken:
            entry.id += f"-{entry.kind}"
        taken.add(entry.id)


def _slug(name: str) -> str:
    return re.sub(r"[\W_]+", "-", name.casefold()).strip("-")


def _own(entries: list[_Entry], by_hand: Path) -> Iterator[_Entry]:
    """The names kept by hand. What adds to an entry of the galaxy joins it and is not given."""
    known = {(entry.kind, entry.id): entry for entry in entries}
    for kind, identity, fields in _by_hand(by_hand):
        entry = known.get((kind, fields.get("of", identity)))
        trusts = {name: trust for trust in (Trust.ARTICLE, Trust.NEAR) for name in fields.get(trust, ())}
        names = dict.fromkeys([*fields.get("names", ()), *trusts], "own")
        if entry is not None:
            entry.id, entry.main, entry.trusts = identity, fields.get("name", entry.main), trusts
            entry.names |= names
        elif "of" in fields or "name" not in fields:
            raise SystemExit(
                f"known.toml: {identity} is no id of the galaxy: give its id in `of`, or a `name` of its own"
            )
        else:
            trust, country = Trust(fields.get("trust", "free")), fields.get("country", "")
            yield _Entry(
                kind, fields["name"], country, names, trusts, trust, suspect=bool(fields.get("suspect")), id=identity
            )


def _by_hand(file: Path) -> Iterator[tuple[EntityKind, str, dict[str, Any]]]:
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    for kind in EntityKind:
        for identity, fields in tables.get(kind, {}).items():
            yield kind, identity, fields


def _drop_taken(entries: list[_Entry], own: list[_Entry]) -> None:
    """A main name is nobody's synonym, and what is kept by hand belongs to nobody else."""
    mains = {(entry.kind, key(entry.main)): entry for entry in entries}
    actors = {key(entry.main) for entry in entries if entry.kind is EntityKind.ACTOR}
    by_hand = {key(name) for entry in own for name in entry.names}

    def kept(entry: _Entry, name: str) -> bool:
        word = key(name)
        if word in by_hand or (entry.kind is EntityKind.MALWARE and word in actors and word != key(entry.main)):
            return False
        return mains.get((entry.kind, word), entry) is entry

    for entry in entries:
        entry.names = {name: source for name, source in entry.names.items() if kept(entry, name)}
    entries[:] = [entry for entry in entries if entry.names]


def _names(entry: _Entry) -> Iterator[Name]:
    suspect = entry.suspect or entry.kind is EntityKind.ACTOR
    entity = Entity(kind=entry.kind, id=entry.id, name=entry.main, country=entry.country, suspect=suspect)
    everyday = _everyday()
    spellings = _spellings(entry)
    for written, source in spellings.items():
        trust = entry.trusts.get(written) or entry.trust or _trust(written, everyday)
        yield Name(entity=entity, written=written, trust=trust, source=source)


def _spellings(entry: _Entry) -> dict[str, str]:
    """Those listed, and "Lazarus" for "Lazarus Group"; one for spellings that differ in case or punctuation only."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    short = {_PLAIN_TAIL.sub("", name): source for name, source in entry.names.items() if _PLAIN_TAIL.search(name)}
    short = {name: source for name, source in short.items() if _LETTERS.search(name)}
    for written, source in {**short, **entry.names}.items():
        listed = re.sub(r"[-_]", " ", written)
        if source == "own" or (listed.casefold() not in seen and _usable(written, entry.kind)):
            seen.add(listed.casefold())
            found[written] = source
    return found


def _trust(written: str, everyday: frozenset[str]) -> Trust:
    words = written.replace("-", " ").split()
    if _NUMBERED.fullmatch(written) or not written.isascii():
        return Trust.FREE
    if len(words) > 1:
        return Trust.FREE if {words[0].lower(), words[-1].lower()} & _SERIES else Trust.ARTICLE
    short = sum(map(len, _LETTERS.findall(written))) < 4  # noqa: PLR2004 - letters
    return Trust.NEAR if short or written.islower() or written.lower() in everyday else Trust.FREE


def _everyday() -> frozenset[str]:
    lines = EVERYDAY.read_text(encoding="utf-8").split("\n")
    return frozenset(line for line in lines if line and not line.startswith("#"))


if __name__ == "__main__":
    main()
