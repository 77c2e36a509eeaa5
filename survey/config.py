"""The settings: name, type, default and help, read from JIEPING_* and checked at start.

A bad setting stops the start with one line that says which and why; it never fails a request.
docs/settings.md has a heading for each; a test compares.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

PREFIX = "JIEPING_"
# Read by the tests alone, so not settings of the product.
FOREIGN = {"JIEPING_REFERENCE_DIR"}
# Never repeated in a message about what is wrong with them.
SECRETS = {"SECRET_KEY", "MAIL_URL"}


class SettingError(click.ClickException):
    """A setting is wrong; the text says which and what to do (one line on the command line)."""


@dataclass(frozen=True)
class Setting:
    """One setting: `parse` turns the text into the value or raises ValueError with the reason."""

    name: str
    parse: Callable[[str], Any]
    default: str
    help: str


def _text(value: str) -> str:
    return value


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        number = int(value) if value.isdigit() else -1
        if not low <= number <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return number

    return parse


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        scheme = urlsplit(value).scheme.split("+")[0]
        if value and scheme not in schemes:
            raise ValueError("must start with " + " or ".join(f"{s}://" for s in schemes))
        if scheme == "redis" and find_spec("redis") is None:
            raise ValueError("needs the package redis: .venv/bin/pip install redis")
        return value.rstrip("/") if "http" in schemes else value

    return parse


def _mail_url(value: str) -> str:
    if not value:
        return value
    url = urlsplit(value)
    schemes = ("smtp", "smtp+starttls", "smtps")
    if url.scheme not in schemes or not url.hostname:
        raise ValueError("must be smtp://, smtp+starttls:// or smtps:// and a host")
    if url.scheme == "smtp" and url.username and url.hostname not in ("localhost", "127.0.0.1"):
        raise ValueError(
            "would send the password readable to all: use smtp+starttls:// or smtps://"
        )
    try:
        _port = url.port
    except ValueError as error:
        raise ValueError("must have a port from 0 to 65535, or none") from error
    return value


def _mail_from(value: str) -> str:
    try:
        return Address(addr_spec=value).addr_spec if value else value
    except (ValueError, IndexError, HeaderParseError) as error:
        raise ValueError("must be an address such as jieping@example.gov.cn") from error


def _one_of(*values: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in values:
            raise ValueError("must be one of " + ", ".join(values))
        return value

    return parse


def _some_of(*values: str) -> Callable[[str], frozenset[str]]:
    def parse(value: str) -> frozenset[str]:
        given = frozenset(part.strip() for part in value.split(",") if part.strip())
        if given - set(values):
            raise ValueError("must be some of " + ", ".join(values) + ", with commas between")
        return given

    return parse


def _timezone(value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("must be a time zone such as Asia/Shanghai") from error


def _secret(value: str) -> str:
    if value and len(value) < 32:
        raise ValueError("must have at least 32 characters; leave it empty to have one made")
    return value


SETTINGS = (
    Setting(
        "INSTANCE_DIR",
        _text,
        "",
        "The folder for what this installation keeps. Empty: instance/ beside the program.",
    ),
    Setting(
        "DATABASE_URL",
        _url("sqlite", "postgresql"),
        "",
        "Where everything is stored. Empty: the SQLite file app.db in the instance folder.",
    ),
    Setting(
        "JOBS_URL",
        _url("sqlite", "postgresql", "redis"),
        "",
        "Where jobs for the worker wait. Empty: the SQLite file jobs.db in the instance folder.",
    ),
    Setting(
        "LIMITS_URL",
        _url("memory", "redis"),
        "memory://",
        "Where request limits are counted; redis:// makes them exact over several processes.",
    ),
    Setting(
        "BASE_URL",
        _url("http", "https"),
        "http://127.0.0.1:8000",
        "The address residents reach; it is what the QR codes point to.",
    ),
    Setting(
        "SECRET_KEY",
        _secret,
        "",
        "Signs sessions and receipts. Empty: made once and kept in the instance folder.",
    ),
    Setting(
        "LANGUAGE",
        _one_of("zh", "en"),
        "zh",
        "The language of readers whose browser asks for neither Chinese nor English.",
    ),
    Setting("TIMEZONE", _timezone, "Asia/Shanghai", "The time zone of dates on pages and forms."),
    Setting(
        "TRUSTED_PROXIES",
        _whole(0, 5),
        "0",
        "How many reverse proxies stand in front; their X-Forwarded-* headers are believed.",
    ),
    Setting(
        "MAX_BODY_KB",
        _whole(64, 10_240),
        "256",
        "The largest request body a resident may send, in kilobytes.",
    ),
    Setting(
        "SURVEY_LAYOUT",
        _one_of("page", "steps"),
        "page",
        "How the resident's page is laid out: all questions on one page, or a group a step.",
    ),
    Setting(
        "TOTP_ROLES",
        _some_of("evaluator", "street", "department", "admin", "auditor"),
        "",
        "Roles whose accounts must sign in with a one-time code, e.g. admin,evaluator.",
    ),
    Setting(
        "KIOSK_IDLE_SECONDS",
        _whole(20, 600),
        "60",
        "After how long without a touch a kiosk clears itself for the next person, in seconds.",
    ),
    Setting(
        "CALL_BACK_DAYS",
        _whole(1, 365),
        "30",
        "Days to delete a request to be called back: from dealing with it, else the wave's end.",
    ),
    Setting(
        "DATA_LICENCE",
        _text,
        "",
        "The licence of the open data, as it shall stand on /data. Empty: the page says that "
        "the district has named none.",
    ),
    Setting(
        "FOLD_SECONDS",
        _whole(1, 60),
        "2",
        "How often the worker folds new answers into the cubes, in seconds.",
    ),
    Setting(
        "THEMES_MINUTES",
        _whole(1, 1440),
        "5",
        "How often the worker sorts new comments into themes, in minutes.",
    ),
    Setting(
        "MAIL_URL",
        _mail_url,
        "",
        "The server that takes mail to offices, smtps://user:password@host. Empty: no mail.",
    ),
    Setting(
        "MAIL_FROM",
        _mail_from,
        "",
        "The address that mail comes from. Empty: jieping@ and the host of JIEPING_BASE_URL.",
    ),
)


def load_settings(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Every setting from `environ` (JIEPING_<NAME>) or its default, parsed.

    Raises SettingError for a value that does not parse and for a name nobody knows, so that a
    mistyped name is not silently ignored.
    """
    known = {PREFIX + setting.name for setting in SETTINGS} | FOREIGN
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingError(
            f"{unknown[0]} is not a setting. Known: " + ", ".join(s.name for s in SETTINGS)
        )
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        raw = environ.get(PREFIX + setting.name, setting.default)
        try:
            values[setting.name] = setting.parse(raw)
        except ValueError as error:
            shown = "" if setting.name in SECRETS else f" (it is {raw!r})"
            raise SettingError(f"{PREFIX}{setting.name} {error}{shown}") from error
    return values


def kept_secret(instance: Path) -> str:
    """The secret key kept in the instance folder, made on first use and readable by us alone."""
    path = instance / "secret_key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    # O_EXCL: of two processes starting together one writes, the other reads.
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii").strip()
