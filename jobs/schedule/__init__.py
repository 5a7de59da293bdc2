"""Starts the jobs that are due. What is due lives in the database; APScheduler only ticks."""
