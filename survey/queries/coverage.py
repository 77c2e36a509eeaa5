"""Read coverage: who answered, against who lives there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select

from survey.models import PopulationMargin, ResponseCube, Stratum, Street, db
from survey.queries.policies import kept_policy
from survey.queries.views import StreetView
from survey.queries.waves import WaveView


@dataclass(frozen=True)
class CoverageRow:
    """Valid accepted responses of one category in one street, beside its residents.

    residents and resident_share (0 … 1) are None where no margin was loaded, as for 'unknown'.
    """

    street: StreetView
    variable: str
    category: str
    responses: int
    residents: int | None
    resident_share: float | None


def coverage(wave: WaveView) -> tuple[CoverageRow, ...]:
    """Coverage of every street of the wave's district. Three queries."""
    variables = tuple(kept_policy(wave.policy_id).margin_variables)
    streets = db.session.scalars(
        select(Street).where(Street.district_id == wave.district_id).order_by(Street.code)
    ).all()
    answered: dict[tuple[int, str, str], int] = defaultdict(int)
    for street_id, categories, n in db.session.execute(
        select(ResponseCube.street_id, Stratum.categories, func.sum(ResponseCube.n))
        .join(Stratum, ResponseCube.stratum_id == Stratum.id)
        .where(
            ResponseCube.wave_id == wave.id,
            ResponseCube.status == "accepted",
            ResponseCube.is_valid,
        )
        .group_by(ResponseCube.street_id, Stratum.id)
    ):
        for variable in variables:
            answered[street_id, variable, categories.get(variable, "unknown")] += int(n)
    residents: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for margin in db.session.scalars(
        select(PopulationMargin)
        .where(PopulationMargin.street_id.in_([street.id for street in streets]))
        .order_by(PopulationMargin.id)
    ):
        residents[margin.street_id, margin.variable][margin.category] = margin.residents
    rows = []
    for street in streets:
        view = StreetView(
            id=street.id,
            code=street.code,
            name=(street.name_zh, street.name_en),
            peer_group=street.peer_group,
            population=street.population,
        )
        for variable in variables:
            margin_of = residents[street.id, variable]
            total = sum(margin_of.values())
            extra = sorted(
                category
                for (street_id, name, category), n in answered.items()
                if street_id == street.id and name == variable and category not in margin_of and n
            )
            for category in (*margin_of, *extra):
                count = margin_of.get(category)
                rows.append(
                    CoverageRow(
                        street=view,
                        variable=variable,
                        category=category,
                        responses=answered[street.id, variable, category],
                        residents=count,
                        resident_share=count / total if count is not None and total else None,
                    )
                )
    return tuple(rows)
