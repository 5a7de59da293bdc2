"""The archive as files that any web server can serve: editions, stories, charts, feeds."""
