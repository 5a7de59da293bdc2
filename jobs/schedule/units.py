"""What another scheduler needs to start us: lines for cron, units for systemd, manifests for Kubernetes."""

from __future__ import annotations

import getpass
import shlex
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.paths import settled_path
from jobs.schedule.children import GRACE
from jobs.schedule.plan import Job
from jobs.schedule.variables import NONE, Variables
from jobs.settings import Settings
from jobs.settings.teams import ChannelKind
from jobs.spans import span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.home import Home


class Kind(StrEnum):
    """For whom it is written."""

    CRONTAB = "crontab"
    SYSTEMD = "systemd"
    KUBERNETES = "kubernetes"


CRONTAB = """\
{variables}# One line is enough: it starts whatever is due, and says nothing while all is well,
# nor when the one before it is still at work: `status --check` tells of one that hangs.
*/5 * * * *   {command} schedule --once --if-busy skip
"""

SYSTEMD = """\
{variables}# Either the daemon (spywire.service) or the timer (spywire-once.timer), not both.

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
{environment}# SIGTERM gives back what is under way; a job has 30 seconds for it.
TimeoutStopSec=60
KillMode=mixed
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
# A folder that is not there (-) is passed over, and then cannot be made: make it before the unit starts.
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
      # every job has a deadline of its own; this one is for what hangs in spite of it
      activeDeadlineSeconds: {deadline}
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
    variables: Variables = NONE
    deadline: timedelta = timedelta(hours=2)  # of a job

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that is written into."""
        return tuple(dict.fromkeys([self.home.config, self.home.data, self.home.state, *self.others]))


def this_place(home: Home, settings: Settings | None, *, version: str, variables: Variables = NONE) -> Place:
    """Where we run from, in absolute paths; without settings only the home is known to be written."""
    script = Path(sys.executable).with_name("spywire")
    program = (str(script),) if script.exists() else (sys.executable, "-m", "jobs")
    others = () if settings is None else written_by(settings, home)
    return Place(
        program=program,
        home=home,
        user=getpass.getuser(),
        version=version,
        others=others,
        variables=variables,
        deadline=span((settings or Settings()).schedule.deadline),
    )


def written_by(settings: Settings, home: Home) -> tuple[Path, ...]:
    """The folders outside the home that jobs write into, as the settings have them."""
    from storage.database import file_of, parse

    channels = [channel.path for channel in settings.channel.values() if channel.kind is ChannelKind.FOLDER]
    folders = [name for name in (settings.backup.folder, settings.site.folder, *channels) if name]
    files = [name for name in (settings.watch.textfile, settings.watch.heartbeat) if name]
    found = [
        *(settled_path(home.config, name) for name in folders),
        *(settled_path(home.config, name).parent for name in files),
    ]
    found += [file.parent] if (file := file_of(parse(settings.storage.url))) else []
    found = [path.absolute() for path in found]
    own = (home.config, home.data, home.state)
    return tuple(path for path in dict.fromkeys(found) if not any(path.is_relative_to(folder) for folder in own))


def make_folders(place: Place) -> None:
    """Make what a job would make anyway: a hardened unit may write into a folder, and not make it."""
    for folder in place.folders:
        with suppress(OSError):  # it stands in the unit, and an operator sees to it
            folder.mkdir(parents=True, exist_ok=True)


def units(kind: Kind, place: Place) -> str:
    """Ready to be used: everything in it is absolute."""
    home = place.home
    one = ["--home", str(home.config)] if home.config == home.data == home.state else []
    if kind is Kind.KUBERNETES:
        hang = len(Job) * (place.deadline.total_seconds() + 2 * GRACE)
        return KUBERNETES.format(version=place.version, deadline=int(hang))
    told, values = "".join(_untold(place)), place.variables.values
    if kind is Kind.CRONTAB:
        lines = "".join(f"{name}={_cron(value)}\n" for name, value in values.items())
        # in a crontab a bare % ends the command
        command = shlex.join([*place.program, *one]).replace("%", "\\%")
        return CRONTAB.format(command=command, variables=told + lines)
    command = " ".join(_systemd(word) for word in [*place.program, *one])
    hardening = HARDENING.format(
        user=place.user,
        environment="".join(f'Environment="{_escaped(f"{name}={value}")}"\n' for name, value in values.items()),
        folders=" ".join(_quoted(_escaped(f"-{folder}")) for folder in place.folders),
    )
    return SYSTEMD.format(command=command, hardening=hardening, variables=told)


def _untold(place: Place) -> Iterator[str]:
    """What is set here and is not written down, with the cure."""
    for name in place.variables.secrets:
        yield f"# {name} is set where this was printed and is a secret, so it is not written here. Put it into a file\n"
        yield f"# that only {place.user} may read, name that file in {name}_FILE, and print this again.\n"
    for name in place.variables.broken:
        yield f"# {name} is set where this was printed and is no plain line, so it is not written here: put it into\n"
        yield "# spywire.toml.\n"


def _cron(value: str) -> str:
    """A value as cron reads it: quotes around it are taken away, and keep its blanks."""
    if value == value.strip() and value[0] not in "'\"":
        return value
    mark = "'" if '"' in value else '"'
    return f"{mark}{value}{mark}"


def _systemd(word: str) -> str:
    """A word of a command as systemd reads it: a dollar begins a variable there."""
    return _quoted(_escaped(word).replace("$", "$$"))


def _escaped(word: str) -> str:
    """Specifiers doubled, and nothing that ends a quotation."""
    return word.replace("\\", "\\\\").replace("%", "%%").replace('"', '\\"')


def _quoted(word: str) -> str:
    return f'"{word}"' if any(character.isspace() for character in word) or "\\" in word else word
