"""A sender that is killed; a hundred more of them fall in `make proof-outbox`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.jobs.delivery.crash import torment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(300)  # ten processes on a machine that may have other work
def test_kills_lose_nothing_and_send_nothing_twice_but_what_may_have_arrived(tmp_path: Path) -> None:
    toll = torment(tmp_path / "home", kills=5, seed=1)
    assert toll.clean, toll
    assert toll.kills == 5
