"""Means, standard errors and weights of R's survey package on real data nobody here made up.

Three conventions of n/(n−1), and each test says which one is its own:

* whole design: n counts the rows of the file, those outside the domain with u = 0 (weights only,
  and district margins, where the streets share one design);
* primary units by stratum: a_h/(a_h−1) over the a_h units of stratum h, also those without a
  member of the domain, each stratum about its own mean; single rows are units of one;
* street: the product's own, where a street is its own design and n counts its rows. It is the
  first convention applied to that street's rows alone.
"""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from analysis.cells import stream_cells
from analysis.estimate import wilson
from analysis.linearisation import cluster_totals, linearise
from analysis.weights import kish_deff, n_effective, poststratify, stratum_weights
from tests.analysis.builders import cube, one_indicator, policy
from tests.parts import reference_folder

pytestmark = pytest.mark.reference


def table(name):
    with reference_folder("statistics", f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def expected(name, kind="expected"):
    return json.loads(reference_folder("statistics", f"{name}.{kind}.json").read_text())


def mean_and_se(y, w, *, clusters=None, strata=None, design_n=None):
    """Weighted mean and SE by the product's own functions, a cell per row.

    ``y`` on any scale below 10000, ``None`` missing; clusters nest in strata.
    """
    p = one_indicator()
    n = len(y)
    rows = [[None if v is None else v] for v in y]
    places = list(clusters) if clusters is not None else None
    street = cube(rows, strata=[{"row": str(i)} for i in range(n)], channel="slip", places=places)
    cells = stream_cells(street, p)["A"].moments
    weights = np.repeat(np.asarray(w, float), 2)
    if clusters is None:
        lin = linearise(cells, weights, min_clusters=n + 1, design_n=design_n)
        return lin.index[0], np.sqrt(lin.by_respondent[0, 0]), lin
    lin = linearise(cells, weights, min_clusters=2)
    if strata is None:
        return lin.index[0], np.sqrt(lin.by_cluster[0, 0]), lin
    centre = np.rint(cells.sum_a.sum(axis=0) / cells.pair_n.sum(axis=0)).astype(int)
    offset = lin.index * 100 - centre
    total = cluster_totals(cells, weights, centre=centre, offset=offset, clusters=lin.clusters)[
        :, 0
    ]
    order = list(dict.fromkeys(c for c, v in zip(clusters, y, strict=True) if v is not None))
    stratum = np.array([dict(zip(clusters, strata, strict=True))[c] for c in order])
    mass = float(sum(wi for wi, v in zip(w, y, strict=True) if v is not None))
    variance = 0.0
    for h in dict.fromkeys(strata):
        own = total[stratum == h]
        a = len({c for c, s in zip(clusters, strata, strict=True) if s == h})
        padded = np.concatenate([own, np.zeros(a - len(own))])
        variance += a / (a - 1) * ((padded - padded.mean()) ** 2).sum()
    return lin.index[0], np.sqrt(variance) / mass / 100, lin


def test_d1_weights_only_and_domains():
    """Whole design: 200 rows, of which a domain holds 50 to 100."""
    rows, want = table("d1_apistrat"), expected("d1_apistrat")
    y = [float(r["api00"]) for r in rows]
    w = [float(r["pw"]) for r in rows]
    mean, se, lin = mean_and_se(y, w)
    assert mean == pytest.approx(want["overall_weights_only"]["mean"], rel=1e-9)
    assert se == pytest.approx(want["overall_weights_only"]["se"], rel=1e-9)
    assert lin.n_eff_all == pytest.approx(want["kish_neff"])
    domain = want["by_stype_weights_only"]
    for i, kind in enumerate(domain["stype"]):
        own = [v if r["stype"] == kind else None for v, r in zip(y, rows, strict=True)]
        mean, se, _ = mean_and_se(own, w)
        assert mean == pytest.approx(domain["api00"][i], rel=1e-9)
        assert se == pytest.approx(domain["se"][i], rel=1e-9)


def test_d1_strata():
    """Primary units by stratum, every row a unit; without finite population correction."""
    rows, want = table("d1_apistrat"), expected("d1_apistrat")["overall_strat_nofpc"]
    mean, se, _ = mean_and_se(
        [float(r["api00"]) for r in rows],
        [float(r["pw"]) for r in rows],
        clusters=list(range(len(rows))),
        strata=[r["stype"] for r in rows],
    )
    assert (mean, se) == (
        pytest.approx(want["mean"], rel=1e-9),
        pytest.approx(want["se"], rel=1e-9),
    )


@pytest.mark.parametrize(
    ("block", "variable"), [("by_schwide_nofpc", "sch.wide"), ("by_compimp_nofpc", "comp.imp")]
)
def test_d1_domains_across_strata(block, variable):
    """Primary units by stratum; a domain keeps all rows of the strata, those outside with 0."""
    rows, want = table("d1_apistrat"), expected("d1_apistrat")[block]
    errors = want["se"] if "se" in want else want["se.api00"]
    for i, category in enumerate(want[variable]):
        mean, se, _ = mean_and_se(
            [float(r["api00"]) if r[variable] == category else None for r in rows],
            [float(r["pw"]) for r in rows],
            clusters=list(range(len(rows))),
            strata=[r["stype"] for r in rows],
        )
        assert mean == pytest.approx(want["api00"][i], rel=1e-9)
        assert se == pytest.approx(errors[i], rel=1e-9)


def test_d2_clusters():
    """Primary units, one stratum: a/(a−1) over 15 school districts."""
    rows, want = table("d2_apiclus1"), expected("d2_apiclus1")["cluster_only"]
    mean, se, lin = mean_and_se(
        [float(r["api00"]) for r in rows],
        [float(r["pw"]) for r in rows],
        clusters=[r["dnum"] for r in rows],
    )
    assert mean == pytest.approx(want["mean_api00"], rel=1e-9)
    # R's figure has the finite population correction of 15 districts out of 757.
    assert se * np.sqrt(1 - 15 / 757) == pytest.approx(want["se"], rel=1e-9)
    assert lin.clusters - 1 == want["df"]


@pytest.mark.parametrize(("block", "variable"), [("by_stype", "stype"), ("by_schwide", "sch.wide")])
def test_d2_domains_across_clusters(block, variable):
    """Primary units, one stratum: districts without a school of the domain count in a."""
    rows, want = table("d2_apiclus1"), expected("d2_apiclus1")["cluster_only"][block]
    for i, category in enumerate(want[variable]):
        mean, se, _ = mean_and_se(
            [float(r["api00"]) if r[variable] == category else None for r in rows],
            [float(r["pw"]) for r in rows],
            clusters=[r["dnum"] for r in rows],
            strata=["all"] * len(rows),
        )
        assert mean == pytest.approx(want["api00"][i], rel=1e-9)
        assert se * np.sqrt(1 - 15 / 757) == pytest.approx(want["se"][i], rel=1e-9)


def test_d2_raked_and_post_stratified_weights():
    rows, want = table("d2_apiclus1"), expected("d2_apiclus1")
    pairs = sorted({(r["stype"], r["sch.wide"]) for r in rows})
    counts = np.array([sum((r["stype"], r["sch.wide"]) == p for r in rows) for p in pairs])
    margins = {
        name: dict(zip(want["margins"][name][name], want["margins"][name]["Freq"], strict=True))
        for name in ("stype", "sch.wide")
    }
    weights, report = stratum_weights(
        [{"stype": a, "sch.wide": b} for a, b in pairs],
        counts,
        margins,
        policy=policy(),
        trim=False,
    )
    total = sum(margins["stype"].values())
    cells = want["raked_weights_by_cell"]
    found = dict(zip(pairs, weights * total / counts.sum(), strict=True))
    for kind, wide, w in zip(cells["stype"], cells["sch.wide"], cells["w"], strict=True):
        assert found[(kind, wide)] == pytest.approx(w, rel=1e-7)
    assert report.deff == pytest.approx(want["raked"]["kish"], rel=1e-7)
    kinds = list(margins["stype"])
    held = np.array([sum(r["stype"] == k for r in rows) for k in kinds])
    post = poststratify(held, np.array([margins["stype"][k] for k in kinds], float))
    assert kish_deff(held, post) == pytest.approx(want["post_stratified"]["kish"], rel=1e-9)
    assert post.max() * total / held.sum() == pytest.approx(want["post_stratified"]["wmax"])


def test_d3_strata_and_primary_units_with_missing_answers():
    """Primary units by stratum: 31 units in 15 strata, those who did not answer left out."""
    rows, want = table("d3_nhanes"), expected("d3_nhanes")["overall"]
    mean, se, _ = mean_and_se(
        [None if r["HI_CHOL"] in ("", "NA") else float(r["HI_CHOL"]) for r in rows],
        [float(r["WTMEC2YR"]) for r in rows],
        clusters=[(r["SDMVSTRA"], r["SDMVPSU"]) for r in rows],
        strata=[r["SDMVSTRA"] for r in rows],
    )
    assert (mean, se) == (
        pytest.approx(want["mean"], rel=1e-8),
        pytest.approx(want["se"], rel=1e-6),
    )


@pytest.mark.parametrize(
    ("block", "variable"), [("by_race", "race"), ("by_agecat", "agecat")], ids=["race", "age"]
)
def test_d3_domains_across_primary_units(block, variable):
    """Primary units by stratum, also those without a member of the domain."""
    rows, want = table("d3_nhanes"), expected("d3_nhanes")[block]
    for i, category in enumerate(want[variable]):
        mean, se, _ = mean_and_se(
            [
                float(r["HI_CHOL"])
                if r[variable] == str(category) and r["HI_CHOL"] not in ("", "NA")
                else None
                for r in rows
            ],
            [float(r["WTMEC2YR"]) for r in rows],
            clusters=[(r["SDMVSTRA"], r["SDMVPSU"]) for r in rows],
            strata=[r["SDMVSTRA"] for r in rows],
        )
        assert mean == pytest.approx(want["HI_CHOL"][i], rel=1e-8)
        assert se == pytest.approx(want["se"][i], rel=1e-6)


def test_d8_strata_and_primary_units():
    """Primary units by stratum; a unit without an answer still counts in a_h."""
    rows, want = table("d8_yrbs"), expected("d8_yrbs")
    mean, se, _ = mean_and_se(
        [None if r["qn8"] in ("", "NA") else 2 - float(r["qn8"]) for r in rows],
        [float(r["weight"]) for r in rows],
        clusters=[(r["stratum"], r["psu"]) for r in rows],
        strata=[r["stratum"] for r in rows],
    )
    assert (mean, se) == (
        pytest.approx(want["mean"], rel=1e-8),
        pytest.approx(want["se"], rel=1e-6),
    )


def test_share_of_high_answers_uses_wilson_at_the_effective_size():
    rows, want = table("d1_apistrat"), expected("d1_apistrat")["ciprop_schwide"]["beta"]
    w = np.array([float(r["pw"]) for r in rows])
    hits = np.array([r["sch.wide"] == "Yes" for r in rows])
    share = float(w[hits].sum() / w.sum())
    low, high = wilson(share, n_effective(np.ones(len(w)), w), confidence=0.95)
    assert share == pytest.approx(want[0], rel=1e-6)
    # Another method than R's: close to, not equal with, the Korn–Graubard interval.
    assert (low, high) == (pytest.approx(want[1], abs=0.012), pytest.approx(want[2], abs=0.012))
