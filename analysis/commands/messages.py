"""English sentences for the codes of an evaluation, for the output of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.types import Reason

MESSAGES: Mapping[str, str] = {
    # last place
    "single_street": "A last place needs at least two ranked streets in the group.",
    "street_without_score": "These streets have no blended score: {streets}.",
    "sample_too_small": "The effective random sample of these streets is below {needed:g}, or not "
    "given, and no recorded decision excludes them: {streets}.",
    "not_far_enough": "The lowest street is not far enough below the next: z = {z:.3f}, needed "
    "{needed:g}.",
    "not_last_on_public_score": "On the public score alone it is not clearly the lowest: "
    "z = {z:.3f}, needed {needed:g}.",
    "depends_on_counting": "Another street is the lowest when counted this way: {changed}.",
    "counting_incomplete": "Some ways of counting are missing, such as the public score with "
    "quarantined responses: {unknown}.",
    "random_stream_disagrees": "The random sample alone does not say so: its lowest is {street}, "
    "z = {z:.3f} (needed {needed:g}), on the public score z = {z_public:.3f} (needed "
    "{needed_public:g}).",
    "single_wave": "It rests on {waves} wave(s), needed {needed}, and the same street was not "
    "verified as last in the wave before.",
    "too_few_assessors": "Fewer than {needed} independent assessors, or not given, behind the "
    "direct score of: {streets}.",
    "open_appeal": "An open appeal of the lowest street could change it.",
    "appeals_unknown": "It is not known whether appeals are open.",
    "rank_set_wider_than_verdict": "The rank set is [{low}, {high}] although the last place is "
    "verified: one asks about this street alone, the other about all at once.",
    # what it would take
    "tie": "{street} and {rival} have the same score.",
    "lower_on_public_score": "{rival} is not above {street} on the public score alone.",
    "no_random_answers": "{street} has no random answers to judge by.",
    "direct_error_too_large": "The error of the direct scores of {street} and {rival} alone is "
    "{direct_se:.3f}, allowed {allowed_se:.3f}; more answers do not change it.",
    "beyond_residents": "More answers than residents would be needed in {street}.",
    "nobody_outside": "Nobody is outside the first {k} places.",
    # missing scores and ranks
    "public_missing": "There is no public score with a standard error.",
    "direct_missing": "There is no direct score.",
    "objective_missing": "An objective indicator of the policy has no value.",
    "no_random_stream": "Without a random sample a street is not ranked.",
    "excluded": "A recorded decision excludes this street.",
    # themes
    "too_few_mentions": "{mentions} mentions, needed {needed}.",
    "share_too_small": "The lower bound of its share is {bound:.4f}, needed {needed:g}.",
    "too_few_waves": "Present in {waves} of the recent waves, needed {needed}.",
    "too_few_random_mentions": "{mentions} mentions in the random sample, needed {needed}.",
    "sample_not_judged": "{judged} comments of its sample were judged, needed {needed}.",
    "sample_too_often_wrong": "The lower bound of the share of its comments that are about it is "
    "{bound:.2f}, needed {needed:g}.",
    "appeal_upheld": "Removed by an appeal that was upheld.",
    "not_confirmed": "Not confirmed by people.",
    "not_the_streets_remit": "Not the street's own task (remit: {remit}).",
    "not_notified_in_time": "The street was notified {days} days before the wave, needed {needed}.",
}

PREFIXES: Mapping[str, str] = {
    "n_effective_below_": "The effective random sample is below {}.",
    "group_below_": "The peer group has fewer than {} ranked streets: pairwise statements only.",
}


def message(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence of a code, with its numbers; a code without a sentence is its own."""
    for prefix, text in PREFIXES.items():
        if code.startswith(prefix):
            return text.format(code.removeprefix(prefix))
    shown = {
        name: ", ".join(map(str, value)) or "none" if isinstance(value, list | tuple) else value
        for name, value in (params or {}).items()
    }
    return MESSAGES[code].format(**shown) if code in MESSAGES else code


def reason_document(reason: Reason) -> dict[str, Any]:
    """A reason as ``{"code", "message", …numbers}``."""
    found = {"code": reason.code, "message": message(reason.code, reason.params)}
    return found | dict(reason.params)


def code_document(code: str | None) -> dict[str, Any] | None:
    """A bare code as ``{"code", "message"}``, ``None`` stays."""
    return None if code is None else {"code": code, "message": message(code)}
