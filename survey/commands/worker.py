"""`worker`: one process that folds answers into the cubes and does the jobs of the queue."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

import click
import structlog
from flask import Flask, current_app
from huey import signals
from sqlalchemy.exc import DBAPIError

from survey import children, jobs
from survey.clock import utc_now
from survey.errors import database_problem
from survey.services import search_index
from survey.services.rollup import fold_all

log = structlog.get_logger(__name__)

LONGEST_PAUSE = 30.0
# Time that a fold under way has to commit; the supervisor waits 2.5 s.
GRACE_SECONDS = 1.5


class JsonLines(logging.Handler):
    """Says the warnings of the queue's library in our form: one JSON line an event."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        reason = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log.warning("queue", message=record.getMessage(), reason=reason)


def fold_until(stop: threading.Event, app: Flask, *, seconds: float) -> None:
    """Fold pending answers every `seconds` until `stop`; a busy database lengthens the pause."""
    pause = seconds
    _fill_search_index(app)
    while not stop.wait(pause):
        try:
            with app.app_context():
                folded = fold_all(now=utc_now())
        except DBAPIError as error:
            pause = min(LONGEST_PAUSE, pause * 2)
            log.warning("fold_postponed", code=database_problem(error), seconds=pause)
        except Exception:
            # The thread must outlive what nobody foresaw, or answers would silently stop counting.
            pause = min(LONGEST_PAUSE, pause * 2)
            log.exception("fold_failed", seconds=pause)
        else:
            pause = seconds
            if folded:
                log.info("folded", responses=folded)


def _fill_search_index(app: Flask) -> None:
    """Index what was stored before there was an index; later comments come with their answers."""
    try:
        with app.app_context():
            added = search_index.add_missing()
    except Exception:
        # `search rebuild` says what is wrong; answers must count all the same.
        log.exception("search_index_incomplete")
    else:
        if added:
            log.info("search_index_filled", comments=added)


def _log_task(name: str, task: Any, exc: BaseException | None = None) -> None:
    if exc is None:
        log.info(f"task_{name}", task=task.name)
    else:
        log.error(f"task_{name}", task=task.name, reason=str(exc) or type(exc).__name__)


def work(app: Flask, stop: threading.Event) -> None:
    """Run until `stop` is set; then end the children, let a fold commit, and return."""
    huey = jobs.queue()
    library = logging.getLogger("huey")
    library.handlers, library.propagate = [JsonLines(logging.WARNING)], False
    huey.signal(signals.SIGNAL_COMPLETE, signals.SIGNAL_ERROR)(_log_task)
    consumer = huey.create_consumer(workers=1, max_delay=1.0, check_worker_health=True)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    consumer.start()
    for number, handler in handlers.items():
        # The consumer puts its own handlers in place, which would wait for a running task.
        signal.signal(number, handler)
    folding = threading.Thread(
        target=fold_until,
        args=(stop, app),
        kwargs={"seconds": app.config["FOLD_SECONDS"]},
        name="fold",
        daemon=True,
    )
    folding.start()
    log.info("worker_started", jobs=type(huey).__name__, fold_seconds=app.config["FOLD_SECONDS"])
    while not stop.wait(10):
        consumer.check_worker_health()
    consumer.stop()
    children.end_all()
    folding.join(GRACE_SECONDS)
    log.info("worker_stopped")


@click.command("worker")
def command() -> None:
    """Fold new answers, draw pictures and sort comments, until SIGTERM or Ctrl-C."""
    stop = threading.Event()

    def end(_number: int, _frame: Any) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    work(app, stop)
