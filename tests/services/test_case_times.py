"""Times of cases as the database counts them, against the same counted one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from analysis.durations import DayCount, Stage, time_to, where_days_went
from survey.database import transaction
from survey.models import Case, CaseEvent, db
from survey.queries.case_times import FEWEST_CASES, STEPS, CaseTimes, case_times
from tests import factories

NOW = datetime(2026, 11, 24, 2, 0)
ENDED = frozenset({"confirmed", "out_of_remit"})
WAY = ("accepted", "planned", "done", "confirmed")


def local(moment: datetime) -> date:
    return (moment + timedelta(hours=8)).date()


class Office:
    """Cases stored as rows, and the same kept beside them to count by hand."""

    def __init__(self) -> None:
        place = factories.place()
        self.district_id, self.streets = place.district_id, place.street_ids
        self.wave_id = place.wave_id
        self.roads = factories.department(district_id=place.district_id, code="roads")
        self.rows: list[tuple[dict[str, object], list[tuple[datetime, str, int | None]]]] = []

    def case(
        self,
        opened_at: datetime,
        *acts: tuple[float, str, int | None],
        said_before: int = 0,
        **values: object,
    ) -> None:
        """acts: days after opening, state afterwards, holder afterwards."""
        given: dict[str, object] = {
            "district_id": self.district_id,
            "street_id": self.streets[0],
            "origin": "comment",
            "said_on": local(opened_at) - timedelta(days=said_before),
            "opened_at": opened_at,
            **values,
        }
        history = [(opened_at, "received", None)]
        for days, state, holder in acts:
            at = opened_at + timedelta(days=days)
            history.append((at, state, holder))
            column = "settled_at" if state in ENDED else f"{state}_at"
            if state != "out_of_remit_asked":
                given.setdefault(column, at)
            given["state"], given["department_id"] = state, holder
        with transaction() as session:
            row = Case(**given)
            session.add(row)
            session.flush()
            session.add_all(
                CaseEvent(
                    case_id=row.id, at=at, actor="x", action="noted", state=state, department_id=who
                )
                for at, state, who in history
            )
        self.rows.append((given, history))

    def counted(self, step: str) -> list[DayCount]:
        """The days to a step, case by case."""
        found = []
        for given, _history in self.rows:
            if (given["origin"] == "theme") if step == "reply" else (given["origin"] == "loaded"):
                continue
            reached = {
                "reply": given.get("called_at") or given.get("replied_at"),
                "plan": given.get("planned_at") or given.get("done_at"),
                "done": given.get("done_at"),
                "confirmed": given.get("settled_at") if given.get("state") == "confirmed" else None,
            }[step]
            until = reached or given.get("settled_at") or NOW
            days = (local(until) - given["said_on"]).days
            found.append(DayCount(days, int(reached is not None), int(reached is None)))
        return found

    def spent(self) -> dict[tuple[str, str], float]:
        names = {None: "street", self.roads: "roads"}
        return dict(
            where_days_went(
                [
                    [Stage(at, state, names[who]) for at, state, who in history]
                    for given, history in self.rows
                    if given["origin"] != "loaded"
                ],
                until=NOW,
                ended=ENDED,
            )
        )


@pytest.fixture
def office(each_app: Flask) -> Iterator[Office]:
    with each_app.app_context():
        yield Office()


def fill(office: Office, *, seed: int = 3, cases: int = 60) -> None:
    random = Random(seed)
    for _ in range(cases):
        opened = datetime(2026, 9, 1, random.randrange(24), 30) + timedelta(
            days=random.randrange(60)
        )
        days, holder, acts = 0.0, None, []
        for state in WAY[: random.randrange(5)]:
            days += random.random() * 5
            holder = random.choice([holder, office.roads, None])
            acts.append((days, state, holder))
        values = {}
        if random.random() < 0.6:
            values["replied_at"] = opened + timedelta(days=random.random() * 20)
        office.case(
            opened,
            *acts,
            said_before=random.randrange(3),
            origin=random.choice(["comment", "call_back", "theme"]),
            wave_id=random.choice([None, office.wave_id]),
            street_id=random.choice(office.streets[:2]),
            **values,
        )


def steps_of(times: CaseTimes) -> dict[str, float]:
    return {one.step: one.days for one in times.by_step}


def test_times_are_those_counted_one_by_one(office: Office) -> None:
    fill(office)
    times = case_times(now=NOW)
    assert times.cases == 60
    for step in STEPS:
        assert getattr(times, step) == time_to(office.counted(step)), step
    assert {step: time.n for step, time in times.steps}["plan"] == 60
    assert 0 < times.confirmed.ended < times.done.ended < 60


def test_days_by_step_and_by_holder_are_those_of_the_events(office: Office) -> None:
    fill(office)
    spent = office.spent()
    times = case_times(now=NOW)
    found = steps_of(times)
    unopened = sum(
        (local(given["opened_at"]) - given["said_on"]).days for given, _history in office.rows
    )
    assert found.pop("unopened") == unopened
    expected: dict[str, float] = {}
    for (step, _holder), days in spent.items():
        expected[step] = expected.get(step, 0) + days
    assert found == pytest.approx(expected, abs=1e-4)
    street, roads = times.by_holder
    assert (street.department, roads.department) == (None, "roads")
    for holder, name in ((street, "street"), (roads, "roads")):
        own = {step: days for (step, who), days in spent.items() if who == name and step != "done"}
        assert {one.step: one.days for one in holder.steps} == pytest.approx(own, abs=1e-4)
        assert holder.days == pytest.approx(sum(own.values()), abs=1e-4)
        assert holder.per_case == pytest.approx(holder.days / 60)


def test_each_scope_counts_its_own_cases(office: Office) -> None:
    fill(office)
    whole = case_times(now=NOW)
    streets = [case_times(street_code=code, now=NOW) for code in ("s1", "s2")]
    assert [times.cases for times in streets] == [
        sum(given["street_id"] == street for given, _h in office.rows)
        for street in office.streets[:2]
    ]
    assert sum(times.cases for times in streets) == whole.cases
    held = case_times(department_code="roads", now=NOW)
    # What it held and passed on stays its own, too.
    through = [{who for _at, _state, who in history} for _given, history in office.rows]
    assert held.cases == sum(office.roads in holders for holders in through)
    assert held.cases > sum(g.get("department_id") == office.roads for g, _h in office.rows)
    assert {one.department for one in held.by_holder} == {None, "roads"}
    both = case_times(street_code="s1", department_code="roads", now=NOW)
    assert 0 < both.cases < held.cases
    assert case_times(street_code="s2", department_code="roads", now=NOW).cases == (
        held.cases - both.cases
    )
    of_wave = case_times(wave_code="2026q4", now=NOW)
    assert of_wave.cases == sum(given["wave_id"] == office.wave_id for given, _h in office.rows)
    assert case_times(street_code="nowhere", now=NOW).cases == 0


def test_days_are_days_of_the_district(office: Office) -> None:
    # 15:50 UTC is ten minutes to midnight in Beijing: twenty minutes later is the next day.
    late = datetime(2026, 11, 2, 15, 50)
    office.case(late, replied_at=late + timedelta(minutes=20))
    office.case(late, replied_at=late + timedelta(minutes=5))
    assert case_times(now=NOW).reply.counts == (DayCount(0, 1, 0), DayCount(1, 1, 0))


def test_out_of_remit_stops_the_clock_and_is_nobodys_success(office: Office) -> None:
    office.case(datetime(2026, 11, 1), (4, "out_of_remit_asked", None), (6, "out_of_remit", None))
    times = case_times(now=NOW)
    assert times.reply.counts == times.confirmed.counts == (DayCount(6, 0, 1),)
    assert steps_of(times) == pytest.approx({"received": 4, "out_of_remit_asked": 2}, abs=1e-4)
    # Waiting for the evaluation office is not the street's time.
    [street] = times.by_holder
    assert street.days == pytest.approx(4, abs=1e-4)


def test_a_clock_that_was_ahead_takes_no_days_away(office: Office) -> None:
    office.case(NOW - timedelta(days=3), (1, "accepted", office.roads))
    office.case(NOW - timedelta(days=1), (3, "accepted", None))
    times = case_times(now=NOW)
    # The second is accepted two days from now: these are not taken off the first one's two.
    assert steps_of(times)["accepted"] == pytest.approx(2, abs=1e-4)
    own = sum(part.days for one in times.by_holder for part in one.steps)
    assert own == pytest.approx(sum(steps_of(times).values()), abs=1e-4)


def test_loaded_messages_count_for_the_reply_only(office: Office) -> None:
    opened = datetime(2026, 11, 1)
    office.case(opened, (3, "done", None), origin="loaded", replied_at=opened + timedelta(days=3))
    times = case_times(now=NOW)
    assert times.reply.counts == (DayCount(3, 1, 0),)
    assert times.done.n == times.plan.n == times.confirmed.n == 0
    # No resident is asked about them: they wait for nobody.
    assert steps_of(times) == pytest.approx({"received": 3}, abs=1e-4)


def test_outsiders_read_no_time_of_few_cases(office: Office) -> None:
    for number in range(FEWEST_CASES - 1):
        office.case(datetime(2026, 11, 1 + number), (1, "accepted", None))
    times = case_times(now=NOW, fewest=FEWEST_CASES)
    assert times.reply.suppressed_because == "cases_below_10"
    assert (times.reply.median, times.reply.counts, times.by_step) == (None, (), ())
    office.case(datetime(2026, 11, 20), (1, "accepted", None))
    times = case_times(now=NOW, fewest=FEWEST_CASES)
    assert times.reply.suppressed_because is None
    assert times.by_step


def test_two_queries_and_one_while_nothing_is_done(office: Office) -> None:
    fill(office, cases=12)
    asked: list[str] = []

    def ask(*given: Any) -> None:
        if given[2].startswith("SELECT"):
            asked.append(given[2])

    event.listen(db.engine, "before_cursor_execute", ask)
    first = case_times(now=NOW)
    assert len(asked) == 2
    assert case_times(now=NOW) is first
    assert len(asked) == 3
    office.case(datetime(2026, 11, 20))
    assert case_times(now=NOW).cases == 13
    later = NOW + timedelta(days=1)
    assert case_times(now=later).reply.longest == case_times(now=NOW).reply.longest + 1
