"""Jobs: the queue between the web and the worker, and what the worker does on request.

Nothing here computes: each task calls one service. Heavy libraries are only imported inside
short-lived child processes (survey/children.py), so that their memory is given back.
The queue is opened on first use and not at import: its constructor connects, and a connection
must not be inherited over a fork.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, current_app
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.exceptions import ConfigurationError

from survey import children
from survey.clock import utc_now
from survey.config import SettingError

log = structlog.get_logger(__name__)

# A picture is not asked for again by this process within this time, however many pages want it.
ASK_AGAIN_SECONDS = 30.0
PICTURE_SECONDS = 60
THEMES_SECONDS = 1800
EVALUATION_SECONDS = 900
DISCLOSURE_SECONDS = 600


def open_queue(url: str, *, instance_path: str) -> Huey:
    """The queue behind JIEPING_JOBS_URL; empty means jobs.db in the instance folder.

    Raises SettingError when the library for this kind of queue is missing.
    """
    scheme = url.split("://")[0]
    try:
        if scheme.startswith("postgresql"):
            return PostgresHuey("jieping", dsn=url.replace("+psycopg", ""), results=False)
        if scheme == "redis":
            return RedisHuey("jieping", url=url, results=False)
    except (ConfigurationError, ImportError) as error:
        raise SettingError(f"JIEPING_JOBS_URL cannot be used: {error}") from error
    path = url.removeprefix("sqlite:///") if url else str(Path(instance_path) / "jobs.db")
    return SqliteHuey("jieping", filename=path, results=False)


def queue() -> Huey:
    """The queue of this process, opened on first use, with every task known to it."""
    opened: Huey | None = current_app.extensions.get("jobs")
    if opened is None:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        opened = open_queue(app.config["JOBS_URL"], instance_path=app.instance_path)
        _register_tasks(opened, app)
        app.extensions["jobs"] = opened
    return opened


def _register_tasks(opened: Huey, app: Flask) -> None:
    @opened.task(name="draw_picture")
    def draw_picture(name: str, params: Mapping[str, Any]) -> None:
        from survey.services.pictures import draw

        with app.app_context():
            draw(name, params, now=utc_now())

    @opened.task(name="draw_wave")
    def draw_wave(wave_code: str) -> None:
        from survey.services.pictures import draw_for_wave

        with app.app_context():
            draw_for_wave(wave_code, now=utc_now())

    @opened.task(name="make_reports")
    def make_reports(wave_code: str, revision: int) -> None:
        from survey.services.reports import make_reports as make

        with app.app_context():
            make(wave_code, revision=revision, now=utc_now())

    @opened.task(name="run_themes")
    def run_themes(wave_code: str, review: bool = False) -> None:
        """In a child: scikit-learn and jieba take 200 MB that would never come back."""
        command = [sys.executable, "-m", "flask", "--app", "survey", "themes", "run", wave_code]
        children.run([*command, *(["--review"] if review else [])], seconds=THEMES_SECONDS)

    def is_due(now: datetime) -> bool:
        minutes: int = app.config["THEMES_MINUTES"]
        return (now.hour * 60 + now.minute) % minutes == 0

    @opened.periodic_task(is_due, name="sort_new_comments")
    def sort_new_comments() -> None:
        """Have the themes run for every open wave with comments that no run has seen."""
        from survey.queries.worker import waves_with_new_comments

        with app.app_context():
            waves = waves_with_new_comments()
        for wave_code in waves:
            run_themes(wave_code)

    @opened.periodic_task(lambda now: (now.hour, now.minute) == (18, 0), name="review_themes")
    def review_themes() -> None:
        """Once a night, at two in China: themes nobody decided about may merge or split."""
        from survey.queries.worker import waves_to_review

        with app.app_context():
            waves = waves_to_review()
        for wave_code in waves:
            run_themes(wave_code, review=True)

    @opened.periodic_task(lambda now: (now.hour, now.minute) == (19, 0), name="forget_call_backs")
    def forget() -> None:
        """Once a day, at three in the morning in China."""
        from survey.services.call_backs import forget_call_backs

        with app.app_context():
            forget_call_backs(now=utc_now())

    @opened.periodic_task(lambda now: (now.hour, now.minute) == (19, 30), name="forget_sessions")
    def forget_sessions() -> None:
        """Once a day: sessions of the office that ended more than 30 days ago."""
        from survey.services.sign_in_sessions import forget_ended

        with app.app_context():
            forget_ended(now=utc_now())

    @opened.periodic_task(lambda now: (now.hour, now.minute) == (23, 0), name="open_call_backs")
    def open_call_backs() -> None:
        """Once a day, at seven in the morning in China, before offices open."""
        from survey.services.case_opening import open_call_back_cases

        with app.app_context():
            open_call_back_cases(utc_now())

    @opened.periodic_task(lambda now: (now.hour, now.minute) == (16, 5), name="keep_promises")
    def keep_promises() -> None:
        """When the day has turned in China: plans became overdue, answers came to count."""
        from survey.services import rechecks

        with app.app_context():
            rechecks.keep_promises(now=utc_now())

    app.extensions["tasks"] = {
        "draw_picture": draw_picture,
        "draw_wave": draw_wave,
        "make_reports": make_reports,
        "run_themes": run_themes,
    } | _evaluation_tasks(opened, app)
    app.extensions["tasks"] |= _public_tasks(opened)
    _mail_tasks(opened, app)


def _mail_tasks(opened: Huey, app: Flask) -> None:
    """Mail: every minute what waits; in the morning what is due; at night forget what is old."""

    @opened.periodic_task(lambda now: bool(app.config["MAIL_URL"]), name="send_mail")
    def send_mail() -> None:
        from survey.services.mail import send_due

        with app.app_context():
            send_due(now=utc_now())

    @opened.periodic_task(lambda now: (now.hour, now.minute) == (0, 0), name="write_digests")
    def digests() -> None:
        """At eight in the morning in China, before offices open; on working days only."""
        from survey.services.mail_digest import write_digests

        with app.app_context():
            write_digests(now=utc_now())

    @opened.periodic_task(lambda now: (now.hour, now.minute) == (19, 10), name="forget_mail")
    def forget() -> None:
        from survey.services.mail import forget_mail

        with app.app_context():
            forget_mail(now=utc_now())


def _public_tasks(opened: Huey) -> dict[str, Any]:
    """What the public reads of cases: hidden and audited in a child, which is quick to forget."""

    @opened.task(name="audit_public_tables")
    def audit_public_tables() -> None:
        command = [sys.executable, "-m", "flask", "--app", "survey", "disclosure"]
        children.run(command, seconds=DISCLOSURE_SECONDS)

    @opened.periodic_task(lambda now: (now.hour, now.minute) == (20, 0), name="audit_due_tables")
    def audit_due_tables() -> None:
        """Once a night, at four in China; what was audited this week is left as it is."""
        audit_public_tables()

    return {"audit_public_tables": audit_public_tables}


def _evaluation_tasks(opened: Huey, app: Flask) -> dict[str, Any]:
    """What is computed of a district of many streets, in children that give their memory back."""

    def evaluate(job: str, wave_code: str, *options: str) -> None:
        command = [sys.executable, "-m", "flask", "--app", "survey", "evaluate", wave_code]
        try:
            children.run([*command, *options], seconds=EVALUATION_SECONDS)
        except Exception as error:
            with app.app_context():
                # A child that could still say what went wrong has said so.
                note = told(job, seconds=EVALUATION_SECONDS)
                if note is None or note.is_under_way:
                    tell(job, state="failed", reason=type(error).__name__)
            raise

    @opened.task(name="keep_draft")
    def keep_draft(wave_code: str) -> None:
        evaluate(f"draft {wave_code}", wave_code, "--keep")

    @opened.task(name="freeze_wave")
    def freeze_wave(wave_code: str, asked: Mapping[str, str]) -> None:
        """asked: actor, reason, language, and notice_until, an ISO day or empty."""
        given = [f"--{name.replace('_', '-')}={value}" for name, value in asked.items() if value]
        evaluate(f"freeze {wave_code}", wave_code, "--freeze", "--tell", *given)

    return {"keep_draft": keep_draft, "freeze_wave": freeze_wave}


def _enqueue(task: str, *arguments: Any) -> bool:
    """Put a task into the queue; False, with a logged line, when the queue cannot be reached.

    What the worker does is never needed for the answer of a request, so a dead queue must not
    become an error page.
    """
    try:
        queue()
        current_app.extensions["tasks"][task](*arguments)
    except Exception as error:
        log.error("job_not_queued", task=task, reason=type(error).__name__)
        return False
    return True


def ask_for_picture(key: str, name: str, params: Mapping[str, Any]) -> bool:
    """Have the worker draw a picture (survey.services.pictures); True when it was queued now."""
    return _is_new(key) and _enqueue("draw_picture", name, dict(params))


def ask_for_reports(wave_code: str, *, revision: int) -> bool:
    """Have the worker make the printed reports of a revision; True when it was queued now."""
    key = f"reports {wave_code} {revision}"
    return _is_new(key) and _enqueue("make_reports", wave_code, revision)


def _is_new(key: str) -> bool:
    """Whether this process did not ask for the same just now; from here on it did."""
    asked: dict[str, float] = current_app.extensions.setdefault("pictures_asked", {})
    now = time.monotonic()
    if now - asked.get(key, -ASK_AGAIN_SECONDS) < ASK_AGAIN_SECONDS:
        return False
    for old in [k for k, at in asked.items() if now - at >= ASK_AGAIN_SECONDS]:
        del asked[old]
    asked[key] = now
    return True


def ask_for_public_tables() -> bool:
    """Have the worker hide and audit what is public of cases; True when it was queued now."""
    return _is_new("public tables") and _enqueue("audit_public_tables")


def ask_for_wave_pictures(wave_code: str) -> bool:
    """Have the worker draw every chart of a wave just published; True when it was queued."""
    return _enqueue("draw_wave", wave_code)


def ask_for_themes(wave_code: str) -> bool:
    """Have the worker sort the comments of a wave into themes; True when it was queued."""
    if not _enqueue("run_themes", wave_code):
        return False
    tell_themes(wave_code, state="asked")
    return True


def ask_for_draft(wave_code: str) -> bool:
    """Have the worker compute a draft and keep it; True when it was queued."""
    if not _enqueue("keep_draft", wave_code):
        return False
    tell(f"draft {wave_code}", state="asked")
    return True


def ask_for_freeze(
    wave_code: str, *, actor: str, reason: str, notice_until: str, language: str
) -> bool:
    """Have the worker freeze a wave for somebody; True when it was queued.

    notice_until: an ISO day, or empty; language: what a refusal is said in.
    """
    asked = {
        "actor": actor, "reason": reason, "notice_until": notice_until, "language": language,
    }  # fmt: skip
    if not _enqueue("freeze_wave", wave_code, asked):
        return False
    tell(f"freeze {wave_code}", state="asked")
    return True


@dataclass(frozen=True)
class Progress:
    """How far a job is. state: asked | running | done | failed."""

    state: str
    done: int
    total: int
    #: UTC; when this was told.
    at: datetime
    #: What a failed run said.
    reason: str = ""

    @property
    def is_under_way(self) -> bool:
        """Whether there is something to wait for."""
        return self.state in ("asked", "running")


def tell(job: str, *, state: str, done: int = 0, total: int = 0, reason: str = "") -> None:
    """Leave a note in the queue's store on how far a job is; whoever shows it may be elsewhere."""
    note = {"state": state, "done": done, "total": total, "reason": reason}
    try:
        queue().put(job, note | {"at": utc_now().isoformat()})
    except Exception as error:
        log.warning("progress_not_told", reason=type(error).__name__)


