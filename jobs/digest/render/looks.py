"""How the HTML form looks: one table, written into each element for mail and into one style sheet for the web.

Many mail programs take style sheets out, so what is needed to read well stands in the elements. Dark colours cannot
stand there: they come in a sheet of their own, and outweigh the light ones by `!important`.
"""

from __future__ import annotations

from typing import NamedTuple

from jobs.digest.edition import Day

_SANS = "-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_SERIF = "Georgia,serif"


class Look(NamedTuple):
    """Declarations of CSS: in daylight, and what is different in the dark."""

    light: str
    dark: str = ""


# The Traffic Light Protocol's own colours, on black (FIRST, TLP 2.0, section 5)
_TLP = {"RED": "#ff2b2b", "AMBER": "#ffc000", "AMBER+STRICT": "#ffc000", "GREEN": "#33ff00", "CLEAR": "#ffffff"}

LOOKS = {
    "gutter": Look("padding:0 16px"),
    "page": Look("margin:0;padding:0;background:#ffffff", "background:#15181b"),
    "sheet": Look(
        f"max-width:680px;margin:0 auto;padding:20px 0 48px;text-align:left;color:#1d2125;font:16px/1.5 {_SANS};"
        "overflow-wrap:anywhere;word-break:break-word",
        "color:#e4e6e8",
    ),
    "h1": Look(f"margin:0 0 6px;font:bold 30px/1.15 {_SERIF};letter-spacing:-.01em"),
    "h2": Look(
        "margin:40px 0 14px;padding-top:10px;border-top:2px solid #1d2125;font-size:13px;line-height:1.4;"
        "letter-spacing:.08em;text-transform:uppercase",
        "border-color:#e4e6e8",
    ),
    "h3": Look(f"margin:0 0 6px;font:bold 20px/1.28 {_SERIF}"),
    "p": Look("margin:0 0 10px"),
    "meta": Look("margin:0 0 8px;color:#57606a;font-size:14px", "color:#a5adb5"),
    "host": Look("color:#57606a;font-size:14px", "color:#a5adb5"),
    "weight": Look("color:#57606a;font-size:14px;white-space:nowrap", "color:#a5adb5"),
    "parties": Look("margin:0 0 4px;font-weight:bold"),
    "links": Look("margin:0 0 8px;color:#57606a;font-size:15px", "color:#a5adb5"),
    "link": Look("color:#0b5087", "color:#8cbcf0"),
    "title": Look("color:#1d2125", "color:#e4e6e8"),
    "day": Look("margin:14px 0 18px;padding:10px 14px;border-left:4px solid #57606a;background:#f3f4f5",
                "background:#22272b;border-color:#a5adb5"),
    "blind": Look("margin:14px 0 18px;padding:10px 14px;border-left:4px solid #b3261e;background:#fdeceb;color:#741a14",
                  "background:#3b1816;border-color:#f2837b;color:#ffdad6"),
    "quote": Look(f"margin:12px 0;padding:0 0 0 14px;border-left:3px solid #d0d7de;font:17px/1.45 {_SERIF}",
                  "border-color:#3d444b"),
    "new": Look("margin:0 0 8px;padding:6px 12px;background:#fff4d6;color:#4d3800", "background:#3a2f12;color:#ffe3a1"),
    "story": Look("margin:0 0 32px"),
    "table": Look("width:100%;border-collapse:collapse"),
    "label": Look("padding:1px 14px 1px 0;vertical-align:top;color:#57606a;white-space:nowrap", "color:#a5adb5"),
    "cell": Look("padding:1px 0;vertical-align:top"),
    "number": Look("padding:0 12px 0 0;vertical-align:top;text-align:right;font-weight:bold;white-space:nowrap"),
    "line": Look("padding:0 0 12px;vertical-align:top"),
    "tight": Look("padding:3px 12px 3px 0;font-size:14px"),
    "subject": Look("padding:3px 12px 3px 0;font-size:14px;width:38%"),
    "track": Look("padding:3px 12px 3px 0;width:26%"),
    "bar": Look("background:#0b5087;font-size:9px;line-height:9px", "background:#8cbcf0"),
    "rest": Look("font-size:9px;line-height:9px"),
    "foot": Look("margin:40px 0 18px;padding-top:10px;border-top:1px solid #d0d7de;color:#57606a;font-size:14px",
                 "border-color:#3d444b;color:#a5adb5"),
    **{
        f"tlp-{label.replace('+', '-').lower()}": Look(
            f"background:#000000;color:{colour};padding:3px 8px;font-weight:bold;font-size:14px"
        )
        for label, colour in _TLP.items()
    },
}  # fmt: skip

DAYS = {Day.NORMAL: "day", Day.QUIET: "day", Day.IDLE: "day", Day.BLIND: "blind"}


def light() -> str:
    """The style sheet of a page whose elements carry no style."""
    return "".join(f".{name}{{{look.light}}}" for name, look in LOOKS.items())


def dark(*, mark: str = "") -> str:
    """The rules that hold in the dark. `mark` is `!important` where the elements carry a style themselves."""
    return "".join(
        f".{name}{{{';'.join(declaration + mark for declaration in look.dark.split(';'))}}}"
        for name, look in LOOKS.items()
        if look.dark
    )


def tlp(label: str) -> str:
    """The look of a TLP label."""
    return f"tlp-{label.replace('+', '-').lower() if label in _TLP else 'clear'}"
