"""Two real resident surveys (d4, d5): weights, indices and public scores equal R's survey package.

Districts stand for streets. The margins are the district's as a whole (area, sex, age, tenure), so
all rows are raked together and n of n/(n−1) counts the rows of the whole design, those of the
other areas with u = 0. Rows without sex, age or tenure are dropped, as R dropped them.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from analysis.cells import stream_cells, weights_of_cells
from analysis.estimate import index_estimates, wilson
from analysis.weights import n_effective, stratum_weights
from tests.analysis.builders import cube, policy
from tests.analysis.test_reference_estimates import mean_and_se
from tests.parts import reference_folder

pytestmark = pytest.mark.reference

CASES = ["d4_sandiego2015", "d5_kcmo2021q1"]
ITEMS = ("i1", "i2", "i3", "i4", "i5")
MARGINS = ("area", "sex", "agegrp", "tenure")


@dataclass(frozen=True)
class Survey:
    """Rows that R used, the strata they fall in, and the raked weight of each row (mean 1)."""

    rows: list
    weights: np.ndarray
    report: object
    want: dict

    @property
    def residents_per_row(self):
        return self.want["popN"] / len(self.rows)

    def answers(self, row):
        return [int(row[item]) if row[item] else None for item in ITEMS]

    def respondent_index(self, row):
        """60/25 of the mean of the answered items minus 1: a whole number for 3, 4 or 5 items."""
        given = [answer for answer in self.answers(row) if answer is not None]
        return 60 * (sum(given) - len(given)) / len(given) if len(given) >= 3 else None


@cache
def survey(name):
    with reference_folder("statistics", f"{name}.csv").open(newline="") as file:
        every = [row | {"area": row["district"]} for row in csv.DictReader(file)]
    want = json.loads(reference_folder("statistics", f"{name}.expected.json").read_text())
    rows = [row for row in every if all(row[m] for m in MARGINS)]
    keys = [tuple(row[m] for m in MARGINS) for row in rows]
    strata = sorted(set(keys))
    counts = np.array([keys.count(key) for key in strata])
    margins = {
        m: dict(zip(map(str, want["margins"][m][m]), want["margins"][m]["Freq"], strict=True))
        for m in MARGINS
    }
    weights, report = stratum_weights(
        [dict(zip(MARGINS, key, strict=True)) for key in strata],
        counts,
        margins,
        policy=policy(),
        trim=False,
    )
    of_key = dict(zip(strata, weights, strict=True))
    return Survey(rows, np.array([of_key[key] for key in keys]), report, want)


def weights_for(found, block):
    """The weights of a block of R's results, as the product would use them: fixed numbers."""
    return found.weights if block.startswith("raked") else np.ones(len(found.rows))


@pytest.mark.parametrize("name", CASES)
def test_raked_weights_are_those_of_r(name):
    found = survey(name)
    assert len(found.rows) == found.want["n_used"]
    assert found.report.converged
    want = found.want["weights"]
    scale = found.residents_per_row
    assert found.report.deff == pytest.approx(want["kish_deff"], rel=1e-6)
    assert found.report.n_effective == pytest.approx(len(found.rows) / want["kish_deff"], rel=1e-6)
    assert found.report.minimum * scale == pytest.approx(want["min"], rel=1e-6)
    assert found.report.maximum * scale == pytest.approx(want["max"], rel=1e-6)
    first = dict(zip(want["first10"]["id"], want["first10"]["w"], strict=True))
    for row, weight in zip(found.rows, found.weights, strict=True):
        if int(row["id"]) in first:
            assert weight * scale == pytest.approx(first.pop(int(row["id"])), rel=1e-6)
    assert not first


