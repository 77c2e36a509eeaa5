"""What lets a run add new comments to a theme's counts without reading the earlier ones.

Made anew by every whole count of a theme from its mentions; nothing here is known only here.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from survey.models.base import Base


class MentionBand(Base):
    """A band of the fingerprint of a comment that stands for its copies in a theme and wave.

    Comments that share one may be copies of each other (see analysis.themes.near_duplicates).
    """

    __tablename__ = "mention_band"
    __table_args__ = ({"sqlite_with_rowid": False},)

    #: The theme that speaks.
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), primary_key=True)
    #: 64 bits of a hash: of some of the text's shingles, or of the whole text.
    band: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    #: Goes with the theme's next count when its resident takes it back, which is at once.
    comment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class ThemeTally(Base):
    """How many comments of a theme in a wave are about an indicator, copies included."""

    __tablename__ = "theme_tally"

    #: The theme that speaks.
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), primary_key=True)
    #: The indicator; 0: none of them.
    indicator_key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mentions: Mapped[int]
    first_comment_id: Mapped[int] = mapped_column(BigInteger)
    last_comment_id: Mapped[int] = mapped_column(BigInteger)
