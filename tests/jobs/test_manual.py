"""The manual page, the container and the documents name only what there is, and the page names all of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.cli.manual import EXITS, commands, page
from jobs.exits import Exit

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"(?:^|`)spywire((?: [a-z]+)+)", re.MULTILINE)


def test_every_command_and_option_is_in_the_manual() -> None:
    text = page().replace(r"\-", "-")
    sections = {part.partition("\n")[0].partition(r" \fI")[0]: part for part in text.split("\n.SS ")[1:]}
    assert set(sections) == set(commands())
    for name, options in commands().items():
        assert [option for option in options if option != "--help" and option not in sections[name]] == []


def test_every_exit_code_is_in_the_manual() -> None:
    assert set(EXITS) == set(Exit)


def test_the_manual_is_read_without_a_complaint() -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("needs groff")
    done = subprocess.run(
        [groff, "-man", "-Tutf8", "-ww", "-z"], input=page().encode(), capture_output=True, check=True
    )
    assert done.stderr == b""


def test_the_document_names_only_commands_that_exist() -> None:
    known = {name.removeprefix("spywire ") for name in commands()}
    text = (ROOT / "docs/postgresql.md").read_text(encoding="utf-8")
    named = [found.strip() for found in NAMED.findall(text)]
    assert named
    assert [name for name in named if not any(f"{name} ".startswith(f"{command} ") for command in known)] == []


def test_the_image_runs_commands_that_exist() -> None:
    text = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    assert 'CMD ["schedule"]' in text
    assert "CMD spywire status --check" in text
    assert "--check" in commands()["spywire status"]
    assert "spywire schedule" in commands()


def test_what_the_image_copies_is_there() -> None:
    lines = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line]
    allowed = (ROOT / "deploy/Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    for name in [name for names in copied for name in names]:
        assert (ROOT / name).exists()
        assert f"!{name.removeprefix('./')}" in allowed


def test_completion_knows_the_commands() -> None:
    environment = {"_SPYWIRE_COMPLETE": "complete_bash", "COMP_WORDS": "spywire db ", "COMP_CWORD": "2"}
    program = Path(sys.executable).with_name("spywire")
    found = subprocess.run([program], env={**os.environ, **environment}, capture_output=True, check=False)
    assert {"backup", "restore", "copy"} <= set(found.stdout.decode().split())
