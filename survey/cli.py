"""The commands of `flask --app survey`: registered here, one file per noun in survey/commands."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

# Each module has `command`: a click group or command, whose name is what is typed.
COMMANDS = (
    "rollup",
    "cube",
    "worker",
    "export",
)


def register(app: Flask) -> None:
    """Attach every command."""
    for name in COMMANDS:
        app.cli.add_command(import_module(f"survey.commands.{name}").command)
