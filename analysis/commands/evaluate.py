"""Blended scores, rank sets and verdicts of the streets of a wave, from their scores.

INPUT.json is
  {"policy": {"alpha": 0.6},
   "streets": [{"code": "S01", "public": 78.2, "public_se": 1.6, "direct": 92.5,
                "direct_se": 0, "n_effective": 400, "group": "urban"}, ...],
   "themes": [{"street", "indicator", "label", "residents", "respondents", "district_share",
               "waves", "state", "solved", "reasked", "remit", "confirmed", "notified_days"}]}
policy: values that differ from the defaults. public, direct: 0 to 100; direct_se 0 or absent
takes the policy's floor; n_effective: of the random sample. A street may add indicators
({code: index}), assessors (how many), excluded_because (a recorded decision) and
without_quarantined (the public score counted the other way about quarantined responses, a
number or {"public", "public_se"}) and, where public combines a random and an open sample,
random_alone (the random sample's own, in the same form: a last place must hold on it, too;
absent: public is taken to be the random sample's own). A
theme's state is none, plan, overdue or removed; its remit
is street or another body; random_residents are its mentions in the random sample. After people
read a sample of its comments it has sample_members (comments drawn from), sample_judged and
sample_right, and right_residents (of residents, those judged right one by one); without these
every mention counts.
At the top, previous is {"last": "S09"} (verified last in the wave before; {group: code} with
several groups) and/or {"pooled_waves": 4} (the scores are the pool of that many waves), and
appeals is the list of open ones, [{"street", "label"}]. What is absent leaves its condition of
a last place unmet, and the output says so. to_settle says how many more answers, in which
streets, would bring the distances if the scores stayed as they are (they will not quite).
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

import numpy as np

from analysis.adjustment import ThemeEffect
from analysis.commands.evaluation_input import read_evaluation
from analysis.commands.files import policy_summary, read_json, write_json
from analysis.commands.messages import code_document, reason_document
from analysis.commands.settling import settling_document
from analysis.commands.shown import print_evaluation
from analysis.evaluation import (
    Evaluation,
    GroupEvaluation,
    StreetEvaluation,
    evaluate,
)
from analysis.policy import Policy
from analysis.studentised_ranks import studentised_rank_sets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("input", metavar="INPUT.json", help="scores, themes and policy values")
    parser.add_argument(
        "--table", action="store_true", help="a table for the eyes instead of the JSON"
    )
    parser.add_argument(
        "--simultaneous",
        type=seed_number,
        metavar="SEED",
        help="add simultaneous rank sets (studentised maximum, 10,000 draws from this seed) as a "
        "diagnostic; the official sets do not change",
    )


def seed_number(text: str) -> int:
    """A whole number of 0 or more."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("the seed must be a whole number of 0 or more")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Read the input, evaluate, print; 0 when done. Raises ``AnalysisError``."""
    given = read_evaluation(read_json(args.input))
    result = evaluate(
        given.streets,
        given.policy,
        themes=given.themes,
        previous_last=given.previous_last,
        pooled_waves=given.pooled_waves,
        appeals=given.appeals,
    )
    shown = evaluation_document(result, given.policy)
    if args.simultaneous is not None:
        add_simultaneous_sets(shown, result, given.policy, seed=args.simultaneous)
    if args.table:
        print_evaluation(shown)
    else:
        write_json(shown)
    return 0


def add_simultaneous_sets(
    document: dict[str, Any], result: Evaluation, policy: Policy, *, seed: int
) -> None:
    """Add the simultaneous rank sets to the streets: a diagnostic, never the official set."""
    rng = np.random.default_rng(seed)
    for group in result.groups.values():
        evidence = group.evidence
        sets = studentised_rank_sets(
            evidence.score, evidence.variance, rng=rng, error=policy.rank_error
        )
        for i, code in enumerate(group.codes):
            document["streets"][code]["simultaneous"] = {
                "rank_low": int(sets.low[i]),
                "rank_high": int(sets.high[i]),
            }


def evaluation_document(result: Evaluation, policy: Policy) -> dict[str, Any]:
    """The whole output; with one peer group its verdicts stand at the top as well."""
    groups = {
        name: group_document(group) | {"to_settle": settling_document(result, name, policy)}
        for name, group in result.groups.items()
    }
    only = next(iter(groups.values())) if len(groups) == 1 else {}
    return {
        "policy": policy_summary(policy),
        "effective_weights": asdict(result.effective_weights),
        "standardised": result.standardised,
        "deduction_correlation": result.deduction_correlation,
        "top_group": only.get("top_group"),
        "bottom_group": only.get("bottom_group"),
        "last_place": only.get("last_place"),
        "groups": groups,
        "streets": {code: street_document(street) for code, street in result.streets.items()},
    }


def group_document(group: GroupEvaluation) -> dict[str, Any]:
    """Verdicts of one peer group as JSON."""
    last = group.last
    return {
        "ranked": list(group.codes),
        "pairwise_only": group.pairwise_only,
        "pairs": [{"higher": high, "lower": low} for high, low in group.pairs],
        "top_group": list(group.top.streets),
        "top": {"k": group.top.k, "verified": group.top.verified, "z_min": group.top.z_min},
        "bottom_group": list(group.bottom_group),
        "last_place": {
            "established": last.established,
            "street": last.street,
            "reasons": [reason_document(reason) for reason in last.reasons],
            "z_min": last.z_min,
            "z_min_public": last.z_min_public,
            "p_last": last.p_last,
            "verified_this_wave": last.verified_this_wave,
            "notes": [reason_document(note) for note in last.notes],
        },
        "effective_weights": asdict(group.effective_weights),
        "mu": group.mu,
        "tau2": group.tau2,
        "q": group.q,
    }


def street_document(street: StreetEvaluation) -> dict[str, Any]:
    """Scores, ranks and themes of one street as JSON."""
    return {
        "code": street.code,
        "group": street.group,
        "adjusted": street.adjusted,
        "deduction": street.adjustment.total if street.adjustment else None,
        "direct_used": street.direct_used,
        "blended": street.blended,
        "se": street.se,
        "low": street.low,
        "high": street.high,
        "not_blended_because": code_document(street.not_blended_because),
        "rank_low": street.rank_low,
        "rank_high": street.rank_high,
        "rank_suppressed_because": code_document(street.rank_suppressed_because),
        "p_first": street.p_first,
        "p_last": street.p_last,
        "chances": list(street.chances),
        "themes": [theme_document(effect) for effect in street.effects],
    }


def theme_document(effect: ThemeEffect) -> dict[str, Any]:
    """What one theme costs, and why, as JSON."""
    return {
        "indicator": effect.theme.indicator,
        "label": effect.theme.label,
        "residents": effect.theme.mentions,
        "residents_counted": effect.counted,
        "lower_bound": effect.lower_bound,
        "share": effect.share,
        "waves": effect.theme.waves,
        "recurring": effect.recurring,
        "restoration": effect.restoration,
        "deduction": effect.deduction,
        "reasons": [reason_document(reason) for reason in effect.reasons],
    }
