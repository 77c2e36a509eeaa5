"""Index of satisfaction of every street, with interval, from single answers.

ANSWERS.csv has the columns id, street, then any columns that describe the respondent, then one
column per item with 1 to 5 (5 best), dk for don't know, or nothing. The items are the columns
behind the last column that MARGINS.json names, or those that --items names; the weights of the
public score are the policy's, or equal.

MARGINS.json is one of
  {"scope": "street", "streets": {"S01": {"age_band": {"18-29": 5200, ...}, "sex": {...}}}}
  {"scope": "district", "margins": {"street": {"S01": 30100, ...}, "sex": {...}}}
With scope street each street is weighted by itself to its own residents; with scope district
all respondents are weighted together, and the street may be a margin.

The output says n_used, how the weights came about, and for every street the public score and
each item as {value, se, low, high, n, n_effective, suppressed_because}, and for each item the
shares of the satisfied, of the dissatisfied and of don't know (0 to 1) and the index under the
policy's other map of the levels. A value that may not be published is printed with the reason.
With --point the collection point is the unit of the variance where a street has at least ten.
Nothing is random: equal files give equal output. --table prints a table instead of JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from analysis.cells import StreamCells, cube_from_respondents, stream_cells, weights_of_cells
from analysis.commands.answers import (
    Respondents,
    item_columns,
    known_categories,
    margin_columns,
    read_margins,
    read_respondents,
)
from analysis.commands.files import policy_summary, read_json, read_table, write_json
from analysis.commands.shown import print_index
from analysis.estimate import index_estimates
from analysis.policy import OPEN, Policy
from analysis.shares import stream_shares
from analysis.types import (
    AnalysisError,
    Estimate,
    FloatArray,
    IndexEstimates,
    Shares,
    WeightsReport,
)
from analysis.weights import stratum_weights

CHANNEL = "file"
Margins = Mapping[str, Mapping[str, float]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--answers", required=True, metavar="A.csv", help="one row a respondent")
    parser.add_argument("--margins", required=True, metavar="M.json", help="residents by category")
    parser.add_argument("--policy", metavar="P.json", help="values that differ from the defaults")
    parser.add_argument("--items", metavar="a,b,…", help="names of the item columns")
    parser.add_argument(
        "--min-items",
        type=int,
        metavar="N",
        help=("items a row must answer to count (default: the policy; 0 keeps everybody)"),
    )
    parser.add_argument(
        "--unknown",
        choices=("keep", "drop"),
        default="keep",
        help=("rows without a category: keep them with their own target, or drop and count them"),
    )
    parser.add_argument(
        "--point", metavar="COLUMN", help="column of the collection point: answers come in clusters"
    )
    parser.add_argument(
        "--table", action="store_true", help="a table for the eyes instead of the JSON"
    )
    parser.add_argument("--no-trim", action="store_true", help="do not trim the weights")
    parser.add_argument("--no-floor", action="store_true", help="do not apply the variance floor")


@dataclass(frozen=True, slots=True)
class Weighted:
    """Estimates of one street with the report of its own weights (scope street)."""

    estimates: IndexEstimates
    shares: Mapping[str, Shares]
    report: WeightsReport | None


def run(args: argparse.Namespace) -> int:
    """Read answers and margins, print the index; 0 when done. Raises ``AnalysisError``."""
    table = read_table(args.answers)
    scope, margins = read_margins(args.margins)
    overrides = read_json(args.policy) if args.policy else {}
    names = margin_columns(scope, margins)
    used = [*names, args.point] if args.point else names
    items, ignored = item_columns(table, used, chosen=args.items, overrides=overrides)
    policy = command_policy(overrides, items, min_items=args.min_items)
    rows = read_respondents(
        table,
        names,
        items,
        policy=policy,
        drop_unknown=args.unknown == "drop",
        known=known_categories(scope, margins),
        streets=margins if scope == "street" else margins.get("street", {}),
        point=args.point,
    )
    cells = {street: street_cells(street, rows, policy) for street in rows.strata}
    options = {"floor": not args.no_floor, "trim": not args.no_trim}
    found = weights_and_streets(scope, cells, margins, policy=policy, **options)
    document = {
        "n_used": sum(int(c.n.sum()) for c in cells.values()),
        "n_rows": len(table.rows),
        "n_dropped_unknown": rows.dropped_unknown,
        "n_dropped_invalid": rows.dropped_invalid,
        "items": items,
        "columns_not_used": ignored,
        "policy": policy_summary(policy),
        **found,
    }
    if args.table:
        print_index(document)
    else:
        write_json(document)
    return 0


def weights_and_streets(
    scope: str,
    cells: Mapping[str, StreamCells],
    margins: Mapping[str, Any],
    *,
    policy: Policy,
    **options: bool,
) -> dict[str, Any]:
    """The parts ``weights`` and ``streets`` of the output."""
    if scope == "street":
        found = weigh_by_street(cells, margins, policy=policy, **options)
        report = overall_report([w.report for w in found.values() if w.report])
    else:
        found, whole = weigh_together(cells, margins, policy=policy, **options)
        report = asdict(whole)
    streets = {street: street_document(w) for street, w in sorted(found.items())}
    return {"weights": report, "streets": streets}


def street_cells(street: str, rows: Respondents, policy: Policy) -> StreamCells:
    """Count the respondents of one street; a file is one stream."""
    strata = rows.strata[street]
    clustered = rows.points is not None and policy.clustered_channels
    channel = policy.clustered_channels[0] if clustered else CHANNEL
    cube = cube_from_respondents(
        street,
        strata=strata,
        channels=[channel] * len(strata),
        scores=rows.scores[street],
        valid=[True] * len(strata),
        points=None if rows.points is None else rows.points[street],
        answers=rows.answers[street],
    )
    return stream_cells(cube, policy)[policy.stream_of(channel)]


def command_policy(
    overrides: Mapping[str, Any], items: list[str], *, min_items: int | None
) -> Policy:
    """The policy with equal weights for the items unless it names them, and ``--min-items``."""
    document = dict(overrides)
    document.setdefault("omega", {name: 1 / len(items) for name in items})
    policy = Policy.from_dict(document)
    if set(policy.omega) != set(items):
        raise AnalysisError(
            "weights_of_other_items",
            f"The policy weighs {', '.join(policy.omega)}, the items are {', '.join(items)}; name "
            "the same ones in both, or leave omega out to weigh all items alike.",
        )
    if min_items is not None:
        if min_items < 0:
            raise AnalysisError("bad_option", "--min-items must be 0 or more.")
        document["min_answered"] = min_items
        document["min_substantive"] = min(policy.min_substantive, min_items)
        policy = Policy.from_dict(document)
    if policy.min_answered > len(items):
        raise AnalysisError(
            "too_few_items",
            f"There are {len(items)} items but a row must answer {policy.min_answered}; give "
            f"--min-items {len(items)} or fewer.",
        )
    return policy


def weigh_by_street(
    cells: Mapping[str, StreamCells],
    margins: Mapping[str, Margins],
    *,
    policy: Policy,
    floor: bool,
    trim: bool,
) -> dict[str, Weighted]:
    """Each street raked to its own margins; unweighted (and noted) without any."""
    found = {}
    for street, c in cells.items():
        weights, report = stratum_weights(
            c.strata, c.n, margins.get(street, {}), policy=policy, trim=trim
        )
        found[street] = Weighted(
            estimates(c, weights, policy=policy, floor=floor),
            stream_shares(c, weights, policy=policy, random=c.stream != OPEN),
            report,
        )
    return found


def weigh_together(
    cells: Mapping[str, StreamCells],
    margins: Margins,
    *,
    policy: Policy,
    floor: bool,
    trim: bool,
) -> tuple[dict[str, Weighted], WeightsReport]:
    """All respondents raked together; variances count the rows of the whole design."""
    strata = [s for c in cells.values() for s in c.strata]
    counts = [n for c in cells.values() for n in c.n.tolist()]
    weights, report = stratum_weights(
        strata, np.array(counts, np.int64), margins, policy=policy, trim=trim
    )
    found, start = {}, 0
    for street, c in cells.items():
        own = weights[start : start + len(c.n)]
        start += len(c.n)
        found[street] = Weighted(
            estimates(c, own, policy=policy, floor=floor, design_n=report.n),
            stream_shares(c, own, policy=policy, random=c.stream != OPEN),
            None,
        )
    return found, report


def estimates(
    cells: StreamCells,
    weights: FloatArray,
    *,
    policy: Policy,
    floor: bool,
    design_n: int | None = None,
) -> IndexEstimates:
    """Estimates of one street under given weights (H,)."""
    return index_estimates(
        cells.moments,
        weights_of_cells(weights),
        policy=policy,
        random=cells.stream != OPEN,
        floor=floor,
        design_n=design_n,
    )


def street_document(weighted: Weighted) -> dict[str, Any]:
    """Estimates of one street, with its own weights where it has them, as JSON."""
    document: dict[str, Any] = {
        "public": estimate_document(weighted.estimates.public),
        "indicators": {
            name: estimate_document(e) for name, e in weighted.estimates.indicators.items()
        },
        "shares": {name: shares_document(shares) for name, shares in weighted.shares.items()},
        "variance_unit": weighted.estimates.variance_unit,
        "clusters": weighted.estimates.clusters,
    }
    if weighted.report is not None:
        document["weights"] = asdict(weighted.report)
    return document


def shares_document(shares: Shares) -> dict[str, Any]:
    """The shares of one item and its index under the other map of the levels, as JSON."""
    return {part.name: estimate_document(getattr(shares, part.name)) for part in fields(shares)}


def estimate_document(estimate: Estimate) -> dict[str, Any]:
    """An estimate as JSON."""
    names = ("value", "se", "low", "high", "n", "n_effective", "suppressed_because")
    return {name: getattr(estimate, name) for name in names}


def overall_report(reports: list[WeightsReport]) -> dict[str, Any]:
    """The weights of all streets together: Kish's deff over everybody, the worst of the rest."""
    n = sum(report.n for report in reports)
    gaps: dict[str, float] = {}
    for report in reports:
        for name, gap in report.gaps.items():
            gaps[name] = max(gap, gaps.get(name, 0.0))
    return {
        "n": n,
        "converged": all(report.converged for report in reports),
        "iterations": max((report.iterations for report in reports), default=0),
        "deff": sum(report.n * report.deff for report in reports) / n if n else 1.0,
        "gaps": gaps,
    }
