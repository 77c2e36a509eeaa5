"""Print, explain and check the policy: the one document that every figure depends on.

A policy is a JSON object of named values. You write only what differs from the defaults:

  {"version": "2027", "alpha": 0.7, "omega": {"party": 0.1, "urban": 0.3, "welfare": 0.2,
   "community": 0.2, "safety": 0.2}}

Without an option, the whole default document is printed: 60 or so values by section. With

  --check FILE.json     the document is validated and the version, the sha256 that will stand on
                        every output, and each value that differs from the default are printed;
                        an unknown name, weights that do not sum to 1, a negative cap or values
                        that contradict each other are one line on stderr and status 2
  --locked              (with --check) FILE.json is a whole document as it was locked: sha256 is
                        that of the document itself, and "added_since" lists the values that this
                        version of the software has and the document does not name
  --explain NAME        what one value means, in English and Chinese, with default and bounds
  --schema              the JSON Schema (2020-12) of a document, for an editor or a form
  --document en|zh      the tables of docs/policy.md or docs/policy.zh-CN.md

A wave locks its policy when it opens. Two documents with the same values have the same sha256,
whatever the order of their keys and however numbers are written (1 or 1.0).
"""

from __future__ import annotations

import argparse
from difflib import get_close_matches
from typing import Any

from analysis.commands.files import policy_summary, read_json, write_json
from analysis.policy import ENTRIES, Policy
from analysis.policy_schema import differences, explain_value, policy_markdown, policy_schema
from analysis.types import AnalysisError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--schema", action="store_true", help="print the JSON Schema")
    what.add_argument("--check", metavar="FILE.json", help="validate a document of overrides")
    what.add_argument("--explain", metavar="NAME", help="help of one value, in both languages")
    what.add_argument(
        "--document", choices=("en", "zh"), help="print the tables of docs/policy*.md"
    )
    parser.add_argument(
        "--locked", action="store_true", help="with --check: a whole document as it was locked"
    )


def run(args: argparse.Namespace) -> int:
    """Print what was asked for; 0 when done. Raises ``AnalysisError``."""
    if args.locked and not args.check:
        raise AnalysisError("bad_option", "--locked belongs to --check FILE.json.")
    if args.check:
        write_json(check_document(args.check, locked=args.locked))
    elif args.explain:
        print(explain_name(args.explain))
    elif args.document:
        print(policy_markdown(args.document), end="")
    else:
        write_json(policy_schema() if args.schema else Policy().to_dict())
    return 0


def check_document(path: str, *, locked: bool) -> dict[str, Any]:
    """What a valid document amounts to. Raises ``AnalysisError`` for one that is not."""
    given = read_json(path)
    policy = Policy.from_locked(given) if locked else Policy.from_dict(given)
    found: dict[str, Any] = {"valid": True, **policy_summary(policy)}
    if locked:
        found["added_since"] = list(policy.added_since)
    return found | {"differs": differences(policy)}


def explain_name(name: str) -> str:
    """Help of the value with this name. Raises ``AnalysisError`` (``unknown_key``)."""
    known = {entry.key: entry for entry in ENTRIES}
    if name not in known:
        near = get_close_matches(name, known, n=3)
        hint = f" Near it: {', '.join(near)}." if near else ""
        raise AnalysisError("unknown_key", f"The policy has no value named {name!r}.{hint}")
    return explain_value(known[name])
