"""Spiders: one, because a source is data."""
