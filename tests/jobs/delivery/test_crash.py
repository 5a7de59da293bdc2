"""A sender that is killed; a hundred more of them fall in `make proof-outbox`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.jobs.delivery.crash import torment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(300)  # some processes on a machine that may have other work
def test_after_a_kill_every_recipient_has_one_mail_or_a_known_pair(tmp_path: Path) -> None:
    toll = torment(tmp_path / "home", kills=3, seed=2, peace=True)
    assert toll.clean, toll
    assert (toll.kills, toll.in_doubt) == (3, 0)


@pytest.mark.timeout(300)
def test_kill_upon_kill_loses_nothing_and_sends_nothing_twice_but_what_may_have_arrived(tmp_path: Path) -> None:
    toll = torment(tmp_path / "home", kills=5, seed=1)
    assert toll.clean, toll
    assert toll.kills == 5
