"""`spywire init`: a commented settings file, and sources to start from."""

from __future__ import annotations

import json
from datetime import time
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from jobs.exits import ConfigError
from jobs.settings import Channel, Profile, Settings

if TYPE_CHECKING:
    from jobs.home import Home

CATALOGUE = Path(__file__).parent / "templates" / "sources.toml"
EXAMPLES = {
    "profile": ("A team's digest. NAME is short and in lower case; there may be many.", Profile),
    "channel": ("A way to deliver that is not mail. A profile names it in `channels`.", Channel),
}
HEAD = """\
# spywire's settings. Every key stands here with its default; take away the # to change one.
# The environment overrides the file: SPYWIRE_SECTION__KEY, or SPYWIRE_SECTION__KEY_FILE for a secret in a file.
# `spywire config show` prints what is in force and where each value comes from.
"""


def write_home(home: Home) -> list[tuple[Path, bool]]:
    """Write the files that are not there yet; gives each file and whether it was written."""
    files = {home.settings_file: settings_template(), home.sources_file: CATALOGUE.read_text(encoding="utf-8")}
    return [(path, _write_new(path, text)) for path, text in files.items()]


def settings_template() -> str:
    """The settings file, made from the settings themselves."""
    lines = [HEAD]
    for name, section in Settings.model_fields.items():
        kind: Any = EXAMPLES[name][1] if name in EXAMPLES else section.annotation
        lines.append(f"# {EXAMPLES[name][0]}\n# [{name}.NAME]" if name in EXAMPLES else f"[{name}]")
        for key, field in kind.model_fields.items():
            lines += [f"# {line}" for line in wrap(field.description, 110)]
            lines.append(f"# {key} = {_toml(field.default)}")
        lines.append("")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, time):
        return f'"{value:%H:%M}"'
    if isinstance(value, SecretStr):
        return json.dumps(value.get_secret_value())
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _write_new(path: Path, text: str) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; choose another home with --home") from error
    return True
