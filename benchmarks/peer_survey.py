"""Submissions a second of ours and of django-survey-and-report: same form, machine and run.

The peer is installed from PyPI into a throw-away environment: five questions of six choices and
a text on one page, SQLite with WAL and synchronous FULL as ours, gunicorn with the same processes
and threads. A submission is the GET of the form and its POST; a redirect is not followed.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks._load import Submission, Visit, capacity, request
from benchmarks.resident import (
    ANSWERS,
    OURS,
    YARDSTICK,
    answers,
    cpu_seconds,
    free_port,
    prepare,
    submission,
)

NAME = "peer survey"
COMMAND = ".venv/bin/python -m benchmarks peer_survey"
PEER = "django-survey-and-report==1.5.0"
# The ratio that is promised.
AIM = 12
GUNICORN = ["--workers", "2", "--threads", "4", "--worker-class", "gthread", "--log-level", "error"]
COOKIE = re.compile(rb"Set-Cookie: +csrftoken=(\w+)")
RADIO = re.compile(r'<input type="radio" name="([^"]+)"')
TEXTAREA = re.compile(r'<textarea name="([^"]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
LEVELS = "Very satisfied, Satisfied, Just about satisfied, Dissatisfied, Very dissatisfied, No idea"
SETTINGS = """
from pathlib import Path
BASE = Path(__file__).parent
SECRET_KEY = "a throw-away key"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles",
    "django.contrib.sites", "survey"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "DIRS": [BASE],
    "OPTIONS": {"context_processors": ["django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE / "peer.db",
    "CONN_MAX_AGE": None,
    "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"}}}
STATIC_URL = "/static/"
SITE_ID = 1
USE_TZ = True
MEDIA_URL = "/media/"
MEDIA_ROOT = BASE / "media"
CSV_DIRECTORY = TEX_DIRECTORY = BASE
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
"""
URLS = """
from django.contrib import admin
from django.urls import include, path
urlpatterns = [path("admin/", admin.site.urls),
    path("accounts/", include("django.contrib.auth.urls")), path("survey/", include("survey.urls"))]
"""
WSGI = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
from django.core.wsgi import get_wsgi_application
app = get_wsgi_application()
"""
FILL = f"""
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from survey.models import Category, Question, Survey
made = Survey.objects.create(name="Street", description="Street", is_published=True,
    need_logged_user=False, editable_answers=True, display_method=Survey.ALL_IN_ONE_PAGE)
group = Category.objects.create(name="Topics", survey=made, order=1)
for number in range(5):
    Question.objects.create(text=f"Topic {{number}}", order=number, required=True, survey=made,
        category=group, type=Question.RADIO, choices={LEVELS!r})
Question.objects.create(text="Words", order=9, required=False, survey=made, category=group,
    type=Question.TEXT)
print(made.id)
"""


