"""Decides when, and tells people. Holds the command line and every setting."""
