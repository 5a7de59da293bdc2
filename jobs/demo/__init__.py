"""The demo: a local newsroom of invented outlets that the production spiders crawl."""
