"""Runs several processes as one: all start, all end, and the end of one ends the others.

It knows nothing of what it runs. Standard library only; Linux.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Exit:
    """Why the supervised processes ended: on request, or because `name` ended with `returncode`."""

    name: str | None = None
    returncode: int = 0

    @property
    def reason(self) -> str:
        """In words, for the terminal."""
        if self.name is None:
            return "stopped on request"
        if self.returncode < 0:
            return f"{self.name} was ended by {signal.Signals(-self.returncode).name}"
        return f"{self.name} ended by itself with status {self.returncode}"


def _end_with_parent() -> None:
    """In the child: have the kernel end it should the supervisor be killed without a chance."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches the supervisor alone, which ends the rest in order.
    return subprocess.Popen(command, start_new_session=True, preexec_fn=_end_with_parent)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def stop_all(
    processes: Mapping[str, subprocess.Popen[bytes]],
    *,
    grace: float,
    impatient: Callable[[], bool] = lambda: False,
) -> None:
    """Ask every process to end, and end by force what has not after `grace` seconds.

    impatient: asked meanwhile; True (a second Ctrl-C) ends the wait.
    """
    for process in processes.values():
        if process.poll() is None:
            process.terminate()
    until = time.monotonic() + grace
    while any(p.poll() is None for p in processes.values()):
        if time.monotonic() > until or impatient():
            break
        time.sleep(0.02)
    for process in processes.values():
        # The group, not the process: what its children left behind goes too.
        _signal_group(process, signal.SIGKILL)
        process.wait()


def supervise(
    commands: Mapping[str, Sequence[str]],
    *,
    ready: Callable[[], bool],
    on_ready: Callable[[], None],
    grace: float = 2.5,
    tick: float = 0.1,
) -> Exit:
    """Run `commands` (name -> argv) until one ends or a stop signal comes; then end all of them.

    ready: asked every `tick` seconds until it says True; then on_ready is called, once.
    grace: seconds that a process has between SIGTERM and SIGKILL.
    Call it from the main thread. Raises OSError when a command cannot be started; those that
    were are ended first.
    """
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in STOP_SIGNALS}
    processes: dict[str, subprocess.Popen[bytes]] = {}
    announced = False
    try:
        for name, command in commands.items():
            processes[name] = _start(command)
        while not asked:
            for name, process in processes.items():
                if process.poll() is not None:
                    return Exit(name, process.returncode)
            if not announced and ready():
                announced = True
                on_ready()
            time.sleep(tick)
        return Exit()
    finally:
        stop_all(processes, grace=grace, impatient=lambda: len(asked) > 1)
        for number, handler in before.items():
            signal.signal(number, handler)
