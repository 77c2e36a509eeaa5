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
number or {"public", "public_se"}). A theme's state is none, plan, overdue or removed; its remit
is street or another body; random_residents are its mentions in the random sample.
At the top, previous is {"last": "S09"} (verified last in the wave before; {group: code} with
several groups) and/or {"pooled_waves": 4} (the scores are the pool of that many waves), and
appeals is the list of open ones, [{"street", "label"}]. What is absent leaves its condition of
a last place unmet, and the output says so. to_settle says how many more answers, in which
streets, would bring the distances if the scores stayed as they are (they will not quite).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from analysis.adjustment import ThemeEffect, ThemeRecord
from analysis.commands.files import policy_summary, read_json, write_json
from analysis.commands.messages import code_document, reason_document
from analysis.commands.settling import settling_document
from analysis.commands.shown import print_evaluation
from analysis.evaluation import (
    Appeal,
    Evaluation,
    GroupEvaluation,
    StreetEvaluation,
    StreetInput,
    evaluate,
)
from analysis.policy import Policy
from analysis.types import AnalysisError

TOP_LEVEL = {"policy", "streets", "themes", "previous", "appeals"}
STREET_KEYS = {
    "code",
    "public",
    "public_se",
    "direct",
    "direct_se",
    "n_effective",
    "group",
    "assessors",
    "indicators",
    "without_quarantined",
    "excluded_because",
}
THEME_KEYS = {
    "street",
    "indicator",
    "label",
    "residents",
    "respondents",
    "district_share",
    "waves",
    "state",
    "solved",
    "reasked",
    "remit",
    "confirmed",
    "notified_days",
    "random_residents",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("input", metavar="INPUT.json", help="scores, themes and policy values")
    parser.add_argument(
        "--table", action="store_true", help="a table for the eyes instead of the JSON"
    )


def run(args: argparse.Namespace) -> int:
    """Read the input, evaluate, print; 0 when done. Raises ``AnalysisError``."""
    document = read_json(args.input)
    check_keys(document, TOP_LEVEL, "the document")
    policy = Policy.from_dict(document.get("policy"))
    streets = [
        street_input(Fields(item, f"streets[{i}]", STREET_KEYS))
        for i, item in enumerate(entries(document, "streets"))
    ]
    if not streets:
        raise AnalysisError("bad_input", "streets: there is nothing to evaluate.")
    themes = [
        theme_record(Fields(item, f"themes[{i}]", THEME_KEYS))
        for i, item in enumerate(entries(document, "themes"))
    ]
    appeals = None
    if document.get("appeals") is not None:
        appeals = [
            appeal(Fields(item, f"appeals[{i}]", {"street", "label"}))
            for i, item in enumerate(entries(document, "appeals"))
        ]
    previous, pooled = read_previous(document.get("previous"), streets)
    result = evaluate(
        streets,
        policy,
        themes=themes,
        previous_last=previous,
        pooled_waves=pooled,
        appeals=appeals,
    )
    shown = evaluation_document(result, policy)
    if args.table:
        print_evaluation(shown)
    else:
        write_json(shown)
    return 0


class Fields:
    """Typed access to one JSON object, with the place in every error."""

    def __init__(self, item: Any, where: str, known: set[str]) -> None:
        if not isinstance(item, Mapping):
            raise AnalysisError("bad_input", f"{where} must be a JSON object.")
        check_keys(item, known, where)
        self.item = item
        self.where = where

    def fail(self, name: str, wanted: str) -> AnalysisError:
        return AnalysisError("bad_input", f"{self.where}.{name} must be {wanted}.")

    def number(self, name: str, *, required: bool = False) -> float | None:
        value = self.item.get(name)
        if value is None and not required:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(name, "a number")
        # A number such as 1e999 is read as infinity; an integer of 400 digits has no float.
        if not abs(value) <= sys.float_info.max:
            raise self.fail(name, "a finite number")
        return float(value)

    def score(self, name: str, *, required: bool = False) -> float | None:
        number = self.number(name, required=required)
        if number is not None and not 0 <= number <= 100:
            raise self.fail(name, "a number from 0 to 100")
        return number

    def amount(self, name: str) -> float | None:
        number = self.number(name)
        if number is not None and number < 0:
            raise self.fail(name, "a number of 0 or more")
        return number

    def count(self, name: str, default: int | None = None, *, required: bool = False) -> int | None:
        number = self.number(name, required=required)
        if number is None:
            return default
        if number != int(number) or number < 0:
            raise self.fail(name, "a whole number of 0 or more")
        return int(number)

    def text(self, name: str, default: str | None = None) -> str | None:
        value = self.item.get(name, default)
        if value is not None and not isinstance(value, str):
            raise self.fail(name, "a text")
        return value

    def required_text(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise self.fail(name, "a text that is not empty")
        return value


def check_keys(item: Mapping[str, Any], known: set[str], where: str) -> None:
    """Raise ``AnalysisError`` (``unknown_key``) for a name that nobody would read."""
    for name in item:
        if name not in known:
            raise AnalysisError(
                "unknown_key",
                f"{where}: there is no {name!r} here; known are {', '.join(sorted(known))}.",
            )


def entries(document: Mapping[str, Any], name: str) -> Sequence[Any]:
    """A list of the document, empty when absent. Raises ``AnalysisError`` (``bad_input``)."""
    value = document.get(name, [])
    if not isinstance(value, list):
        raise AnalysisError("bad_input", f"{name} must be a list.")
    return value


def street_input(fields: Fields) -> StreetInput:
    """One street of the input. Raises ``AnalysisError`` (``bad_input``)."""
    public, public_se = fields.number("public"), fields.number("public_se")
    if public is not None and public_se is None:
        raise fields.fail("public_se", "given with the public score")
    indicators = fields.item.get("indicators") or {}
    if not isinstance(indicators, Mapping):
        raise fields.fail("indicators", "an object of indicator codes and indices")
    inner = Fields(indicators, f"{fields.where}.indicators", set(indicators))
    return StreetInput(
        code=fields.required_text("code"),
        public=public,
        public_se=public_se,
        direct=fields.number("direct"),
        direct_se=fields.number("direct_se"),
        n_effective=fields.amount("n_effective"),
        group=fields.text("group") or "",
        assessors=fields.count("assessors"),
        indicators={name: inner.score(name) for name in indicators},
        other_public=other_public(fields, public_se),
        excluded_because=fields.text("excluded_because"),
    )


def other_public(fields: Fields, public_se: float | None) -> tuple[float, float] | None:
    """The public score counted the other way: a number (same se) or an object with both."""
    name = "without_quarantined"
    given = fields.item.get(name)
    if given is None:
        return None
    if isinstance(given, Mapping):
        inner = Fields(given, f"{fields.where}.{name}", {"public", "public_se"})
        score, se = inner.score("public", required=True), inner.amount("public_se")
    else:
        score, se = fields.score(name, required=True), None
    return (score or 0.0, se if se is not None else public_se or 0.0)


def theme_record(fields: Fields) -> ThemeRecord:
    """One theme of the input. Raises ``AnalysisError`` (``bad_input``)."""
    confirmed = fields.item.get("confirmed", False)
    if not isinstance(confirmed, bool):
        raise fields.fail("confirmed", "true or false")
    return ThemeRecord(
        street=fields.required_text("street"),
        indicator=fields.required_text("indicator"),
        label=fields.required_text("label"),
        mentions=fields.count("residents", required=True) or 0,
        respondents=fields.count("respondents", required=True) or 0,
        district_share=fields.number("district_share", required=True) or 0.0,
        waves=fields.count("waves", required=True) or 0,
        state=fields.text("state") or "none",
        solved=fields.count("solved") or 0,
        reasked=fields.count("reasked") or 0,
        remit=fields.text("remit") or "street",
        confirmed=confirmed,
        notified_days=fields.count("notified_days"),
        random_mentions=fields.count("random_residents"),
    )


def appeal(fields: Fields) -> Appeal:
    """One open appeal of the input."""
    return Appeal(fields.required_text("street"), fields.text("label"))


def read_previous(
    previous: Any, streets: Sequence[StreetInput]
) -> tuple[dict[str, str] | None, int]:
    """Street verified as last in the wave before, by group, and the number of pooled waves."""
    if previous is None:
        return None, 1
    fields = Fields(previous, "previous", {"last", "pooled_waves"})
    pooled = fields.count("pooled_waves", 1) or 1
    last = previous.get("last")
    if isinstance(last, Mapping) and all(isinstance(code, str) for code in last.values()):
        return dict(last), pooled
    if last is not None and not isinstance(last, str):
        raise fields.fail("last", "a street code, or an object of groups and street codes")
    if last is None:
        return None, pooled
    return {street.group: last for street in streets if street.code == last}, pooled


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
        "lower_bound": effect.lower_bound,
        "share": effect.share,
        "waves": effect.theme.waves,
        "recurring": effect.recurring,
        "restoration": effect.restoration,
        "deduction": effect.deduction,
        "reasons": [reason_document(reason) for reason in effect.reasons],
    }
