"""Which group carries on which known theme: identities, merges and splits as data.

A known theme lives on in the group that holds most of what it was. Of several themes that live on
in one group the largest gives its name and the others were merged into it; where a part of a
theme's texts stands in a group with a new name, the theme was split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Lineage:
    """Numbers of groups and known themes. heirs: per group the known theme it carries on, or None.

    merges: (theme that stays, theme merged into it). splits: (theme, group with a new name that
    has a part of it).
    """

    heirs: list[int | None]
    merges: list[tuple[int, int]]
    splits: list[tuple[int, int]]


def lineage(claims: Sequence[Counter[int]]) -> Lineage:
    """Give each group the identity of a known theme or none.

    claims: per group, how many of its texts were in which known theme (a theme that is there as a
    whole counts with all its texts). Equals: the earlier group and the earlier theme.
    """
    homes: dict[int, tuple[int, int]] = {}
    for group, shares in enumerate(claims):
        for theme, texts in shares.items():
            if theme not in homes or texts > homes[theme][1]:
                homes[theme] = (group, texts)
    heirs: list[int | None] = [None] * len(claims)
    for theme in sorted(homes, key=lambda number: (-homes[number][1], number)):
        group = homes[theme][0]
        if heirs[group] is None:
            heirs[group] = theme
    return Lineage(
        heirs,
        merges=[
            (heir, theme)
            for theme, (group, _) in sorted(homes.items())
            if (heir := heirs[group]) is not None and heir != theme
        ],
        splits=[
            (theme, group)
            for group, shares in enumerate(claims)
            if heirs[group] is None
            for theme in sorted(shares)
        ],
    )
