"""The model's card in a line: what it was trained on, and how well it did on what it had not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def card_line(card: Mapping[str, Any]) -> str:
    """The line; what the card does not say is left out. Empty for a card that says nothing."""
    trained, seen = _part(card, "trained_on"), _part(_part(card, "dev"), "all")
    said = [str(card.get("version") or "")]
    if isinstance(trained.get("documents"), int):
        said.append(f"trained on {trained['documents']:,} articles, {trained.get('espionage', 0):,} of them espionage")
    if isinstance(seen.get("documents"), int) and {"precision", "recall"} <= seen.keys():
        said.append(
            f"on {seen['documents']:,} that it had not seen: precision {_digits(seen['precision'])}, "
            f"recall {_digits(seen['recall'])}"
        )
    return "; ".join(filter(None, said))


def _part(card: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = card.get(name)
    return found if isinstance(found, dict) else {}


def _digits(share: object) -> str:
    """Two digits, cut and not rounded up."""
    return f"{share:.6f}"[:4] if isinstance(share, int | float) else "unknown"
