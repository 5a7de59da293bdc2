"""Remembers. The only room that knows SQLAlchemy; imports nothing of ours."""
