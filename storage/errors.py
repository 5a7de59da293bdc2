"""What can go wrong while remembering. Each message names the thing, the cause and the cure."""

from __future__ import annotations


class StorageError(Exception):
    """The database cannot be read or written."""


class PassingError(StorageError):
    """The server threw a transaction out, or went away in the midst of one: the whole of it may be done again."""


class BadUrlError(StorageError):
    """What the settings say is not the URL of a database that can be used."""


class OccupiedError(StorageError):
    """A database or file that was to be written holds something already."""


class SchemaNewerError(StorageError):
    """The database was written by a newer spywire."""


class QueryError(Exception):
    """A search query that cannot be understood; the message names the place."""
