"""A pool of processes that can be killed: extraction and judging are nearly all of the cost and know no deadline."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
from collections import deque
from concurrent.futures import Future, InvalidStateError, wait
from concurrent.futures import TimeoutError as DeadlineError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import cache, partial
from itertools import count
from threading import Timer
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from crawler.assess import Assessment, Shadow, assess, describe, judge, load_model, read
from crawler.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from crawler.classify.model import Model
    from crawler.page import Page
    from storage.records import Article, Verdict

P = ParamSpec("P")
T = TypeVar("T")
Q = TypeVar("Q")

RECYCLE_AFTER = 500  # documents: trafilatura's caches grow
GIVE_BACK_EVERY = 10  # documents
SOON = 0.5  # seconds in which a pool that breaks has ended what it knows of
MEGABYTE = 1024 * 1024
KILLED = (DeadlineError, ProcessExpired, BrokenProcessPool, MemoryError)

_assessed = count(1)
_model: Model | ModelError | None = None
_shadow: Shadow | None = None


class Workers:
    """One process per core unless told otherwise; nothing is started before the first task.

    A task that outlives its deadline (seconds) is killed with its worker, and only it: its future raises one of
    `KILLED`, and the next task finds a new worker. So does a worker that dies between two tasks, with those that wait.
    """

    def __init__(
        self,
        model: Path,
        *,
        shadow: Path | None = None,
        processes: int = 0,
        deadline: float = 10.0,
        memory_mb: int = 1536,
    ) -> None:
        self.processes = processes or os.cpu_count() or 1
        self.deadline = deadline
        self._arguments = (model, shadow, memory_mb)
        self._pool: ProcessPool | None = None
        self._waiting: set[Future[Any]] = set()

    def assess(self, page: Page) -> Future[Assessment]:
        """Extract and judge a page."""
        return self.submit(_assess, page)

    def describe(self, page: Page, because: str) -> Future[Assessment]:
        """Judge a page that cannot be read, for the reason given, on its description."""
        return self.submit(_describe, page, because)

    def judge(self, article: Article) -> Future[Verdict]:
        """Judge an article that is already clean."""
        return self.submit(_judge, article)

    def read_all(self, pages: Sequence[Page]) -> Future[list[Article | Assessment]]:
        """Extract some pages in one go; the deadline is theirs together."""
        return self.submit(_read_all, pages)

    def judge_all(self, articles: Sequence[Article]) -> Future[list[Verdict]]:
        """Judge some articles in one go; the deadline is theirs together."""
        return self.submit(_judge_all, articles)

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run any importable function in a worker."""
        if self._pool is not None and not self._pool.active:
            self._stop()
        if self._pool is None:
            self._pool, self._waiting = _start(self.processes, self._arguments), set()
        future: Future[T] = self._pool.schedule(function, args=list(args), kwargs=kwargs, timeout=self.deadline)
        self._waiting.add(future)
        future.add_done_callback(partial(_ended, self._waiting))
        return future

    def close(self) -> None:
        """Stop the workers, whatever they are doing."""
        self._waiting.clear()
        self._stop()

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ended(waiting: set[Future[Any]], future: Future[Any]) -> None:
    """A pool that breaks ends the tasks that it has registered; the others would wait for ever."""
    waiting.discard(future)
    if not future.cancelled() and isinstance(future.exception(), BrokenProcessPool) and waiting:
        others = tuple(waiting)
        waiting.clear()
        Timer(SOON, _break, [others]).start()


def _break(waiting: Iterable[Future[Any]]) -> None:
    for future in waiting:
        with suppress(InvalidStateError):
            future.set_exception(BrokenProcessPool("a worker died, and the pool with it"))


def killed_because(error: BaseException, deadline: float) -> str:
    """In words, why a task gave no result."""
    if isinstance(error, DeadlineError):
        return f"took longer than {deadline:g} s"
    if isinstance(error, MemoryError):
        return "took more memory than a worker may have"
    return "its worker died"


def _start(processes: int, arguments: tuple[Path, Path | None, int]) -> ProcessPool:
    context: Any = multiprocessing.get_context("forkserver")  # plain fork is unsafe beside Twisted's threads
    context.set_forkserver_preload(["crawler.preload"])
    return ProcessPool(
        max_workers=processes, max_tasks=RECYCLE_AFTER, initializer=_prepare, initargs=arguments, context=context
    )


def _prepare(model: Path, shadow: Path | None, memory_mb: int) -> None:
    global _model, _shadow  # noqa: PLW0603 - a worker process has one model, and one shadow, for its life
    from crawler.extract import warm_up

    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * MEGABYTE, resource.RLIM_INFINITY))
    warm_up()
    _model = loaded(model)
    _shadow = None if shadow is None else Shadow(version=shadow.name, model=loaded(shadow))


@cache
def loaded(model: Path) -> Model | ModelError:
    """A model, read once by a process and its forks."""
    return load_model(model)


def _assess(page: Page) -> Assessment:
    try:
        return assess(page, _prepared(), _shadow)
    finally:
        _give_back()


def _give_back() -> None:
    """Give the system the memory that trees and texts took; glibc keeps it otherwise, as much as the largest page."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None and next(_assessed) % GIVE_BACK_EVERY == 0:
        trim(0)


def _describe(page: Page, because: str) -> Assessment:
    return describe(page, because, _prepared(), _shadow)


def _judge(article: Article) -> Verdict:
    return judge(article, _prepared())


def _read_all(pages: Sequence[Page]) -> list[Article | Assessment]:
    return [read(page) for page in pages]


def _judge_all(articles: Sequence[Article]) -> list[Verdict]:
    return [judge(article, _prepared()) for article in articles]


def _prepared() -> Model | ModelError:
    return _model if _model is not None else ModelError("the worker was not prepared")


def in_order(submit: Callable[[Q], Future[T]], items: Iterable[Q], *, window: int) -> Iterator[tuple[Q, Future[T]]]:
    """Each item with its finished future, in the order of the items, at most `window` of them under way."""
    waiting: deque[tuple[Q, Future[T]]] = deque()
    for item in items:
        waiting.append((item, submit(item)))
        if len(waiting) >= window:
            yield _finished(waiting.popleft())
    while waiting:
        yield _finished(waiting.popleft())


def _finished(pair: tuple[Q, Future[T]]) -> tuple[Q, Future[T]]:
    wait([pair[1]])
    return pair
