"""What the method's codes mean, in words for people: used by the office, the public and files.

`analysis` speaks in codes with parameters (why a number is not shown, why a last place is not
established, why a theme costs nothing); this is the only place that turns them into sentences.
A test looks for a code that has no words here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from survey.formatting import language

if TYPE_CHECKING:
    from survey.queries.views import EvaluationView, GroupView

# Codes that end in a number, such as n_below_30, are looked up with N in its place.
NUMBER = re.compile(r"_(\d+)$")

# Why a figure or a rank is not shown.
SUPPRESSED: dict[str, Any] = {
    "no_answers": _l("no answers"),
    "n_below_N": _l("fewer than %(limit)s answers"),
    "no_cases": _l("no cases"),
    "cases_below_N": _l("fewer than %(limit)s cases"),
    "indicator_n_below_N": _l("an indicator has fewer than %(limit)s answers"),
    "indicator_without_answers": _l("an indicator has no answers"),
    "no_random_stream": _l("no random sample, so not ranked"),
    "n_effective_below_N": _l("effective sample below %(limit)s, so its rank is not shown"),
    "group_below_N": _l("fewer than %(limit)s streets in the group, so only compared in pairs"),
    "excluded": _l("taken out by a recorded decision"),
    "public_missing": _l("no public score"),
    "direct_missing": _l("no direct assessment yet"),
    "objective_missing": _l("an objective indicator has no value"),
    "not_pooled": _l("not in every wave of the year"),
    "wave_missing": _l("no score in a wave of the year"),
    "population_missing": _l("the number of residents is not known"),
    "invitations_not_recorded": _l("nobody recorded how many were invited"),
    "more_answers_than_invited": _l("more answers than invitations"),
    "nobody_invited": _l("nobody was invited"),
    "street_without_index": _l("a street has no score that may be shown"),
    "score_of_a_ranked_street_hidden": _l("a hidden score of the group could be worked out"),
}

# Conditions of a last place that are not met (method, 10).
LAST_PLACE: dict[str, Any] = {
    "single_street": _l("There is only one ranked street, so there is nothing to compare."),
    "street_without_score": _l("These streets have no combined score yet: %(streets)s."),
    "sample_too_small": _l(
        "The random sample is too small (effective size below %(needed)s) in: %(streets)s."
    ),
    "not_far_enough": _l(
        "The lowest street is not far enough below every other: z = %(z)s, needed %(needed)s."
    ),
    "not_last_on_public_score": _l(
        "On the public score alone it is not clearly the lowest: z = %(z)s, needed %(needed)s."
    ),
    "depends_on_counting": _l(
        "Another street would be last under another way of counting (%(changed)s), or it cannot "
        "be counted that way (%(unknown)s)."
    ),
    "counting_incomplete": _l("It cannot be counted in every way yet: %(unknown)s."),
    "random_stream_disagrees": _l(
        "The random sample alone does not say so: its lowest is %(street)s, z = %(z)s (needed "
        "%(needed)s), on the public score z = %(z_public)s (needed %(needed_public)s)."
    ),
    "single_wave": _l(
        "It rests on %(waves)s wave; %(needed)s are needed, or the same street in the wave before."
    ),
    "too_few_assessors": _l(
        "Fewer than %(needed)s independent assessors stand behind the direct score of: %(streets)s."
    ),
    "open_appeal": _l("An open appeal could still change it."),
    "appeals_unknown": _l("Whether appeals are open is not recorded."),
    "rank_set_wider_than_verdict": _l(
        "Its rank set is %(low)s to %(high)s and not the last rank alone: the verdict asks about "
        "this one street, the rank set about all streets at once."
    ),
}

# The same in a group where a ranked street's score is hidden: it could be solved from the numbers.
WITHHELD: dict[str, Any] = {
    "not_far_enough": _l("The lowest street is not far enough below every other."),
    "not_last_on_public_score": _l("On the public score alone it is not clearly the lowest."),
    "random_stream_disagrees": _l("The random sample alone does not say so."),
}

# What each of these conditions asks, met or not.
CONDITIONS: dict[str, Any] = {
    "single_street": _l("At least two streets are ranked"),
    "street_without_score": _l("Every street of the group has a combined score"),
    "sample_too_small": _l("Every street has a large enough random sample"),
    "not_far_enough": _l("The lowest street is clearly below every other"),
    "not_last_on_public_score": _l("It is the lowest on the residents’ score alone"),
    "depends_on_counting": _l("It is the lowest however the figures are counted"),
    "counting_incomplete": _l("It is the lowest however the figures are counted"),
    "random_stream_disagrees": _l("The random sample alone says the same"),
    "single_wave": _l("It holds over more than one wave"),
    "too_few_assessors": _l("Enough independent assessors stand behind the direct scores"),
    "open_appeal": _l("No open appeal could change it"),
    "appeals_unknown": _l("No open appeal could change it"),
}

# Why a theme takes nothing from a score (method, 6).
NOT_COUNTED: dict[str, Any] = {
    "too_few_mentions": _l("fewer mentions than needed"),
    "share_too_small": _l("too small a share of residents"),
    "too_few_waves": _l("not present in enough waves"),
    "too_few_random_mentions": _l("too few mentions in the random sample"),
    "sample_not_judged": _l("the sample of its comments was not judged yet"),
    "sample_too_often_wrong": _l("too many of its sampled comments are about something else"),
    "appeal_upheld": _l("an appeal was upheld"),
    "not_confirmed": _l("not confirmed by a person"),
    "not_the_streets_remit": _l("not the street’s task"),
    "not_notified_in_time": _l("the street was not told in time"),
    "no_indicator": _l("belongs to no indicator"),
    "common": _l("a common problem of the district"),
}

# How the weights of a street came about (method, 3).
WEIGHTS: dict[str, Any] = {
    "dropped_no_residents": _l("no residents are given by %(variable)s; not used"),
    "dropped_all_unknown": _l("nobody said their %(variable)s; not used"),
    "dropped_empty": _l("nobody answered in %(variable)s: %(categories)s; not used"),
    "collapsed": _l("%(variable)s: %(category)s had no answers and joins %(into)s"),
    "category_without_residents": _l("%(variable)s: %(category)s answered but has no residents"),
    "unweighted": _l("no margins are given, so every answer counts the same"),
    "margins_disagree": _l("the margins add up to different totals"),
}

COUNTINGS: dict[str, Any] = {
    "raw": _l("direct score as given"),
    "standardised": _l("direct score standardised"),
    "themes": _l("with themes"),
    "bare": _l("without themes"),
    "main": _l("without answers under review"),
    "other_quarantine": _l("with answers under review"),
}

VARIABLES: dict[str, Any] = {"age_band": _l("age band"), "sex": _l("sex")}
CATEGORIES: dict[str, Any] = {"F": _l("women"), "M": _l("men"), "unknown": _l("not said")}

ROLES: dict[str, Any] = {
    "evaluator": _l("Evaluator"),
    "street": _l("Street office"),
    "department": _l("Department"),
    "admin": _l("Admin"),
    "auditor": _l("Auditor"),
}

REASONS = {**SUPPRESSED, **LAST_PLACE, **NOT_COUNTED, **WEIGHTS}


def say_reason(
    code: str,
    params: Mapping[str, Any] | None = None,
    names: Mapping[str, tuple[str, str]] | None = None,
) -> str:
    """The words for a code; the code itself when nobody worded it yet.

    params: what analysis gave with the code; names: {street code: (zh, en)} to name streets by.
    """
    if (params or {}).get("withheld_because"):
        return str(WITHHELD.get(code, CONDITIONS.get(code, code)))
    words = REASONS.get(NUMBER.sub("_N", code))
    if words is None:
        return code
    number = NUMBER.search(code)
    given = {"limit": number.group(1)} if number else {}
    given |= {key: _say(key, value, names or {}) for key, value in (params or {}).items()}
    # An older published evaluation may lack a parameter.
    blank = dict.fromkeys(re.findall(r"%\((\w+)\)s", str(words)), "–")
    return str(words) % (blank | given)


def say_reasons(codes: Iterable[str]) -> str:
    """Several codes without parameters, joined."""
    said = language()
    return semicolons(_said_reason(code, said) for code in codes)


@lru_cache(maxsize=512)
def _said_reason(code: str, _language: str) -> str:
    """The same words for every theme of every street: a page has hundreds of them."""
    return say_reason(code)


def say_condition(code: str) -> str:
    """What a condition of a last place asks."""
    return str(CONDITIONS.get(code, code))


def say_category(category: str) -> str:
    """A category of residents, e.g. women; data such as an age band as it is."""
    return str(CATEGORIES.get(category, category))


def say_counting(name: str) -> str:
    """The words for a way of counting, e.g. 'raw,themes,main'."""
    return commas(str(COUNTINGS.get(part, part)) for part in name.split(","))


def _say(key: str, value: Any, names: Mapping[str, tuple[str, str]]) -> str:
    """One parameter as text: streets by name, numbers short, lists joined."""
    if key in ("changed", "unknown"):
        return semicolons(say_counting(name) for name in value) or _("none")
    if isinstance(value, list | tuple):
        return commas(_say(key, item, names) for item in value) or "–"
    if isinstance(value, bool) or value is None:
        return "–" if value is None else str(value)
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"
    if isinstance(value, str):
        if value in names:
            zh, en = names[value]
            return en if language() == "en" and en else zh
        return str(VARIABLES.get(value, CATEGORIES.get(value, value)))
    return str(value)


def commas(words: Iterable[str]) -> str:
    """A list in a sentence: 、 between Chinese words, a comma between English ones."""
    return (", " if language() == "en" else "、").join(words)


def semicolons(words: Iterable[str]) -> str:
    """A list of phrases in a sentence."""
    return ("; " if language() == "en" else "；").join(words)


def rank_set(low: int | None, high: int | None) -> str:
    """A rank set as 3–8, or 3 when it is one rank; an en dash when the street is not ranked."""
    if low is None or high is None:
        return "–"
    return str(low) if low == high else f"{low}–{high}"


def say_chance(chance: float | None) -> str:
    """A chance in per cent; never as certain as 0 or 100."""
    if chance is None:
        return "–"
    if chance < 0.001:
        return "< 0.1 %"
    if chance > 0.999:
        return "> 99.9 %"
    return f"{100 * chance:.1f} %"


def names_of(codes: Iterable[str], names: Mapping[str, tuple[str, str]]) -> list[str]:
    """The streets' names in the reader's language; the code where a street has none."""
    return [_say("street", code, names) for code in codes]


def role_names(roles: Iterable[str]) -> list[str]:
    """The roles of an account in words."""
    return [str(ROLES.get(role, role)) for role in roles]


def evaluation_headline(view: EvaluationView) -> list[str]:
    """What an evaluation found, one sentence a peer group, computed from its figures."""
    names = {one.street.code: one.street.name for one in view.streets}
    found = [_group_headline(group, names) for group in view.groups]
    if len(found) == 1:
        return found
    return [
        f"{group.name}{': ' if language() == 'en' else '：'}{sentence}"
        for group, sentence in zip(view.groups, found, strict=True)
    ]


def _group_headline(group: GroupView, names: Mapping[str, tuple[str, str]]) -> str:
    ranked, bottom = len(group.codes), len(group.bottom_group)
    if ranked == 0:
        return _("No street can be ranked on these answers.")
    if group.last.established and group.last.street:
        (name,) = names_of([group.last.street], names)
        return _(
            "Of %(ranked)s ranked streets, the last place of %(name)s is established.",
            ranked=ranked,
            name=name,
        )
    if bottom == 1:
        (name,) = names_of(group.bottom_group, names)
        return _(
            "Of %(ranked)s ranked streets, %(name)s has the lowest score, but not every condition "
            "of a last place is met.",
            ranked=ranked,
            name=name,
        )
    if bottom == ranked:
        return _(
            "%(ranked)s streets are ranked, and any of them could be last: the differences are "
            "not significant.",
            ranked=ranked,
        )
    return _(
        "Of %(ranked)s ranked streets, %(bottom)s cannot be told apart at the bottom; no last "
        "place can be established.",
        ranked=ranked,
        bottom=bottom,
    )


def register(app: Flask) -> None:
    """Give every template, macros included, the words."""
    app.jinja_env.globals.update(
        say_reason=say_reason,
        say_reasons=say_reasons,
        say_condition=say_condition,
        say_category=say_category,
        commas=commas,
        rank_set=rank_set,
        say_chance=say_chance,
        names_of=names_of,
        role_names=role_names,
    )
