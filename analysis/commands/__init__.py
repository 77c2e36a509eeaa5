"""The commands of ``python -m analysis``: files in, JSON or files out; nothing is computed here.

A command is a module with ``add_arguments(parser)`` and ``run(args) -> int``; its docstring is
the text of its ``--help``. Modules are imported only when their command is asked for, so that
``index`` does not load what ``themes`` needs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command lives and the line that ``--help`` shows for it."""

    module: str
    summary: str


COMMANDS: dict[str, Command] = {
    "index": Command(
        "analysis.commands.index", "index of every street from a table of answers and margins"
    ),
    "evaluate": Command(
        "analysis.commands.evaluate", "blended scores, rank sets and verdicts under a policy"
    ),
    "policy": Command(
        "analysis.commands.policy", "print, explain and check the policy all of it depends on"
    ),
    "recompute": Command(
        "analysis.commands.recompute", "redo a published evaluation from its bundle and compare"
    ),
    "themes": Command("analysis.commands.themes", "recurring themes in a table of messages"),
    "classify": Command("analysis.commands.classify", "train on labelled texts and label others"),
}