@pytest.mark.parametrize("block", ["unweighted", "raked_weights_as_fixed"])
@pytest.mark.parametrize("name", CASES)
def test_respondent_index_of_everybody_and_of_every_area(name, block):
    """Whole design: n counts every row, also those with fewer than three answers."""
    found = survey(name)
    y = [found.respondent_index(row) for row in found.rows]
    weights = weights_for(found, block)
    want = found.want[block]
    mean, se, _ = mean_and_se(y, weights)
    assert mean * 25 / 60 == pytest.approx(want["overall"]["mean"], rel=1e-6)
    assert se * 25 / 60 == pytest.approx(want["overall"]["se"], rel=1e-6)
    areas = want["respondent_index"]
    for i, area in enumerate(areas["area"]):
        own = [v if r["area"] == area else None for v, r in zip(y, found.rows, strict=True)]
        mean, se, _ = mean_and_se(own, weights)
        assert mean * 25 / 60 == pytest.approx(areas["index100_respondent"][i], rel=1e-6)
        assert se * 25 / 60 == pytest.approx(areas["se"][i], rel=1e-6)


def public_scores(found, block):
    """The product's estimates of every area, counted into cells first: {area: estimates}."""
    weights = weights_for(found, block)
    chosen = policy(omega=dict.fromkeys(ITEMS, 0.2))
    scores = {}
    for area in dict.fromkeys(row["area"] for row in found.rows):
        at = [i for i, row in enumerate(found.rows) if row["area"] == area]
        street = cube(
            [
                [None if a is None else 25 * (a - 1) for a in found.answers(found.rows[i])]
                for i in at
            ],
            names=ITEMS,
            strata=[{"w": repr(float(weights[i]))} for i in at],
        )
        cells = stream_cells(street, chosen)["A"]
        own = np.array([float(stratum["w"]) for stratum in cells.strata])
        scores[area] = index_estimates(
            cells.moments,
            weights_of_cells(own),
            policy=chosen,
            random=True,
            floor=False,
            design_n=len(found.rows),
        )
    return scores


@pytest.mark.parametrize("block", ["unweighted", "post_stratified_area", "raked_weights_as_fixed"])
@pytest.mark.parametrize("name", CASES)
def test_public_score_with_equal_weights_is_the_item_mean_index(name, block):
    """Whole design. Post-stratification by area gives an area one weight: nothing changes in it."""
    found = survey(name)
    scores, want = public_scores(found, block), found.want[block]["item_mean_index"]
    for i, area in enumerate(want["area"]):
        estimate = scores[area]
        assert estimate.public.n == want["n"][i]
        assert estimate.public.value == pytest.approx(want["index100_of_item_means"][i], rel=1e-6)
        assert estimate.public.se == pytest.approx(want["se_index"][i], rel=1e-6)
        for item in ITEMS:
            indicator = estimate.indicators[item]
            assert indicator.value == pytest.approx(25 * (want[f"m_{item}"][i] - 1), rel=1e-6)
            assert indicator.se == pytest.approx(25 * want[f"se_{item}"][i], rel=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_taking_weights_as_fixed_changes_a_standard_error_by_two_percent_at_most(name):
    """R's figures that know of the raking; the product leaves that out on purpose."""
    found = survey(name)
    scores, want = public_scores(found, "raked"), found.want["raked"]["item_mean_index"]
    for i, area in enumerate(want["area"]):
        assert scores[area].public.value == pytest.approx(
            want["index100_of_item_means"][i], rel=1e-6
        )
        assert scores[area].public.se == pytest.approx(want["se_index"][i], rel=0.02)


@pytest.mark.parametrize("item", ["i1", "i2"])
@pytest.mark.parametrize("name", CASES)
def test_share_satisfied_is_that_of_r_with_a_wilson_interval_beside_it(name, item):
    """R's interval is a logit one at the design's own variance; Wilson's stays within 0.02."""
    found = survey(name)
    want = found.want["raked_weights_as_fixed"]["item_mean_index"]
    for i, area in enumerate(want["area"]):
        own = np.array([row["area"] == area and row[item] != "" for row in found.rows])
        high = np.array([row[item] in ("4", "5") for row in found.rows])
        weights = found.weights[own]
        share = float(weights[high[own]].sum() / weights.sum())
        assert share == pytest.approx(want[f"top2_{item}"][i], rel=1e-5)
        low, up = wilson(share, n_effective(np.ones(len(weights)), weights), confidence=0.95)
        assert low == pytest.approx(want[f"top2_{item}_lo"][i], abs=0.02)
        assert up == pytest.approx(want[f"top2_{item}_hi"][i], abs=0.02)
