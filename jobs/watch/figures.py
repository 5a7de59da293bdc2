"""The figures for Prometheus: a file for the node exporter's textfile collector, or an address to scrape.

Every figure is read from the database when it is asked for; nothing is counted in memory, so whichever process answers
says the same. They are gauges: links change their state, and what is purged is gone.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

from jobs.runs import RunState
from storage.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from jobs.watch.standing import Standing


class Figures:
    """A collector in the sense of prometheus_client."""

    def __init__(self, read: Callable[[], Standing]) -> None:
        self._read = read

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not open the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Every figure, as of now."""
        standing = self._read()
        yield InfoMetricFamily("spywire", "The program and its model.", _names(standing))
        yield from _jobs(standing)
        yield _by("spywire_sources", "Sources, each once, by how they do.", "state", standing.sources)
        looked = standing.looked_at.timestamp() if standing.looked_at else 0.0
        yield _one("spywire_health_timestamp_seconds", "When silence and drift were last looked for.", looked)
        links = {str(state): count for state, count in standing.links.items()}
        yield _by("spywire_links_last_day", "Links of the last 24 hours, by what became of them.", "state", links)
        yield _one("spywire_held_articles", "Articles that wait for a person, or for the gate.", standing.held)
        deliveries = {str(state): standing.deliveries.get(state, 0) for state in DeliveryState}
        yield _by("spywire_deliveries", "The outbox by state; sent in the last 24 hours.", "state", deliveries)
        yield _one("spywire_late_jobs", "Jobs that were due an hour ago and more.", len(standing.late))
        yield _one("spywire_database_bytes", "Size of the database.", standing.size)
        yield _one("spywire_disk_free_bytes", "Free space on the disk of the home.", standing.free)


def text_of(standing: Standing) -> str:
    """The figures as Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(Figures(lambda: standing))
    return generate_latest(registry).decode()


def _names(standing: Standing) -> dict[str, str]:
    return {"version": version("spywire"), "model": standing.model, "schema": standing.schema}


def _jobs(standing: Standing) -> Iterator[Metric]:
    done = GaugeMetricFamily(
        "spywire_last_success_timestamp_seconds", "When a job's last run began that did its work.", labels=["job"]
    )
    code = GaugeMetricFamily("spywire_last_exit_code", "How a job's last run ended; -1: killed.", labels=["job"])
    failures = GaugeMetricFamily("spywire_failed_runs", "Runs in a row that did not do their work.", labels=["job"])
    for job in standing.jobs:
        if job.done_at:
            done.add_metric([job.name], job.done_at.timestamp())
        if job.state is not RunState.RUNNING:
            code.add_metric([job.name], -1 if job.exit_code is None else job.exit_code)
        failures.add_metric([job.name], job.failures)
    yield from (done, code, failures)


def _one(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value)


def _by(name: str, said: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
