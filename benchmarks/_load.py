"""Load on 127.0.0.1: as many submissions as go through, or a steady rate and its waiting times.

One thread watches all connections and sends what was prepared, so that the load takes little of
the cores that it shares with the server: with a client of the standard library in several threads
the faster of two servers waited for its own measurement.

Every submission comes over a connection of its own, as residents do. A few kept ones often all end
up with one of the server's processes, and then half of the server is measured.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import repeat, takewhile
from typing import NamedTuple

# What takes longer has failed.
PATIENCE = 30


class Reply(NamedTuple):
    """What came back: the status, the lines above the body, and the body as it was sent."""

    status: int
    head: bytes
    body: bytes


# One submission: hands out requests, is sent the reply to each, and raises when one is wrong.
Visit = Generator[bytes, Reply, None]
Submission = Callable[[], Visit]


def request(method: str, path: str, *, headers: str = "", body: str = "") -> bytes:
    """A request of HTTP/1.1. headers: further lines, each with its line end."""
    if body:
        headers += "Content-Type: application/x-www-form-urlencoded\r\n"
        headers += f"Content-Length: {len(body)}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n{body}".encode()


@dataclass
class _Client:
    """A connection, and how far the submission on it has come."""

    connection: socket.socket
    visit: Visit
    #: When the request was due that is waited for.
    since: float
    received: bytes = b""

    def hear(self, took: list[float]) -> bool:
        """Read what has come, send what follows; True when the submission is done."""
        piece = self.connection.recv(1 << 18)
        assert piece, "the server hung up"
        self.received += piece
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return False
        self.received = b""
        now = time.perf_counter()
        took.append(now - self.since)
        self.since = now
        try:
            self.connection.sendall(self.visit.send(Reply(int(head[9:12]), head, body)))
        except StopIteration:
            return True
        return False


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _length(head: bytes) -> int:
    found = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
    assert found, head
    return int(found[1])


def capacity(port: int, submit: Submission, *, clients: int = 16, seconds: float = 6) -> float:
    """Submissions a second when every client sends the next as soon as the last is answered."""
    start = time.perf_counter()
    at_once = takewhile(lambda _due: time.perf_counter() < start + seconds, repeat(start))
    took = _drive(port, submit, clients=clients, due=at_once)
    return len(took) / 2 / (time.perf_counter() - start)


def paced(
    port: int, submit: Submission, *, rate: float, clients: int = 16, seconds: float = 10
) -> list[float]:
    """Seconds of every request when `rate` submissions a second are due, at equal distances.

    A submission that begins late because all clients still wait counts its lateness too: what a
    resident feels is not hidden by a slow server slowing its own load.
    """
    start = time.perf_counter() + 0.2
    due = (start + turn / rate for turn in range(int(rate * seconds)))
    return _drive(port, submit, clients=clients, due=due)


def visit_in_turn(port: int, submit: Submission, *, times: int) -> None:
    """So many submissions, one after the other, all over one kept connection."""
    with _connect(port) as connection:
        for _turn in range(times):
            visit = submit()
            client = _Client(connection, visit, time.perf_counter())
            connection.sendall(next(visit))
            while not client.hear([]):
                pass


def _drive(port: int, submit: Submission, *, clients: int, due: Iterator[float]) -> list[float]:
    """Begin a submission at each moment of `due`, or when a client is free; seconds of requests."""
    took: list[float] = []
    busy = 0
    turn = next(due, None)
    with selectors.DefaultSelector() as ready:
        while turn is not None or busy:
            may_begin = turn is not None and busy < clients
            wait = turn - time.perf_counter() if turn is not None and may_begin else PATIENCE
            if turn is not None and may_begin and wait <= 0:
                visit = submit()
                client = _Client(_connect(port), visit, turn)
                client.connection.sendall(next(visit))
                ready.register(client.connection, selectors.EVENT_READ, client)
                busy, turn = busy + 1, next(due, None)
                continue
            events = ready.select(wait)
            assert events or wait < PATIENCE, "no reply"
            for key, _event in events:
                if key.data.hear(took):
                    ready.unregister(key.fileobj)
                    key.data.connection.close()
                    busy -= 1
    return took


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of the values do not pass."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
