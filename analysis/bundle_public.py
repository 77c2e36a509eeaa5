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
from analysis.bundle import GROUPS, POLICY, Files, json_bytes, read_json_file
from analysis.bundle_results import group_figures, plain, policy_figures
from analysis.evaluation import judge_group, street_ranks
from analysis.policy import Policy
from analysis.types import AnalysisError, FloatArray
from analysis.verdicts import Evidence, RandomStream, order_of
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
    """The inputs of the public bundle: policy and, of each group, its evidence."""
    groups = [group_evidence_document(name, found) for name in found.evaluation.groups]
    return {POLICY: json_bytes(policy.to_dict()), GROUPS: json_bytes(groups)}


def withheld_streets(name: str, found: WaveEvaluation) -> list[str]:
    """Ranked streets of a group whose public score may not be shown."""
    return [
        code
        for code in found.evaluation.groups[name].codes
        if found.figures[code].public.suppressed_because is not None
    ]


def group_evidence_document(name: str, found: WaveEvaluation) -> dict[str, Any]:
    """What a group is judged by; only its name and the reason when it is withheld."""
    if withheld_streets(name, found):
        return {"name": name, "withheld_because": "score_of_a_ranked_street_hidden"}
    evidence = found.evaluation.groups[name].evidence
    return {
        "name": name,
        "withheld_because": None,
        "streets": [
            {"code": code, **street_numbers(code, i, evidence, found)}
            for i, code in enumerate(evidence.codes)
        ],
        "n_effective": {
            code: shown_n_effective(code, n, found) for code, n in evidence.n_effective.items()
        },
        "assessors": dict(evidence.assessors),
        "unscored": list(evidence.unscored),
        "lowest_by_variant": dict(evidence.variants),
        "random_stream": evidence.random_stream and asdict(evidence.random_stream),
        "pooled_waves": evidence.pooled_waves,
        "previous_last": evidence.previous_last,
        "appeal_could_change": evidence.appeal_could_change,
    }


def street_numbers(
    code: str, place: int, evidence: Evidence, found: WaveEvaluation
) -> dict[str, float]:
    """The numbers of one ranked street, variances and not standard errors: no bit is lost."""
    scored = found.evaluation.scored
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


def shown_n_effective(code: str, n: float | None, found: WaveEvaluation) -> float | None:
    """The effective size of the random stream; hidden with the score of its street."""
    hidden = found.figures[code].public.suppressed_because is not None
    return None if hidden else n


def public_part(results: Mapping[str, Any], shown: Collection[str]) -> dict[str, Any]:
    """Of all figures (``results_document``) those that the public bundle reproduces.

    ``shown`` names the groups that are not withheld.
    """
    groups = {name: group for name, group in results["groups"].items() if name in shown}
    streets = results["streets"]
    return plain(
        {
            "policy": results["policy"],
            "groups": groups,
            "streets": {
                code: {name: streets[code][name] for name in ("rank_low", "rank_high", "chances")}
                for group in groups.values()
                for code in group["streets"]
            },
        }
    )


def shown_groups(found: WaveEvaluation) -> list[str]:
    """Names of the groups that are not withheld."""
    return [name for name in found.evaluation.groups if not withheld_streets(name, found)]


def recompute_public(files: Files) -> dict[str, Any]:
    """Order and verdicts of every group of a public bundle, from its evidence alone.

    Raises ``AnalysisError`` (``bad_bundle``, ``bad_variance``, and those of a bad policy).
    """
    policy = Policy.from_locked(read_json_file(files, POLICY))
    groups: dict[str, Any] = {}
    ranks: dict[str, Any] = {}
    documents = read_json_file(files, GROUPS)
    if not isinstance(documents, list):
        raise AnalysisError("bad_bundle", f"{GROUPS} must be a list.", file=GROUPS)
    for document in documents:
        if document.get("withheld_because"):
            continue
        evidence, weights = read_evidence(document, policy)
        name = document["name"]
        groups[name] = group_figures(judge_group(name, evidence, policy, weights_of_blend=weights))
        ranks |= {
            code: {"rank_low": low, "rank_high": high, "chances": chances}
            for code, (low, high, chances) in street_ranks(evidence).items()
        }
    return plain({"policy": policy_figures(policy), "groups": groups, "streets": ranks})


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
