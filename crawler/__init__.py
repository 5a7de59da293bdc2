"""Reads the web and judges it. Imports storage, never jobs."""
