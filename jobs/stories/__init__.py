"""From articles to stories: one line for an event, and how many independent reports stand behind it."""
