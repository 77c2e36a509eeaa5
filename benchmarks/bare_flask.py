"""The yardstick of the resident's request: the least a Flask app can do to take an answer in.

GET returns a constant page of the same length as ours; POST reads the form, inserts one row with
sqlite3 (WAL, synchronous FULL, one commit, as ours) and redirects.
"""

from __future__ import annotations

import os
import sqlite3

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

app = Flask(__name__)
# The load reads a submission key from every page; here all have the same one.
KEY = '<input name="submission_key" value="0123456789abcdef">'
PAGE = KEY.ljust(int(os.environ.get("BARE_PAGE_BYTES", "8000")), "x")
_connection: sqlite3.Connection | None = None


def connection() -> sqlite3.Connection:
    """The one connection of this process, made on first use (after the server forked)."""
    global _connection
    if _connection is None:
        _connection = sqlite3.connect(os.environ["BARE_DATABASE"], check_same_thread=False)
        _connection.execute("PRAGMA journal_mode=WAL")
        _connection.execute("PRAGMA synchronous=FULL")
        _connection.execute("CREATE TABLE IF NOT EXISTS reply (id INTEGER PRIMARY KEY, body TEXT)")
    return _connection


@app.get("/s/<code>")
def ask(code: str) -> str:
    """A constant page."""
    return PAGE


@app.post("/s/<code>")
def answer(code: str) -> Response:
    """One row, one commit."""
    db = connection()
    db.execute("INSERT INTO reply (body) VALUES (?)", (request.form["party"],))
    db.commit()
    return redirect("/r/x", 303)
