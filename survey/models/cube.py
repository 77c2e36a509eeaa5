"""Cubes: integer sums of the answers, from which every index is computed.

Everyone in a cell (street, stratum, channel) has the same weight, so these sums are sufficient
for weighted means, variances and design effects. They hold integers only, so that a rebuild
equals the increments and the audit is `==`. There is deliberately no CHECK n >= 0: a signed
upsert is tested before it is added, so a retraction would fail although the sum is right.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from survey.models.base import Base, BigKey, one_of
from survey.models.response import RESPONSE_STATUSES


class RollupPending(Base):
    """Work to do: fold this response into the cubes (+1) or out of them (-1).

    Written in the transaction that causes it; deleted in the transaction that does it.
    """

    __tablename__ = "rollup_pending"
    __table_args__ = (
        UniqueConstraint("response_id", "sign", "status"),
        CheckConstraint("sign IN (-1, 1)", name="sign_is_one"),
        one_of("status", RESPONSE_STATUSES),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    response_id: Mapped[int] = mapped_column(BigKey, ForeignKey("response.id"))
    sign: Mapped[int]
    #: The side of the cubes it concerns: the status before (-1) or after (+1) the change.
    status: Mapped[str] = mapped_column(String(12))


class RollupRun(Base):
    """One fold that changed the cubes; its id says which state a number was computed from."""

    __tablename__ = "rollup_run"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    finished_at: Mapped[datetime] = mapped_column(DateTime)
    folded: Mapped[int]


def _axis(target: str) -> Mapped[int]:
    return mapped_column(ForeignKey(target), primary_key=True)


class ResponseCube(Base):
    """Responses by validity: the base of weights, response rates and coverage."""

    __tablename__ = "response_cube"

    wave_id: Mapped[int] = _axis("wave.id")
    street_id: Mapped[int] = _axis("street.id")
    stratum_id: Mapped[int] = _axis("stratum.id")
    channel: Mapped[str] = mapped_column(String(12), primary_key=True)
    status: Mapped[str] = mapped_column(String(12), primary_key=True)
    is_valid: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


class AnswerCube(Base):
    """Answers of valid responses by option: the base of the shares."""

    __tablename__ = "answer_cube"

    wave_id: Mapped[int] = _axis("wave.id")
    street_id: Mapped[int] = _axis("street.id")
    option_id: Mapped[int] = _axis("answer_option.id")
    stratum_id: Mapped[int] = _axis("stratum.id")
    channel: Mapped[str] = mapped_column(String(12), primary_key=True)
    status: Mapped[str] = mapped_column(String(12), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


class MomentCube(Base):
    """Sums of scores over valid responses that answered both indicators (a <= b by position)."""

    __tablename__ = "moment_cube"

    wave_id: Mapped[int] = _axis("wave.id")
    street_id: Mapped[int] = _axis("street.id")
    stratum_id: Mapped[int] = _axis("stratum.id")
    channel: Mapped[str] = mapped_column(String(12), primary_key=True)
    status: Mapped[str] = mapped_column(String(12), primary_key=True)
    indicator_a_id: Mapped[int] = _axis("indicator.id")
    indicator_b_id: Mapped[int] = _axis("indicator.id")
    n: Mapped[int] = mapped_column(BigInteger)
    sum_a: Mapped[int] = mapped_column(BigInteger)
    sum_b: Mapped[int] = mapped_column(BigInteger)
    sum_ab: Mapped[int] = mapped_column(BigInteger)


class ClusterCube(Base):
    """Sums of scores per collection point: the cluster totals of the variance."""

    __tablename__ = "cluster_cube"

    wave_id: Mapped[int] = _axis("wave.id")
    street_id: Mapped[int] = _axis("street.id")
    collection_point_id: Mapped[int] = _axis("collection_point.id")
    stratum_id: Mapped[int] = _axis("stratum.id")
    channel: Mapped[str] = mapped_column(String(12), primary_key=True)
    status: Mapped[str] = mapped_column(String(12), primary_key=True)
    indicator_id: Mapped[int] = _axis("indicator.id")
    n: Mapped[int] = mapped_column(BigInteger)
    sum: Mapped[int] = mapped_column(BigInteger)


class ArrivalCube(Base):
    """Responses per point and hour: what a burst is seen against."""

    __tablename__ = "arrival_cube"

    wave_id: Mapped[int] = _axis("wave.id")
    collection_point_id: Mapped[int] = _axis("collection_point.id")
    hour: Mapped[datetime] = mapped_column(DateTime, primary_key=True)
    status: Mapped[str] = mapped_column(String(12), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)
