"""The application as gunicorn serves it, whose process dies between COMMIT and reply when told so.

DYING_FLAG names a file: while it is there, the next answer is stored and the process is killed
(SIGKILL) before a byte of the reply is sent.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from survey import create_app

FLAG = Path(os.environ["DYING_FLAG"])
_application = create_app()


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The application; everything is committed when it returns."""
    reply = _application.wsgi_app(environ, start_response)
    if environ["REQUEST_METHOD"] == "POST" and FLAG.exists():
        FLAG.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return reply
