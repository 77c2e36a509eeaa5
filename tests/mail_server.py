"""A mail server for tests on a free port: takes, refuses, hangs or breaks off, as it is told."""

from __future__ import annotations

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import cast


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast("_Server", self.server)
        if server.mood == "hangs":
            server.released.wait(20)
            return
        self._say("220 test.invalid ESMTP")
        while line := self.rfile.readline():
            verb = line.strip().upper()
            if verb == b"DATA" and server.mood == "breaks_off":
                return
            if verb == b"DATA":
                self._take(server)
            elif verb.startswith(b"RCPT") and server.mood == "refuses":
                self._say("550 no such mailbox here")
            elif verb.startswith(b"AUTH"):
                server.signed_in.append(line.strip())
                self._say("535 go away" if server.mood == "refuses_sign_in" else "235 welcome")
            elif verb.startswith(b"EHLO"):
                self._say("250-test.invalid\r\n250 AUTH PLAIN")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _take(self, server: _Server) -> None:
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        found = message_from_bytes(b"".join(lines), policy=policy.default)
        server.taken.append(cast("EmailMessage", found))
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mood = "takes"
        self.taken: list[EmailMessage] = []
        self.signed_in: list[bytes] = []
        self.released = threading.Event()


class MailServer:
    """`with MailServer() as server:`; set `mood`, read `taken` and `signed_in`."""

    def __init__(self) -> None:
        self._server = _Server()
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> MailServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """As in JIEPING_MAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def taken(self) -> list[EmailMessage]:
        """The mails it took."""
        return self._server.taken

    @property
    def signed_in(self) -> list[bytes]:
        """What it was told as name and password."""
        return self._server.signed_in

    def set_mood(self, mood: str) -> None:
        """takes | refuses | refuses_sign_in | hangs | breaks_off."""
        self._server.mood = mood
