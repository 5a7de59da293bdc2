"""Which file system a file lies on, and how long a server is waited for: decisions without a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import storage.mounts
from storage.database import Database
from storage.errors import StorageError
from storage.mounts import file_system, networked
from storage.patience import LONGEST, pauses

if TYPE_CHECKING:
    from pathlib import Path

MOUNTS = """\
21 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 21 0:40 / /srv/share rw,relatime shared:5 - nfs4 nas:/export rw,vers=4.2
31 21 0:41 / /srv/share/local rw,relatime - xfs /dev/vdb rw
32 21 0:42 / /mnt/my\\040files rw - cifs //nas/files rw
33 21 0:43 / /home/ada/far rw - fuse.sshfs ada@far: rw
34 21 0:44 / /mnt/c rw - 9p C:\\134 rw
35 21 0:45 / /hidden rw - nfs nas:/a rw
36 21 0:46 / /hidden rw - tmpfs tmpfs rw
a line that says nothing
"""


@pytest.mark.parametrize(
    ("path", "kind", "far"),
    [
        ("/var/lib/spywire/spywire.db", "ext4", False),
        ("/srv/share/spywire.db", "nfs4", True),
        ("/srv/shared/spywire.db", "ext4", False),
        ("/srv/share/local/spywire.db", "xfs", False),
        ("/mnt/my files/spywire.db", "cifs", True),
        ("/home/ada/far/away/spywire.db", "fuse.sshfs", True),
        ("/mnt/c/Users/ada/spywire.db", "9p", True),
        ("/hidden/spywire.db", "tmpfs", False),
    ],
)
def test_a_file_lies_on_the_nearest_mount_above_it(path: str, kind: str, *, far: bool) -> None:
    assert file_system(MOUNTS, path) == kind
    assert networked(MOUNTS, path) == (kind if far else None)


def test_where_nothing_is_known_nothing_is_refused() -> None:
    assert networked("", "/srv/share/spywire.db") is None


def test_sqlite_on_a_network_file_system_is_refused_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mountinfo").write_text(
        f"21 1 0:1 / / rw - ext4 /dev/vda rw\n22 21 0:2 / {tmp_path} rw - nfs4 n:/ rw\n"
    )
    monkeypatch.setattr(storage.mounts, "MOUNTS", tmp_path / "mountinfo")
    with pytest.raises(StorageError, match=r"spywire\.db lies on a network file system \(nfs4\).*use PostgreSQL"):
        Database.open(f"sqlite:///{tmp_path / 'data' / 'spywire.db'}")
    assert not (tmp_path / "data").exists()


@given(st.floats(min_value=0, max_value=1000))
def test_pauses_grow_and_add_up_to_the_patience(patience: float) -> None:
    found = list(pauses(patience))
    assert sum(found) == pytest.approx(patience)
    assert all(0 < pause <= LONGEST for pause in found)