def install(folder: Path) -> tuple[Path, str]:
    """A throw-away environment with the peer in it: its Python, and the id of its survey.

    Raises RuntimeError with what pip said when it cannot be installed.
    """
    python = folder / "venv/bin/python"
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    command = [str(python), "-m", "pip", "install", "--quiet", PEER, "gunicorn", "setuptools"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{PEER} cannot be installed: {done.stderr.strip()[-400:]}")
    for name, text in (("settings", SETTINGS), ("urls", URLS), ("wsgi", WSGI), ("fill", FILL)):
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    # Its pages extend a base.html of the site that uses it; the least there can be.
    (folder / "base.html").write_text("<!doctype html>{% block content %}{% endblock %}")
    filled = subprocess.run(
        [python, "fill.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    if filled.returncode:
        raise RuntimeError(f"{PEER} cannot be set up: {filled.stderr.strip()[-400:]}")
    return python, filled.stdout.split()[-1]


@contextmanager
def under_gunicorn(
    python: Path, application: str, folder: Path, *, settings: Path, **environ: str
) -> Iterator[tuple[int, int]]:
    """The application under gunicorn; gives its port and the process id of its master."""
    port = free_port()
    command = [
        *(str(python), "-m", "gunicorn", "-c", str(settings)),
        *("--bind", f"127.0.0.1:{port}", *GUNICORN, application),
    ]
    master = subprocess.Popen(command, cwd=folder, env=os.environ | environ)
    try:
        for _attempt in range(400):
            if answers(port):
                break
            time.sleep(0.05)
        yield port, master.pid
    finally:
        master.send_signal(signal.SIGTERM)
        master.wait(timeout=20)


def peer_submission(survey: str) -> Submission:
    """A visitor of the peer: reads the form, sends it with the token and cookie it was given."""
    path = f"/survey/{survey}/"
    page = request("GET", path, headers="Accept-Encoding: gzip\r\n")

    def visit() -> Visit:
        reply = yield page
        assert reply.status == 200, reply.status
        cookie = COOKIE.search(reply.head)
        assert cookie, "the form came without its cookie"
        html = reply.body.decode()
        fields = dict.fromkeys(RADIO.findall(html), "satisfied")
        fields |= dict.fromkeys(TEXTAREA.findall(html), ANSWERS["comment"])
        assert len(fields) == 6, fields
        form = urlencode(dict(HIDDEN.findall(html)) | fields)
        headers = f"Cookie: csrftoken={cookie[1].decode()}\r\n"
        reply = yield request("POST", path, headers=headers, body=form)
        assert reply.status == 302, (reply.status, reply.body[:300])

    return visit


def run() -> list[dict[str, Any]]:
    """Rows of (measure, figure, yardstick, ratio, command); the ratio is ours over the peer's."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        code = prepare(place)
        python, survey = install(folder)
        here = Path(__file__).resolve().parent.parent
        ours: list[Loaded] = []
        peer: list[Loaded] = []
        with (
            under_gunicorn(
                Path(sys.executable),
                "survey:create_app()",
                here,
                settings=OURS,
                JIEPING_INSTANCE_DIR=place,
            ) as (port, master),
            under_gunicorn(python, "wsgi:app", folder, settings=YARDSTICK) as (
                peer_port,
                peer_master,
            ),
        ):
            visit, peer_visit = submission(code), peer_submission(survey)
            capacity(port, visit, seconds=1)
            capacity(peer_port, peer_visit, seconds=1)
            for _round in range(3):
                ours.append(loaded(port, master, visit))
                peer.append(loaded(peer_port, peer_master, peer_visit))
    mine, other = sorted(ours)[1], sorted(peer)[1]
    return _rows(mine, other)


@dataclass(frozen=True, order=True)
class Loaded:
    """What a server under full load does: submissions a second, and CPU of each in ms."""

    rate: float
    cpu_ms: float


def loaded(port: int, master: int, visit: Submission) -> Loaded:
    """Load the server as much as it takes, and read what the kernel charged its workers."""
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    before, start = sum(map(cpu_seconds, map(int, workers))), time.perf_counter()
    rate = capacity(port, visit)
    cpu = sum(map(cpu_seconds, map(int, workers))) - before
    return Loaded(rate, cpu * 1000 / (rate * (time.perf_counter() - start)))


def _rows(mine: Loaded, other: Loaded) -> list[dict[str, Any]]:
    return [
        {
            "measure": "CPU of a submission in the workers, milliseconds",
            "figure": round(mine.cpu_ms, 2),
            "yardstick": f"{PEER}: {other.cpu_ms:.2f}",
            "ratio": round(mine.cpu_ms / other.cpu_ms, 3),
            "command": COMMAND,
        },
        {
            "measure": "submissions a second, GET + POST (median of 3 rounds in turn)",
            "figure": round(mine.rate, 1),
            "yardstick": f"{PEER}: {other.rate:.1f}; aim {AIM} times as many",
            "ratio": round(mine.rate / other.rate, 2),
            "command": COMMAND,
        },
    ]
