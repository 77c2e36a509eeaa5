"""place load: what is stored, what is refused, and that a refusal leaves nothing behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select

from survey.errors import Refused
from survey.models import District, PopulationMargin, Street, StreetCondition
from survey.services.place import DistrictNamed, load_place
from survey.services.tables_in import RowsRejected

EXAMPLE = Path(__file__).parent.parent.parent / "docs/examples/place"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example that a test may spoil."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "place"))


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_example_is_stored_with_margins(session):
    done = load_place(EXAMPLE)
    assert (done.district, done.new_streets, done.margins) == ("example", 2, 12)
    street = session.scalars(select(Street).where(Street.code == "ex2")).one()
    assert (street.name_zh, street.population, street.peer_group) == ("北渡口街道", 36800, "城区")
    women = session.scalars(
        select(PopulationMargin).where(
            PopulationMargin.street_id == street.id,
            PopulationMargin.variable == "sex",
            PopulationMargin.category == "F",
        )
    ).one()
    assert women.residents == 18700
    assert women.as_of.isoformat() == "2025-12-31"


def test_gb18030_files_with_a_named_district_are_read(session, folder):
    (folder / "district.csv").unlink()
    for name in ("streets.csv", "margins.csv"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_bytes(text.encode("gb18030"))
    load_place(folder, district=DistrictNamed("x", "某区", "X District"))
    assert session.scalar(select(District.name_zh)) == "某区"
    names = set(session.scalars(select(Street.name_zh)))
    assert names == {"南山坡街道", "北渡口街道"}


def test_loading_again_updates_and_adds_nothing(session, folder):
    load_place(folder)
    spoil(folder, "streets.csv", "Nanshanpo Street,41200", "South Slope Street,41300")
    spoil(folder, "margins.csv", "ex1,sex,M,20200", "ex1,sex,M,20300")
    done = load_place(folder)
    assert (done.new_streets, done.updated_streets) == (0, 2)
    street = session.scalars(select(Street).where(Street.code == "ex1")).one()
    assert (street.name_en, street.population) == ("South Slope Street", 41300)
    assert session.scalar(select(func.count()).select_from(PopulationMargin)) == 12


def test_a_street_that_is_stored_cannot_be_dropped(session, folder):
    load_place(folder)
    spoil(folder, "streets.csv", "ex2,北渡口街道,Beidukou Street,36800,城区\n", "")
    for name in ("margins.csv", "conditions.csv"):
        text = (folder / name).read_text(encoding="utf-8")
        kept = [line for line in text.splitlines() if not line.startswith("ex2")]
        (folder / name).write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(Refused, match="ex2") as refused:
        load_place(folder)
    assert refused.value.code == "street_dropped"


def test_a_margin_that_is_stored_cannot_be_dropped(session, folder):
    load_place(folder)
    spoil(folder, "margins.csv", "ex1,age_band,18-29,8200,2025-12-31,年末户籍与常住人口统计\n", "")
    spoil(folder, "margins.csv", "ex1,age_band,30-44,12700", "ex1,age_band,30-44,20900")
    with pytest.raises(Refused, match="age_band=18-29") as refused:
        load_place(folder)
    assert refused.value.code == "margin_dropped"


def test_variables_of_a_street_must_count_the_same_people(session, folder):
    spoil(folder, "margins.csv", "ex1,sex,M,20200", "ex1,sex,M,21000")
    with pytest.raises(Refused, match=r"ex1.*41200.*42000") as refused:
        load_place(folder)
    assert refused.value.code == "margins_disagree"
    assert session.scalar(select(func.count()).select_from(Street)) == 0


def test_totals_within_one_percent_are_accepted(session, folder):
    spoil(folder, "margins.csv", "ex1,sex,M,20200", "ex1,sex,M,20500")
    assert load_place(folder).new_streets == 2


@pytest.mark.parametrize(
    ("name", "old", "new", "row", "column"),
    [
        ("streets.csv", "ex2,", "ex1,", 3, "code"),
        ("streets.csv", "ex2,", "ex 2,", 3, "code"),
        ("streets.csv", "41200", "many", 2, "population"),
        ("streets.csv", "41200", "-5", 2, "population"),
        ("streets.csv", "Nanshanpo Street", "", 2, "name_en"),
        ("streets.csv", ",城区", "", 2, "peer_group"),
        ("margins.csv", "ex1,age_band,18-29", "ex9,age_band,18-29", 2, "street"),
        ("margins.csv", "8200", "8200.5", 2, "residents"),
        ("margins.csv", "ex1,age_band,30-44", "ex1,age_band,18-29", 3, "category"),
        ("margins.csv", "ex1,age_band,30-44", "ex1,age_band,unknown", 3, "category"),
        ("margins.csv", "2025-12-31", "31.12.2025", 2, "as_of"),
        ("margins.csv", ",8200,", ",8200,1,", 2, ""),
        ("conditions.csv", "ex1,staff", "ex9,staff", 2, "street"),
        ("conditions.csv", "ex1,staff", "ex1,st aff", 2, "code"),
        ("conditions.csv", "ex1,grid", "ex1,staff", 3, "code"),
        ("conditions.csv", "ex1,area,辖区面积", "ex1,area,", 6, "name_zh"),
        ("conditions.csv", "ex2,grid,网格员", "ex2,grid,网格人员", 9, "name_zh"),
        ("conditions.csv", "平方公里,km²,", "平方公里,km²,about ", 6, "value"),
        ("conditions.csv", "平方公里,km²,", "平方公里,km²,nan", 6, "value"),
        ("conditions.csv", ",1000,2025-12-31", ",1000.5,2025-12-31", 2, "per_residents"),
        ("conditions.csv", ",1000,2025-12-31", ",1000,end of 2025", 2, "as_of"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_is_stored(session, folder, name, old, new, row, column):
    spoil(folder, name, old, new)
    with pytest.raises(RowsRejected) as refused:
        load_place(folder)
    first = refused.value.rows[0]
    assert (first.row, first.column) == (row, column)
    assert name in str(refused.value)
    assert session.scalar(select(func.count()).select_from(District)) == 0


def test_a_wrong_header_names_the_missing_column(session, folder):
    spoil(folder, "streets.csv", "population", "residents")
    with pytest.raises(Refused, match=r"streets.csv.*population.*residents"):
        load_place(folder)


def test_a_folder_without_district_says_what_to_do(session, folder):
    (folder / "district.csv").unlink()
    with pytest.raises(Refused, match="--district"):
        load_place(folder)


def test_the_command_ends_with_one_line_and_status_1(runner, folder):
    spoil(folder, "streets.csv", "41200", "many")
    result = runner.invoke(args=["place", "load", str(folder)])
    assert result.exit_code == 1
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert "row 2" in errors[0]
    assert "population" in errors[0]
    result = runner.invoke(args=["place", "load", str(EXAMPLE)])
    assert result.exit_code == 0, result.output


def test_a_file_instead_of_a_folder_is_refused(runner, folder):
    result = runner.invoke(args=["place", "load", str(folder / "streets.csv")])
    assert result.exit_code == 1
    assert "not a folder" in result.stderr


def conditions(session) -> dict[tuple[str, str], float]:
    rows = session.execute(
        select(Street.code, StreetCondition.code, StreetCondition.value).join(
            Street, StreetCondition.street_id == Street.id
        )
    )
    return {(street, code): value for street, code, value in rows}


def test_conditions_are_replaced_as_a_whole_and_kept_without_the_file(session, folder):
    assert load_place(folder).conditions == 12
    before = conditions(session)
    path = folder / "conditions.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if ",area," not in line), encoding="utf-8")
    assert load_place(folder).conditions == 10
    after = conditions(session)
    assert after == {key: value for key, value in before.items() if key[1] != "area"}
    path.unlink()
    assert load_place(folder).conditions is None
    assert conditions(session) == after


def test_conditions_need_no_more_than_five_columns(session, folder):
    text = 'street,code,name_zh,name_en,value\nex2,staff,人员,Staff,"1,234.5"\n'
    (folder / "conditions.csv").write_text(text, encoding="utf-8")
    assert load_place(folder).conditions == 1
    row = session.scalars(select(StreetCondition)).one()
    assert (row.value, row.per_residents, row.unit_zh, row.as_of) == (1234.5, 0, "", None)