def told(job: str, *, seconds: float) -> Progress | None:
    """The last note on a job; None when there is none, or its run died unheard of.

    seconds: how long a run may take; what is under way for longer is not heard of any more.
    """
    try:
        note = queue().get(job, peek=True)
    except Exception as error:
        log.warning("progress_not_read", reason=type(error).__name__)
        return None
    if not isinstance(note, dict):
        return None
    found = Progress(**{**note, "at": datetime.fromisoformat(note["at"])})
    age = (utc_now() - found.at).total_seconds()
    return None if found.is_under_way and age > seconds else found


def tell_themes(
    wave_code: str, *, state: str, done: int = 0, total: int = 0, reason: str = ""
) -> None:
    """Tell how far the sorting of a wave's comments is."""
    tell(f"themes {wave_code}", state=state, done=done, total=total, reason=reason)


def themes_progress(wave_code: str) -> Progress | None:
    """How far the sorting of a wave's comments is; None when nothing is known of it."""
    return told(f"themes {wave_code}", seconds=THEMES_SECONDS)


def draft_progress(wave_code: str) -> Progress | None:
    """How far a draft is that the worker computes; None when nothing is known of it."""
    return told(f"draft {wave_code}", seconds=EVALUATION_SECONDS)


def freeze_progress(wave_code: str) -> Progress | None:
    """How far the freezing of a wave is that the worker does; None when nothing is known."""
    return told(f"freeze {wave_code}", seconds=EVALUATION_SECONDS)
