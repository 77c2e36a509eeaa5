"""A TCP proxy between the browser and the server that cuts the line where a test says."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import closing, suppress

CHUNK = 65_536


def _reset(connection: socket.socket) -> None:
    """Close as a dead line does: at once, nothing said."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The other thread may be waiting for it, and would keep it open.
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


class CuttingProxy:
    """Forwards to `port`. `cut` says where the line is cut while it is set:

    None: nowhere; "before": no connection holds; "during": half of a POST gets through;
    "after": the POST gets through and its reply does not.
    """

    def __init__(self, port: int) -> None:
        self.cut: str | None = None
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address under which the browser reaches the server."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self.cut == "before":
            return _reset(client)
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()
            while data := client.recv(CHUNK):
                posts = data.startswith(b"POST ")
                if self.cut == "before" or (posts and self.cut == "during"):
                    with suppress(OSError):
                        server.sendall(data[: len(data) // 2] if self.cut == "during" else b"")
                    return _reset(client)
                server.sendall(data)
        with closing(client):
            return None

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(CHUNK):
                if self.cut == "after" and b" 303 " in data[:40]:
                    return _reset(client)
                client.sendall(data)
            client.close()
