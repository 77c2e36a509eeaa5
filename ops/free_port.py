"""Exit 1 with one line unless HOST PORT can be listened on; asked before anything long starts.

Runs on the machine's own Python, so the standard library only.
"""

from __future__ import annotations

import errno
import os
import socket
import sys


def obstacle(host: str, port: str) -> str | None:
    """What keeps us from listening on `host`:`port`, and what to do; None when nothing does."""
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        return f"PORT must be a number from 1 to 65535 (it is {port!r})"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the server itself does: a port that was in use a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                other = int(port) + 1 if int(port) < 65535 else 8000
                return (
                    f"端口 {port} 已被占用 · Port {port} is in use. "
                    f"End what uses it, or take another: make run PORT={other}"
                )
            reason = os.strerror(error.errno) if error.errno else str(error)
            return f"{host} port {port} cannot be used: {reason}"
    return None


if __name__ == "__main__":
    reason = obstacle(sys.argv[1], sys.argv[2])
    if reason:
        sys.exit(reason)
