"""Whether a file lies on a network file system, where SQLite's log and locks do not hold."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

MOUNTS = Path("/proc/self/mountinfo")  # Linux has it; elsewhere nothing is known
# WAL needs memory that all processes share: https://www.sqlite.org/wal.html, and locks that other machines see
NETWORK = {
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
    "orangefs", "smb2", "smb3", "smbfs", "vboxsf",
}  # fmt: skip
FUSE = {
    "fuse.blobfuse", "fuse.blobfuse2", "fuse.ceph", "fuse.cephfs", "fuse.curlftpfs", "fuse.davfs2", "fuse.gcsfuse",
    "fuse.glusterfs", "fuse.goofys", "fuse.juicefs", "fuse.mount-s3", "fuse.mountpoint-s3", "fuse.rclone", "fuse.s3fs",
    "fuse.seaweedfs", "fuse.smbnetfs", "fuse.sshfs", "fuse.vmhgfs-fuse",
}  # fmt: skip


def file_system(mountinfo: str, path: str) -> str | None:
    """The type of the file system that an absolute path without links lies on; None if no line says it.

    `mountinfo` is the text of /proc/self/mountinfo, as proc_pid_mountinfo(5) describes it. Of two mounts in one place
    the later one counts: it hides the other.
    """
    best, kind = -1, None
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        parts = fields.split(" ")
        if len(parts) < 5 or not rest:  # noqa: PLR2004 - the mount point is the fifth
            continue
        place = PurePosixPath(_unescaped(parts[4]))
        if PurePosixPath(path).is_relative_to(place) and len(place.parts) >= best:
            best, kind = len(place.parts), rest.split(" ")[0]
    return kind


def networked(mountinfo: str, path: str) -> str | None:
    """The type of the network file system that the path lies on, or None."""
    kind = file_system(mountinfo, path)
    return kind if kind in NETWORK | FUSE else None


def network_place(path: Path) -> str | None:
    """The same, for a file of this machine; it need not be there."""
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return networked(mounts, str(path.resolve()))


def _unescaped(place: str) -> str:
    """Spaces, tabs, line ends and backslashes are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), place)
