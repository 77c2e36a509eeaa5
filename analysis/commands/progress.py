"""A progress bar for commands that take long: on a terminal, on stderr, after two seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType

PATIENCE_SECONDS = 2.0


class LateProgress:
    """Shows a bar once work has lasted ``PATIENCE_SECONDS``; silent when stderr is no terminal."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._begun = time.monotonic()
        self._bar: object | None = None
        self._task: object | None = None

    def __enter__(self) -> LateProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()  # type: ignore[attr-defined]

    def __call__(self, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` is done."""
        if not sys.stderr.isatty() or time.monotonic() - self._begun < PATIENCE_SECONDS:
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self._title, total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done, total=total)  # type: ignore[attr-defined]
