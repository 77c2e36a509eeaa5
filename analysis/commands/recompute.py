"""Recompute a published evaluation from its bundle and compare every figure.

BUNDLE.zip is what `flask --app survey export WAVE --format bundle` writes.
A full bundle (for auditors) holds the counts behind every index, the residents of every street,
the direct scores, the themes and the policy. Everything is computed again from these: weights,
indices, intervals, the combination of streams, deductions, blended scores, rank sets, chances,
verdicts. A public bundle (--public) starts from the blended scores, their variances and the
effective sample sizes, and redoes the order and the verdicts.

First the sha256 of every file is compared with the manifest, then every recomputed figure with
the published one. The answer is printed as JSON:
  {"kind": "full", "wave": …, "revision": …, "policy_sha256": …, "sha256": …, "figures": 1234,
   "identical": 1234, "equal": true, "files_changed": [], "differences": []}
identical: equal to the last bit; equal: every figure is the same within --tolerance (another
processor may add in another order, which moves the sixteenth digit).

Exit status: 0 when every file and figure is the same; 1 when not, with the first that differs on
stderr; 2 when the bundle cannot be used. No database and no network is needed.

sha256 is that of the zip itself. Hold it against the one in the office's audit trail: whoever
forges inputs and figures together and seals them anew is caught by nothing else.

To see the figures themselves: --figures prints all of them as recomputed. The tables inside the
zip are plain CSV and JSON; README.txt in it says what each one is.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.bundle import FULL, RESULTS, changed_files, read_inputs, read_json_file, read_manifest
from analysis.bundle_public import recompute_public
from analysis.bundle_results import TOLERANCE, Comparison, compare, results_document
from analysis.commands.files import write_json
from analysis.types import AnalysisError
from analysis.wave_evaluation import evaluate_wave

LARGEST = 1024**3
"""Bytes a bundle may unpack to: 1,000 streets take about a tenth of this."""
SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("bundle", metavar="BUNDLE.zip", help="the bundle of an evaluation")
    parser.add_argument(
        "--figures", action="store_true", help="print all recomputed figures instead of the answer"
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=TOLERANCE,
        metavar="T",
        help="relative difference up to which figures are the same (default %(default)g; 0: bits)",
    )


def run(args: argparse.Namespace) -> int:
    """Recompute, compare, print; 0 when all is the same, else 1. Raises ``AnalysisError``."""
    if not 0 <= args.tolerance < 1:
        raise AnalysisError("bad_tolerance", "--tolerance must be 0 or more and less than 1.")
    files = unpack(args.bundle)
    manifest = read_manifest(files)
    changed = changed_files(files, manifest)
    published = read_json_file(files, RESULTS)
    recomputed = recompute(files, full=manifest["kind"] == FULL)
    # The manifest says under which policy: that is a figure like any other.
    found = compare(
        {"manifest": {"policy_sha256": manifest.get("policy_sha256")}, **published},
        {"manifest": {"policy_sha256": recomputed["policy"]["sha256"]}, **recomputed},
        tolerance=args.tolerance,
    )
    seal = hashlib.sha256(Path(args.bundle).read_bytes()).hexdigest()
    write_json(recomputed if args.figures else answer(manifest, changed, found, seal=seal))
    complaint = first_complaint(changed, found)
    if complaint:
        print(f"python -m analysis recompute: {complaint}", file=sys.stderr)
    return 1 if complaint else 0


def recompute(files: Mapping[str, bytes], *, full: bool) -> dict[str, Any]:
    """Every figure of the bundle, computed again."""
    if full:
        inputs = read_inputs(files)
        return results_document(evaluate_wave(inputs), inputs.policy)
    return recompute_public(files)


def unpack(path: str) -> dict[str, bytes]:
    """The files of a zip by name. Raises ``AnalysisError`` (``bad_bundle``), ``OSError``."""
    try:
        with zipfile.ZipFile(path) as bundle:
            entries = [entry for entry in bundle.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > LARGEST:
                raise AnalysisError("bad_bundle", f"{path} unpacks to more than a gigabyte.")
            names = [entry.filename for entry in entries]
            if len(set(names)) < len(names):
                raise AnalysisError("bad_bundle", f"{path} holds two files of one name.")
            return {entry.filename: bundle.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise AnalysisError("bad_bundle", f"{path} is not a usable zip file: {error}") from None


def answer(
    manifest: Mapping[str, Any], changed: list[str], found: Comparison, *, seal: str
) -> dict[str, Any]:
    """What is printed."""
    about = {name: manifest.get(name) for name in ("kind", "wave", "revision", "policy_sha256")}
    return about | {
        "sha256": seal,
        "figures": found.figures,
        "identical": found.identical,
        "equal": not found.differences,
        "files_changed": changed,
        "differences": [asdict(one) for one in found.differences[:SHOWN]],
        "more_differences": max(0, len(found.differences) - SHOWN),
    }


def first_complaint(changed: list[str], found: Comparison) -> str | None:
    """The line that says what is not the same, ``None`` when everything is."""
    if found.differences:
        first = found.differences[0]
        count = len(found.differences)
        return (
            f"{first.figure}: published {first.published}, recomputed {first.recomputed} "
            f"({count} of {found.figures} figures differ)"
        )
    if changed:
        return f"{changed[0]} is not the file that was sealed ({len(changed)} files differ)"
    return None
