"""What can go wrong while reading the web: one root, a class for each thing that happened."""

from __future__ import annotations

from enum import StrEnum


class CrawlerError(Exception):
    """Root of the crawler's errors. Its message names the thing, the cause and the cure."""


class PageKind(StrEnum):
    """What a page is that is no article: the first word of the reason that the ledger keeps and tallies count."""

    LISTING = "listing"
    LOGIN = "login"
    CONSENT = "consent"
    ERROR = "error"
    PAYWALL = "paywall"  # a stub: what is free says too little
    VIDEO = "video"
    EMPTY = "empty"


class NotAnArticleError(CrawlerError):
    """The page is well and is no article; `kind` says what it is."""

    def __init__(self, kind: PageKind, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail

    def __reduce__(self) -> tuple[type[NotAnArticleError], tuple[PageKind, str]]:
        return type(self), (self.kind, self.detail)


class UnextractableError(CrawlerError):
    """No text could be had from the page: `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ModelError(CrawlerError):
    """The model is missing, damaged or of another kind than this version reads."""


class ModelMissingError(ModelError):
    """There is no model at the path."""


class ModelDamagedError(ModelError):
    """The model's bytes do not match its checksum, or cannot be read."""


class FetchError(CrawlerError):
    """A page that was asked for by URL could not be had."""
