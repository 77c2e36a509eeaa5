"""Entry of ``python -m analysis``: picks the command; an error is one line and status 2."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from analysis.commands import COMMANDS
from analysis.types import AnalysisError


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help tells more)\n")


def build_parser(chosen: str | None) -> tuple[OneLineParser, ModuleType | None]:
    """The parser, with the arguments of the ``chosen`` command only, and its module."""
    parser = OneLineParser(
        prog="python -m analysis",
        description="The mathematics of Jieping without a server: files in, JSON out.",
        epilog="Example: python -m analysis index --answers answers.csv --margins margins.json",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    module = None
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == chosen:
            module = importlib.import_module(command.module)
            sub.description = module.__doc__
            module.add_arguments(sub)
    return parser, module


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when all was done, 2 with one line on stderr otherwise."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = next((a for a in arguments if not a.startswith("-")), None)
    parser, module = build_parser(chosen)
    args = parser.parse_args(arguments)
    assert module is not None
    try:
        return int(module.run(args))
    except AnalysisError as error:
        print(f"{parser.prog} {chosen}: {error.message}", file=sys.stderr)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        print(f"{parser.prog} {chosen}: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
