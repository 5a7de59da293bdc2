"""What another scheduler needs to start us: lines for cron, units for systemd, manifests for Kubernetes."""

from __future__ import annotations

import getpass
import shlex
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.settings.teams import ChannelKind

if TYPE_CHECKING:
    from jobs.home import Home
    from jobs.settings import Settings


class Kind(StrEnum):
    """For whom it is written."""

    CRONTAB = "crontab"
    SYSTEMD = "systemd"
    KUBERNETES = "kubernetes"


CRONTAB = """\
# One line is enough: it starts whatever is due, and says nothing while all is well,
# nor when the one before it is still at work: `status --check` tells of one that hangs.
*/5 * * * *   {command} schedule --once --if-busy skip
"""

SYSTEMD = """\
# Either the daemon (spywire.service) or the timer (spywire-once.timer), not both.

# /etc/systemd/system/spywire.service
[Unit]
Description=spywire, a news monitor
Documentation=man:spywire(1)
Wants=network-online.target
After=network-online.target

[Service]
ExecStart={command} schedule
Restart=always
RestartSec=30
{hardening}
[Install]
WantedBy=multi-user.target

# /etc/systemd/system/spywire-once.service
[Unit]
Description=spywire: do what is due
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={command} schedule --once
# 1: some sources failed; 69: none answered; 75: another run is at work; 124: its time was over. All heal by themselves.
SuccessExitStatus=1 69 75 124
{hardening}
# /etc/systemd/system/spywire-once.timer
[Unit]
Description=spywire: do what is due, every five minutes

[Timer]
OnCalendar=*:0/5
RandomizedDelaySec=20
Persistent=true

[Install]
WantedBy=timers.target
"""

HARDENING = """\
User={user}
Environment=PYTHONUNBUFFERED=1
# SIGTERM gives back what is under way; a job has 30 seconds for it.
TimeoutStopSec=60
KillMode=mixed
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
# Each of these folders has to be there, or the unit does not start.
ReadWritePaths={folders}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service
MemoryMax=4G
"""

KUBERNETES = """\
# Every five minutes whatever is due. The image is built from deploy/Dockerfile; its settings lie in the volume, or come
# from the environment (SPYWIRE_STORAGE__URL_FILE=/run/secrets/url).
apiVersion: batch/v1
kind: CronJob
metadata:
  name: spywire
spec:
  schedule: "*/5 * * * *"
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 200
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 0
      activeDeadlineSeconds: 7200
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 60
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 10001
            fsGroup: 10001
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: spywire
              image: spywire:{version}
              # what heals by itself ends with 0: to Kubernetes every other code is a failed Job
              args: ["--home", "/data", "--log-format", "json", "schedule", "--once", "--lenient"]
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities:
                  drop: ["ALL"]
              resources:
                requests: {{cpu: 500m, memory: 1Gi}}
                limits: {{memory: 4Gi}}
              volumeMounts:
                - {{name: data, mountPath: /data}}
                - {{name: tmp, mountPath: /tmp}}
          volumes:
            - name: data
              persistentVolumeClaim:
                claimName: spywire
            - name: tmp
              emptyDir: {{}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: spywire
spec:
  accessModes: ["ReadWriteOnce"]
  resources:
    requests:
      storage: 10Gi
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """This installation: the program, its home, and whose it is."""

    program: tuple[str, ...]
    home: Home
    user: str
    version: str
    others: tuple[Path, ...] = ()  # folders outside the home that the settings want written


def this_place(home: Home, settings: Settings | None, *, version: str) -> Place:
    """Where we run from, in absolute paths; without settings only the home is known to be written."""
    script = Path(sys.executable).with_name("spywire")
    program = (str(script),) if script.exists() else (sys.executable, "-m", "jobs")
    others = () if settings is None else written_by(settings, home)
    return Place(program=program, home=home, user=getpass.getuser(), version=version, others=others)


def written_by(settings: Settings, home: Home) -> tuple[Path, ...]:
    """The folders outside the home that jobs write into, as the settings have them."""
    from storage.database import file_of, parse

    channels = [channel.path for channel in settings.channel.values() if channel.kind is ChannelKind.FOLDER]
    folders = [home.config / name for name in (settings.backup.folder, settings.site.folder, *channels) if name]
    files = [home.config / name for name in (settings.watch.textfile, settings.watch.heartbeat) if name]
    files += [file] if (file := file_of(parse(settings.storage.url))) else []
    found = (path.expanduser().absolute() for path in (*folders, *(file.parent for file in files)))
    own = (home.config, home.data, home.state)
    return tuple(path for path in dict.fromkeys(found) if not any(path.is_relative_to(folder) for folder in own))


def units(kind: Kind, place: Place) -> str:
    """Ready to be used: everything in it is absolute."""
    home = place.home
    folders = list(dict.fromkeys([home.config, home.data, home.state]))
    one = ["--home", str(home.config)] if len(folders) == 1 else []
    if kind is Kind.CRONTAB:
        # in a crontab a bare % ends the command
        return CRONTAB.format(command=shlex.join([*place.program, *one]).replace("%", "\\%"))
    if kind is Kind.KUBERNETES:
        return KUBERNETES.format(version=place.version)
    command = " ".join(_systemd(word) for word in [*place.program, *one])
    hardening = HARDENING.format(
        user=place.user, folders=" ".join(_systemd(str(folder)) for folder in (*folders, *place.others))
    )
    return SYSTEMD.format(command=command, hardening=hardening)


def _systemd(word: str) -> str:
    """A word as systemd reads it: specifiers doubled, quoted where it has to be."""
    word = word.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$").replace('"', '\\"')
    return f'"{word}"' if any(character.isspace() for character in word) or "\\" in word else word
