"""Which counts of one line must be hidden so that no small one can be worked out from the rest.

One line of a table with its total known, such as the streets of one theme or the age bands of
one street. Tables that share more than one total want the audit of feasible ranges.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def hidden_counts(
    counts: Mapping[Key, int], *, least: int, already: Collection[Key] = ()
) -> frozenset[Key]:
    """Keys to hide: counts of 1 … least−1 and those ``already`` hidden for another reason, and
    the next larger ones until no hidden one is
    narrowed by their sum, which follows from the total, to a range shorter than ``least``: each
    lies between 1 and the sum less one for every other (method, 11).

    Zeros are shown and do not protect. With too few people in the line all of it is hidden.
    """
    people = sorted(
        ((n, str(key), key) for key, n in counts.items() if n > 0), key=lambda item: item[:2]
    )
    first = {key for n, _name, key in people if n < least or key in already}
    hidden = [key for _n, _name, key in people if key in first]
    if not hidden:
        return frozenset()
    total = sum(n for n, _name, key in people if key in first)
    for n, _name, key in (one for one in people if one[2] not in first):
        # One hidden cell is the difference itself, however large the others are.
        if total - len(hidden) >= least and len(hidden) > 1:
            break
        hidden.append(key)
        total += n
    return frozenset(hidden)
