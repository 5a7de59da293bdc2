"""Every setting, read once at the edge: defaults, then `spywire.toml`, then the environment, then `*_FILE` secrets."""

from jobs.settings.load import Configuration, load_settings
from jobs.settings.sections import Digest, Fetch, Gate, Retention, Settings, Storage
from jobs.settings.teams import Channel, ChannelKind, Form, Mail, Profile, Security, Weekday

__all__ = [
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
    "Security",
    "Settings",
    "Storage",
    "Weekday",
    "load_settings",
]
