"""Whether all is well: with each source, each job, and the whole."""
