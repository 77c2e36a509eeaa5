"""Pictures: charts drawn by the worker, kept until what they depend on changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from survey.models.base import Base


class Picture(Base):
    """One drawn chart."""

    __tablename__ = "picture"

    #: sha256 of the chart's name, language and data.
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    svg: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime)
