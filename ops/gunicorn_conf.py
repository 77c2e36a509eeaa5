"""How gunicorn serves the product: few processes, threads in each, memory shared between them.

Its settings: https://docs.gunicorn.org/en/stable/settings.html. The address comes from --bind
on the command line, or from PORT.
"""

from __future__ import annotations

import gc
import os
from importlib import import_module
from pathlib import Path
from typing import Any

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"

# An answer is one short commit: threads wait for the disk while others compute, and two processes
# use two cores. More processes cost memory that the worker of themes needs.
worker_class = "gthread"
workers = 2
threads = 4

# The application is loaded once, before the processes fork, so that they share its memory.
preload_app = True

# Requests take milliseconds; Ctrl-C should not take longer than a person waits.
graceful_timeout = 2
timeout = 60
keepalive = 5

# The heartbeat of each process is a file; on a busy disk it would stall it.
if Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK):
    worker_tmp_dir = "/dev/shm"

# The application logs its requests itself, without addresses of residents.
accesslog = None
loglevel = "warning"
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Before forking: load what pages need; hide it from the garbage collector, to stay shared."""
    preload = import_module("survey.preload")
    preload.load(server.app.wsgi())
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """In each process: forget the database connections of the parent, which must not be shared."""
    from survey.extensions import db

    app = server.app.wsgi()
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose(close=False)
