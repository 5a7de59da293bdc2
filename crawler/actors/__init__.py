"""Names and claims in articles: who is named, in which role, and who says whom did it."""

from crawler.actors.names import Entity, entities, resolve
from crawler.actors.recognise import findings

__all__ = ["Entity", "entities", "findings", "resolve"]
