"""The public bundle: the order and the verdicts of each peer group from what is published.

It starts from the blended scores F, their variances V and the effective sample sizes, so that
anybody can redo rank sets, chances and verdicts without an answer of a single resident. A group
in which a ranked street's score may not be shown is withheld as a whole: without that street
its figures cannot be redone, and with it the hidden score would be given away.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from analysis.blend import Blend, EffectiveWeights, effective_weights
from analysis.bundle import GROUPS, POLICY, YEAR, Files, json_bytes, read_json_file
from analysis.bundle_results import group_figures, plain, policy_figures
from analysis.evaluation import judge_group, street_ranks
from analysis.evaluation_records import GroupEvaluation, Scored
from analysis.policy import Policy
from analysis.types import AnalysisError, FloatArray
from analysis.verdicts import Evidence, PoolLast, RandomStream, order_of
from analysis.wave_evaluation import WaveEvaluation

NUMBERS = (
    "blended",
    "blended_variance",
    "public",
    "public_variance",
    "adjusted",
    "direct",
    "direct_variance",
)


def public_files(found: WaveEvaluation, policy: Policy) -> dict[str, bytes]:
    """The inputs of the public bundle: policy and, of each group, its evidence; the year's too."""
    evaluation, year = found.evaluation, found.year
    hidden = hidden_streets(found)
    groups = [
        group_evidence_document(group, evaluation.scored, hidden)
        for group in evaluation.groups.values()
    ]
    files = {POLICY: json_bytes(policy.to_dict()), GROUPS: json_bytes(groups)}
    if year is not None:
        pooled = [
            group_evidence_document(group, year.scored, hidden) for group in year.groups.values()
        ]
        files[YEAR] = json_bytes(pooled)
    return files


def hidden_streets(found: WaveEvaluation) -> frozenset[str]:
    """Streets whose public score of the wave, or of the year, may not be shown."""
    wave = {c for c, one in found.figures.items() if one.public.suppressed_because is not None}
    pooled = {
        code
        for code, street in (found.year.streets if found.year else {}).items()
        if street.pool is not None and street.pool.estimate.suppressed_because is not None
    }
    return frozenset(wave | pooled)


def group_evidence_document(
    group: GroupEvaluation, scored: Scored, hidden: Collection[str]
) -> dict[str, Any]:
    """What a group is judged by; only its name and the reason when it is withheld."""
    if set(group.codes) & set(hidden):
        return {"name": group.group, "withheld_because": "score_of_a_ranked_street_hidden"}
    evidence = group.evidence
    pool = evidence.pool_last
    return {
        "name": group.group,
        "withheld_because": None,
        "streets": [
            {"code": code, **street_numbers(code, i, evidence, scored)}
            for i, code in enumerate(evidence.codes)
        ],
        # Hidden with the score of its street.
        "n_effective": {
            code: None if code in hidden else n for code, n in evidence.n_effective.items()
        },
        "assessors": dict(evidence.assessors),
        "unscored": list(evidence.unscored),
        "lowest_by_variant": dict(evidence.variants),
        "random_stream": evidence.random_stream and asdict(evidence.random_stream),
        "pooled_waves": evidence.pooled_waves,
        "previous_last": evidence.previous_last,
        "appeal_could_change": evidence.appeal_could_change,
        **({} if pool is None else {"pool_last": asdict(pool)}),
    }


def street_numbers(code: str, place: int, evidence: Evidence, scored: Scored) -> dict[str, float]:
    """The numbers of one ranked street, variances and not standard errors: no bit is lost."""
    i = scored.codes.index(code)
    return {
        "blended": float(evidence.score[place]),
        "blended_variance": float(evidence.variance[place]),
        "public": float(evidence.public[place]),
        "public_variance": float(evidence.public_variance[place]),
        "adjusted": float(scored.public[i] - scored.deduction[i]),
        "direct": float(scored.blended.direct[i]),
        "direct_variance": float(scored.blended.direct_variance[i]),
    }


def public_part(
    results: Mapping[str, Any], shown: Collection[str], shown_year: Collection[str] = ()
) -> dict[str, Any]:
    """Of all figures (``results_document``) those that the public bundle reproduces.

    ``shown`` names the groups that are not withheld, ``shown_year`` those of the year.
    """
    document = {"policy": results["policy"], **order_part(results, shown)}
    if "year" in results:
        document["year"] = order_part(results["year"], shown_year)
    return dict(plain(document))


