"""Reading the input of ``evaluate``: typed fields, with their place in every error."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.adjustment import ThemeRecord
from analysis.evaluation import Appeal, StreetInput
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
    "random_alone",
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
    "right_residents",
    "sample_members",
    "sample_judged",
    "sample_right",
}


@dataclass(frozen=True, slots=True)
class EvaluationInput:
    """What the document gives, ready for ``evaluate``."""

    policy: Policy
    streets: tuple[StreetInput, ...]
    themes: tuple[ThemeRecord, ...]
    previous_last: Mapping[str, str] | None
    pooled_waves: int
    appeals: tuple[Appeal, ...] | None


def read_evaluation(document: Mapping[str, Any]) -> EvaluationInput:
    """The whole document. Raises ``AnalysisError`` (``bad_input``, ``unknown_key``)."""
    check_keys(document, TOP_LEVEL, "the document")
    policy = Policy.from_dict(document.get("policy"))
    streets = tuple(
        street_input(Fields(item, f"streets[{i}]", STREET_KEYS))
        for i, item in enumerate(entries(document, "streets"))
    )
    if not streets:
        raise AnalysisError("bad_input", "streets: there is nothing to evaluate.")
    themes = tuple(
        theme_record(Fields(item, f"themes[{i}]", THEME_KEYS))
        for i, item in enumerate(entries(document, "themes"))
    )
    appeals = None
    if document.get("appeals") is not None:
        appeals = tuple(
            appeal(Fields(item, f"appeals[{i}]", {"street", "label"}))
            for i, item in enumerate(entries(document, "appeals"))
        )
    previous, pooled = read_previous(document.get("previous"), streets)
    return EvaluationInput(policy, streets, themes, previous, pooled, appeals)


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
        other_public=other_public(fields, "without_quarantined", public_se),
        random_public=other_public(fields, "random_alone", public_se),
        excluded_because=fields.text("excluded_because"),
    )


def other_public(fields: Fields, name: str, public_se: float | None) -> tuple[float, float] | None:
    """The public score counted in another way: a number (same se) or an object with both."""
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
        right_mentions=fields.count("right_residents"),
        sample_members=fields.count("sample_members"),
        sample_judged=fields.count("sample_judged"),
        sample_right=fields.count("sample_right"),
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
    known = {street.code for street in streets}
    for code in last.values() if isinstance(last, Mapping) else [last]:
        if isinstance(code, str) and code not in known:
            raise AnalysisError(
                "unknown_street", f"previous.last names {code}, which is not evaluated."
            )
    if isinstance(last, Mapping) and all(isinstance(code, str) for code in last.values()):
        return dict(last), pooled
    if last is not None and not isinstance(last, str):
        raise fields.fail("last", "a street code, or an object of groups and street codes")
    if last is None:
        return None, pooled
    return {street.group: last for street in streets if street.code == last}, pooled
