"""Worker processes in which foreign files are opened.

Each worker has a ceiling for memory, processor time and open files, may write no file (unless told how large), and
works on one thing at a time. Whoever exceeds it dies alone: a new worker takes its place, and the picture is refused. A
worker ends when the process that started it does, however that happened.
"""

import asyncio
import contextlib
import importlib
import multiprocessing
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from .refusals import ImageTooExpensive

MEMORY_BYTES = 1 << 30
PROCESSOR_SECONDS = 15
WALL_SECONDS = 30.0

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """Up to `workers` processes, started when first needed.

    They may write files of `file_bytes` at most, and have imported `prepares` before they are held to `memory_bytes`.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        memory_bytes: int = MEMORY_BYTES,
        processor_seconds: int = PROCESSOR_SECONDS,
        wall_seconds: float = WALL_SECONDS,
        file_bytes: int = 0,
        prepares: str = "server.images.encoding",
    ) -> None:
        self._places = asyncio.Semaphore(workers or max(1, min(4, (os.cpu_count() or 2) // 2)))
        self._idle: list[ProcessPoolExecutor] = []
        self._limits = (memory_bytes, processor_seconds)
        self._prepared = (memory_bytes, file_bytes, prepares)
        self._wall_seconds = wall_seconds
        self._closed = False

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns, computed in a worker.

        Raises:
            ImageTooExpensive: the worker was ended because it exceeded its limits.
        """
        async with self._places, self._worker() as worker:
            try:
                future = worker.submit(_limited, self._limits[1], partial(work, *args, **kwargs))
                return await asyncio.wait_for(asyncio.wrap_future(future), self._wall_seconds)
            except (BrokenProcessPool, TimeoutError) as error:
                raise ImageTooExpensive(reason=type(error).__name__) from None

    async def close(self) -> None:
        """End the workers; pictures being worked on are given up."""
        self._closed = True
        while self._idle:
            _end(self._idle.pop())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @contextlib.asynccontextmanager
    async def _worker(self) -> AsyncIterator[ProcessPoolExecutor]:
        """A worker for one piece of work; afterwards it waits for the next, unless it failed or the pool is closed."""
        if self._closed:
            raise RuntimeError("this pool is closed")
        worker = self._idle.pop() if self._idle else self._start()
        try:
            yield worker
        except BaseException:  # cancelled included: the worker may be in the middle of something
            _end(worker)
            raise
        if self._closed:
            _end(worker)
        else:
            self._idle.append(worker)

    def _start(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")  # a fork of a threaded server may hang
        return ProcessPoolExecutor(1, mp_context=context, initializer=_prepare, initargs=self._prepared)


def _end(worker: ProcessPoolExecutor) -> None:
    processes = list((worker._processes or {}).values())  # the executor has no public way to end a busy worker
    worker.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()


def _prepare(memory_bytes: int, file_bytes: int, module: str) -> None:
    import resource

    importlib.import_module(module)  # before the ceiling, so that it measures what is opened only
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limited(processor_seconds: int, work: Callable[[], T]) -> T:
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    ceiling = int(used.ru_utime + used.ru_stime) + processor_seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (ceiling, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    return work()
