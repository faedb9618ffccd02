"""Work beside the caller's: what packs bytes lets go of Python, and so another core can do it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, Self

WAITING = 4
"""How many may wait to be done: all that is held in memory for it."""

Arguments = ParamSpec("Arguments")


class Lane:
    """Does one thing after the other in a thread of its own; what one of them raises is raised by a later call."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lane")
        self._due: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            while self._due and kind is None:
                self._due.popleft().result()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def do(self, call: Callable[Arguments, None], *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        """Have it done after all that came before; waits where too much does."""
        self._due.append(self._pool.submit(call, *args, **kwargs))
        while len(self._due) > WAITING:
            self._due.popleft().result()