def order_part(results: Mapping[str, Any], shown: Collection[str]) -> dict[str, Any]:
    """Order and verdicts of the groups that are not withheld."""
    groups = {name: group for name, group in results["groups"].items() if name in shown}
    return {
        "groups": groups,
        "streets": {
            code: {
                name: results["streets"][code][name]
                for name in ("rank_low", "rank_high", "chances")
            }
            for group in groups.values()
            for code in group["streets"]
        },
    }


def shown_groups(found: WaveEvaluation) -> list[str]:
    """Names of the groups that are not withheld."""
    return not_withheld(found.evaluation.groups, hidden_streets(found))


def shown_year_groups(found: WaveEvaluation) -> list[str]:
    """The same of the year; none when there is no earlier wave."""
    return not_withheld(found.year.groups if found.year else {}, hidden_streets(found))


def not_withheld(groups: Mapping[str, GroupEvaluation], hidden: Collection[str]) -> list[str]:
    """Names of the groups in which every ranked street may be shown."""
    return [name for name, group in groups.items() if not set(group.codes) & set(hidden)]


def recompute_public(files: Files) -> dict[str, Any]:
    """Order and verdicts of every group of a public bundle, from its evidence alone.

    Raises ``AnalysisError`` (``bad_bundle``, ``bad_variance``, and those of a bad policy).
    """
    policy = Policy.from_locked(read_json_file(files, POLICY))
    document = {"policy": policy_figures(policy), **recompute_order(files, GROUPS, policy)}
    if YEAR in files:
        document["year"] = recompute_order(files, YEAR, policy)
    return dict(plain(document))


def recompute_order(files: Files, name: str, policy: Policy) -> dict[str, Any]:
    """Order and verdicts of the groups of one file."""
    groups: dict[str, Any] = {}
    ranks: dict[str, Any] = {}
    documents = read_json_file(files, name)
    if not isinstance(documents, list):
        raise AnalysisError("bad_bundle", f"{name} must be a list.", file=name)
    for document in documents:
        if document.get("withheld_because"):
            continue
        evidence, weights = read_evidence(document, policy)
        group = document["name"]
        groups[group] = group_figures(
            judge_group(group, evidence, policy, weights_of_blend=weights)
        )
        ranks |= {
            code: {"rank_low": low, "rank_high": high, "chances": chances}
            for code, (low, high, chances) in street_ranks(evidence).items()
        }
    return {"groups": groups, "streets": ranks}


def read_evidence(document: Any, policy: Policy) -> tuple[Evidence, EffectiveWeights]:
    """The evidence of one group. Raises ``AnalysisError`` (``bad_bundle``)."""
    try:
        streets = document["streets"]
        columns = {name: column_of(streets, name) for name in NUMBERS}
        evidence = Evidence(
            codes=tuple(street["code"] for street in streets),
            score=columns["blended"],
            variance=columns["blended_variance"],
            public=columns["public"],
            public_variance=columns["public_variance"],
            order=order_of(
                columns["blended"], columns["blended_variance"], error=policy.rank_error
            ),
            n_effective=document["n_effective"],
            assessors=document["assessors"],
            unscored=tuple(document["unscored"]),
            variants=document["lowest_by_variant"],
            random_stream=read_random_stream(document["random_stream"]),
            pooled_waves=document["pooled_waves"],
            previous_last=document["previous_last"],
            appeal_could_change=document["appeal_could_change"],
            pool_last=PoolLast(**document["pool_last"]) if "pool_last" in document else None,
        )
    except AnalysisError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise AnalysisError(
            "bad_bundle", f"{GROUPS}: a group is incomplete or malformed: {error}.", file=GROUPS
        ) from None
    blended = Blend(
        evidence.score,
        evidence.variance,
        columns["direct"],
        columns["direct_variance"],
        policy.standardise_direct,
    )
    weights = effective_weights(
        blended, columns["adjusted"], columns["public_variance"], alpha=policy.alpha
    )
    return evidence, weights


def read_random_stream(given: Any) -> RandomStream | None:
    """What the random stream alone says. Raises ``TypeError`` for other fields."""
    return None if given is None else RandomStream(**given)


def column_of(streets: Any, name: str) -> FloatArray:
    """One number of every street (S,)."""
    return np.array([street[name] for street in streets], np.float64)
