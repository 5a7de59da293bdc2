"""`spywire doctor`: look at the installation, and say what to do."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from jobs.cli.options import AsJson
from jobs.terminal import home_of, leave, say

app = typer.Typer()


@app.command()
def doctor(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask hosts or the mail server.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at settings, folders, database, clock, model, network and mail; each trouble with its remedy."""
    from jobs.doctor.examine import examine, report_json, report_text
    from jobs.doctor.finding import Subject, exit_code

    subject = Subject(home=home_of(context), environment=os.environ, now=datetime.now(UTC), offline=offline)
    findings = examine(subject)
    say(json.dumps(report_json(findings), ensure_ascii=False) if as_json else report_text(findings))
    leave(exit_code(findings))
