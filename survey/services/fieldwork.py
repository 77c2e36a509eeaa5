"""Run fieldwork: create, open and close waves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from analysis.policy import Policy as PolicyDocument
from survey.database import transaction
from survey.errors import Refused
from survey.instrument import Instrument
from survey.models import District, Policy, PopulationMargin, Questionnaire, Street, Wave
from survey.services.duties import lock_duties
from survey.services.policies import read_policy, stored_policy
from survey.services.rollup import fold_all
from survey.services.slips import forget_order

CODE = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True)
class WaveOpened:
    """A wave that takes answers from opens_at on, under the policy with this hash."""

    code: str
    policy_hash: str


@dataclass(frozen=True)
class WaveClosed:
    """A wave that takes no more answers. folded: answers that were still waiting and are in now."""

    code: str
    folded: int


def create_wave(
    code: str,
    *,
    name_zh: str,
    name_en: str,
    opens_at: datetime,
    closes_at: datetime,
    now: datetime,
    district: str | None = None,
    questionnaire: str | None = None,
    policy: Mapping[str, Any] | None = None,
) -> None:
    """Store a wave as a draft. Times are UTC.

    district, questionnaire: codes; may be left out when there is only one. Of a questionnaire
    the newest version is taken. policy: values over the defaults; locked when the wave opens.
    Raises Refused.
    """
    if not CODE.fullmatch(code):
        raise Refused(
            "wave_code_wrong",
            _l("The code of a wave has 1 to 32 letters, digits, - or _, e.g. 2026q4."),
            status=422,
        )
    if closes_at <= opens_at:
        raise Refused("wave_dates_wrong", _l("A wave must close after it opens."), status=422)
    document = None if policy is None else read_policy(policy)
    with transaction() as session:
        if session.scalar(select(Wave.id).where(Wave.code == code)) is not None:
            raise Refused(
                "wave_exists", _l("There is a wave %(code)s already.", code=code), status=409
            )
        session.add(
            Wave(
                district_id=_only_district(session, district),
                code=code,
                name_zh=name_zh,
                name_en=name_en,
                questionnaire_id=_newest_questionnaire(session, questionnaire),
                policy_id=None if document is None else stored_policy(session, document, now=now),
                opens_at=opens_at,
                closes_at=closes_at,
                status="draft",
            )
        )


def _only_district(session: Any, code: str | None) -> int:
    found = dict(session.execute(select(District.code, District.id)).all())
    if code is None and len(found) == 1:
        return int(next(iter(found.values())))
    if code in found:
        return int(found[code])
    known = ", ".join(sorted(found)) or "–"
    raise Refused(
        "unknown_district",
        _l("Name the district by its code; there is: %(known)s.", known=known),
        status=404 if code else 422,
    )


def _newest_questionnaire(session: Any, code: str | None) -> int:
    newest = dict(
        session.execute(
            select(Questionnaire.code, Questionnaire.id).order_by(Questionnaire.version)
        ).all()
    )
    if code is None and len(newest) == 1:
        return int(next(iter(newest.values())))
    if code in newest:
        return int(newest[code])
    known = ", ".join(sorted(newest)) or "–"
    raise Refused(
        "unknown_questionnaire",
        _l(
            "Name the questionnaire by its code; there is: %(known)s. "
            "`questionnaire sync` stores more.",
            known=known,
        ),
        status=404 if code else 422,
    )


def open_wave(code: str, *, now: datetime) -> WaveOpened:
    """Open a draft: policy and duty list are locked, answers are taken from its opening time on.

    Raises Refused when it is no draft or its time is over, when another wave of the district is
    open, and when policy, questionnaire and margins do not fit each other.
    """
    with transaction() as session:
        wave = _wave(session, code)
        # Two waves of a district must not open at the same time: the row is the queue.
        session.execute(
            select(District.id).where(District.id == wave.district_id).with_for_update()
        )
        _require_status(wave, "draft", _l("only a draft can be opened"))
        if wave.closes_at <= now:
            raise Refused(
                "wave_over",
                _l("The closing time of wave %(code)s has passed.", code=code),
                status=409,
            )
        other = session.scalar(
            select(Wave.code).where(Wave.district_id == wave.district_id, Wave.status == "open")
        )
        if other is not None:
            raise Refused(
                "another_wave_open",
                _l(
                    "Wave %(other)s is open; close it before opening %(code)s.",
                    other=other,
                    code=code,
                ),
                status=409,
            )
        if wave.policy_id is None:
            wave.policy_id = stored_policy(session, PolicyDocument(), now=now)
        stored = session.get_one(Policy, wave.policy_id)
        _check_fit(session, wave, PolicyDocument.from_dict(stored.document))
        lock_duties(session, wave, now=now)
        wave.status = "open"
        return WaveOpened(code, stored.hash)


def _wave(session: Any, code: str) -> Wave:
    wave: Wave | None = session.scalar(select(Wave).where(Wave.code == code).with_for_update())
    if wave is None:
        raise Refused(
            "unknown_wave", _l("There is no wave with the code %(code)s.", code=code), status=404
        )
    return wave


def _require_status(wave: Wave, status: str, rule: Any) -> None:
    if wave.status != status:
        raise Refused(
            "wave_status",
            _l(
                "Wave %(code)s is %(status)s; %(rule)s.",
                code=wave.code,
                status=wave.status,
                rule=rule,
            ),
            status=409,
        )


def _check_fit(session: Any, wave: Wave, policy: PolicyDocument) -> None:
    """Whatever the index will need must be asked and known before the first answer."""
    instrument = Instrument(session.get_one(Questionnaire, wave.questionnaire_id).document)
    unasked = sorted(set(policy.margin_variables) - set(instrument.margin_questions))
    if unasked:
        raise _unfit(
            _l(
                "the policy weights by %(names)s, which the questionnaire does not ask",
                names=", ".join(unasked),
            )
        )
    indicators = set(instrument.indicator_items)
    if set(policy.omega) != indicators:
        raise _unfit(
            _l(
                "policy and questionnaire differ in the indicators %(names)s",
                names=", ".join(sorted(set(policy.omega) ^ indicators)),
            )
        )
    margins = _margins(session, wave.district_id)
    if not margins:
        raise _unfit(_l("the district has no streets; load them with `place load`"))
    for variable in policy.margin_variables:
        _check_margin(variable, set(instrument.categories(variable)), margins)


def _margins(session: Any, district_id: int) -> dict[str, dict[str, set[str]]]:
    """{street: {variable: categories}} of the active streets; {} inside for one without."""
    margins: dict[str, dict[str, set[str]]] = {}
    for code, variable, category in session.execute(
        select(Street.code, PopulationMargin.variable, PopulationMargin.category)
        .outerjoin(PopulationMargin, PopulationMargin.street_id == Street.id)
        .where(Street.district_id == district_id, Street.is_active)
        .order_by(Street.code)
    ):
        of_street = margins.setdefault(code, {})
        if variable is not None:
            of_street.setdefault(variable, set()).add(category)
    return margins


def _check_margin(
    variable: str, offered: set[str], margins: Mapping[str, Mapping[str, set[str]]]
) -> None:
    without = [code for code, variables in margins.items() if variable not in variables]
    if without:
        raise _unfit(
            _l(
                "these streets have no margin of %(variable)s: %(names)s",
                variable=variable,
                names=", ".join(without),
            )
        )
    unknown = set().union(*(variables[variable] for variables in margins.values())) - offered
    if unknown:
        raise _unfit(
            _l(
                "the margins of %(variable)s have categories the questionnaire does not offer: "
                "%(names)s",
                variable=variable,
                names=", ".join(sorted(unknown)),
            )
        )


def _unfit(reason: Any) -> Refused:
    return Refused(
        "wave_unfit", _l("The wave cannot be opened: %(reason)s.", reason=reason), status=409
    )


def close_wave(code: str, *, now: datetime) -> WaveClosed:
    """Close an open wave and fold what is still waiting, so that its figures are complete.

    Closing before the announced time moves that time to now. Raises Refused when it is not open.
    """
    with transaction() as session:
        wave = _wave(session, code)
        _require_status(wave, "open", _l("only an open wave can be closed"))
        wave.status = "closed"
        if wave.opens_at < now < wave.closes_at:
            wave.closes_at = now
        forget_order(session, wave.id)
    return WaveClosed(code, fold_all(now=now))
