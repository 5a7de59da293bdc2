"""Every setting, read once at the edge: defaults, then `spywire.toml`, then the environment, then `*_FILE` secrets."""

from jobs.settings.load import Configuration, load_settings
from jobs.settings.sections import Backup, Digest, Fetch, Gate, Retention, Schedule, Settings, Storage, Watch
from jobs.settings.teams import MAIL, Channel, ChannelKind, Form, Mail, Profile, Security, Weekday

__all__ = [
    "MAIL",
    "Backup",
    "Channel",
    "ChannelKind",
    "Configuration",
    "Digest",
    "Fetch",
    "Form",
    "Gate",
    "Mail",
    "Profile",
    "Retention",
    "Schedule",
    "Security",
    "Settings",
    "Storage",
    "Watch",
    "Weekday",
    "load_settings",
]
