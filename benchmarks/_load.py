"""Load on 127.0.0.1: as many submissions as go through, or a steady rate and its waiting times."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

# One GET + POST over a kept connection; gives the seconds of each of the two requests.
Submission = Callable[[http.client.HTTPConnection], tuple[float, float]]


def capacity(port: int, submit: Submission, *, clients: int = 4, seconds: float = 6) -> float:
    """Submissions a second when every client sends the next as soon as the last is answered."""
    counts = [0] * clients
    stop = time.perf_counter() + seconds

    def run(which: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < stop:
            submit(connection)
            counts[which] += 1
        connection.close()

    start = time.perf_counter()
    _together(run, clients)
    return sum(counts) / (time.perf_counter() - start)


def paced(
    port: int, submit: Submission, *, rate: float, clients: int = 16, seconds: float = 10
) -> list[float]:
    """Seconds of every request when `rate` submissions a second are due, at equal distances.

    A submission that begins late because all clients still wait counts its lateness too: what a
    resident feels is not hidden by a slow server slowing its own load.
    """
    took: list[float] = []
    due = iter(range(int(rate * seconds)))
    lock = threading.Lock()
    start = time.perf_counter() + 0.2

    def run(_which: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                turn = next(due, None)
            if turn is None:
                break
            at = start + turn / rate
            time.sleep(max(0.0, at - time.perf_counter()))
            late = max(0.0, time.perf_counter() - at)
            get, post = submit(connection)
            took.extend((get + late, post))
        connection.close()

    _together(run, clients)
    return took


def _together(run: Callable[[int], None], clients: int) -> None:
    """Run every client in a thread; what one raises is raised here, so no figure hides it."""
    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(run, which) for which in range(clients)]:
            done.result()


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of the values do not pass."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
