"""Hand mail to the server of JIEPING_MAIL_URL, and say by a code why it did not take it."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from types import TracebackType
from urllib.parse import unquote, urlsplit

# Of each step of the conversation. The worker has other things to do than to wait for mail.
ANSWER_SECONDS = 10.0
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class NotDelivered(Exception):
    """The mail was not taken. code: what to show and log, without any address or server's words.

    about_server: it would have happened to every other mail as well.
    """

    def __init__(self, code: str, *, about_server: bool) -> None:
        super().__init__(code)
        self.code = code
        self.about_server = about_server


@dataclass(frozen=True)
class Mail:
    """One mail in plain text. id: the same however often it is tried; at: UTC, when written."""

    id: str
    to: str
    subject: str
    body: str
    at: datetime


class Postbox:
    """A conversation with the server, begun with the first mail: `with Postbox(url, …) as box`."""

    def __init__(self, url: str, *, sender: str, seconds: float = ANSWER_SECONDS) -> None:
        """url: as in JIEPING_MAIL_URL, checked; sender: the address in From."""
        self._url = urlsplit(url)
        self._sender = sender
        self._seconds = seconds
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Postbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._server.quit()

    def deliver(self, mail: Mail) -> None:
        """Hand over one mail. Raises NotDelivered."""
        try:
            if self._server is None:
                self._server = self._open()
            self._server.send_message(self._message(mail), self._sender, [mail.to])
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            raise NotDelivered(_said("recipient_refused", error), about_server=False) from error
        except smtplib.SMTPAuthenticationError as error:
            raise NotDelivered(_said("sign_in_refused", error), about_server=True) from error
        except TimeoutError as error:
            raise NotDelivered("timeout", about_server=True) from error
        except ssl.SSLError as error:
            raise NotDelivered("certificate", about_server=True) from error
        except smtplib.SMTPNotSupportedError as error:
            raise NotDelivered("not_encrypted", about_server=True) from error
        except smtplib.SMTPServerDisconnected as error:
            # What the library says of a connection that broke off, also by a time limit.
            code = "timeout" if isinstance(error.__context__, TimeoutError) else "hung_up"
            raise NotDelivered(code, about_server=True) from error
        except smtplib.SMTPException as error:
            raise NotDelivered(_said("server_refused", error), about_server=True) from error
        except OSError as error:
            raise NotDelivered("no_connection", about_server=True) from error
        except ValueError as error:
            # An address or header that cannot be written; the next mail may be sound.
            raise NotDelivered("recipient_refused", about_server=False) from error

    def _open(self) -> smtplib.SMTP:
        url = self._url
        host, port = url.hostname or "", url.port or PORTS[url.scheme]
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if url.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, port, timeout=self._seconds, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=self._seconds)
        try:
            if url.scheme == "smtp+starttls":
                server.starttls(context=context)
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = mail.at.replace(tzinfo=UTC)
        message["Message-ID"] = f"<{mail.id}@{self._sender.rpartition('@')[2]}>"
        # Nobody's absence shall answer to it (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.body, cte="base64")
        return message


def _said(code: str, error: Exception) -> str:
    """The code with the server's number behind it, e.g. "recipient_refused 550"."""
    number = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        number = next(iter(error.recipients.values()), (None,))[0]
    return f"{code} {number}" if number else code
