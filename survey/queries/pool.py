"""Read what a wave is pooled with: published figures of the waves before that asked the same.

They come from what was published, never from cubes that can still change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from analysis.policy import Policy
from analysis.types import Estimate
from analysis.wave_evaluation import WaveEvaluation
from analysis.year_records import StreetWave, WaveFigures
from survey.models import Evaluation, Questionnaire, Street, StreetResult, Wave, db
from survey.queries.fieldwork import kept_instrument
from survey.queries.waves import WaveView

# Of each result row, what an estimate is made of; in the order of `_estimate`.
COLUMNS = (
    StreetResult.estimate,
    StreetResult.low,
    StreetResult.high,
    StreetResult.n,
    StreetResult.n_effective,
    StreetResult.suppressed_because,
    StreetResult.se,
    StreetResult.df,
    StreetResult.is_random,
)


def earlier_waves(wave: WaveView, policy: Policy) -> tuple[WaveFigures, ...]:
    """The newest published waves before this one with its questionnaire, newest first.

    At most one fewer than the policy has pool weights; each as its newest published revision
    stands. Two queries, one when there are none.
    """
    chosen = _published_before(wave, len(policy.pool_weights) - 1)
    if not chosen:
        return ()
    codes = kept_instrument(wave.questionnaire_id).codes_by_indicator
    found: dict[int, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for key, code, kind, indicator_id, *numbers in db.session.execute(
        select(
            StreetResult.evaluation_id,
            Street.code,
            StreetResult.kind,
            StreetResult.indicator_id,
            *COLUMNS,
        )
        .join(Street, StreetResult.street_id == Street.id)
        .where(StreetResult.evaluation_id.in_([row.id for row in chosen]))
        .order_by(Street.code, StreetResult.id)
    ):
        street = found[key][code]
        if kind != "indicator":
            street[kind] = _estimate(numbers)
        elif indicator_id in codes:
            street.setdefault("indicators", {})[codes[indicator_id]] = _estimate(numbers)
    return tuple(
        WaveFigures(
            code=row.code,
            questionnaire=row.checksum,
            streets={
                code: _street(code, figures, row.summary) for code, figures in found[row.id].items()
            },
        )
        for row in chosen
    )


def _published_before(wave: WaveView, most: int) -> Sequence[Any]:
    """The newest published revision of each of the newest earlier waves."""
    rows = db.session.execute(
        select(Evaluation.id, Wave.code, Questionnaire.checksum, Evaluation.summary)
        .join(Wave, Evaluation.wave_id == Wave.id)
        .join(Questionnaire, Wave.questionnaire_id == Questionnaire.id)
        .where(
            Wave.district_id == wave.district_id,
            Wave.questionnaire_id == wave.questionnaire_id,
            Wave.opens_at < wave.opens_at,
            Evaluation.status == "published",
        )
        .order_by(Wave.opens_at.desc(), Wave.id.desc(), Evaluation.revision.desc())
    )
    chosen: dict[str, Any] = {}
    for row in rows:
        chosen.setdefault(row.code, row)
        if len(chosen) > most:
            break
    return list(chosen.values())[:most]


def _street(code: str, figures: Mapping[str, Any], summary: Mapping[str, Any]) -> StreetWave:
    kept = summary.get("for_pool", {}).get(code, {})
    public: Estimate = figures["public"]
    # Where the random sample stands alone, its size is the score's own.
    size = kept.get("n_effective_random", public.n_effective if public.random else None)
    return StreetWave(
        code=code,
        group=summary["streets"][code]["group"],
        public=public,
        adjusted=figures["adjusted"],
        direct=figures["direct"],
        indicators=figures.get("indicators", {}),
        n_effective_random=size,
        other_public=_pair(kept.get("other_public")),
        random_public=_pair(kept.get("random_public")),
    )


def _pair(given: Sequence[float] | None) -> tuple[float, float] | None:
    return None if given is None else (given[0], given[1])


def _estimate(numbers: Sequence[Any]) -> Estimate:
    value, low, high, n, size, because, se, df, random = numbers
    return Estimate(value, low, high, n, size, because, se, df, random)


def for_pool(found: WaveEvaluation) -> dict[str, dict[str, Any]]:
    """{street code: what a later pool needs of this wave beside its figures}, as plain JSON."""
    kept = ("n_effective_random", "other_public", "random_public")
    return {
        code: {
            # As it comes back from JSON: what is frozen equals what was computed.
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(street).items()
            if name in kept
        }
        for code, street in found.streets.items()
    }
