"""The starting model's examples: short comments written for this product, by indicator.

One phrase a line; whoever edits a line changes the starting model and nothing else. They are Python
text rather than data files because ``analysis`` opens no file.
"""

from __future__ import annotations

from analysis.themes.seed import community, other, party, safety, urban, welfare

_SOURCES = {
    "party": party,
    "urban": urban,
    "welfare": welfare,
    "community": community,
    "safety": safety,
    "other": other,
}


def examples() -> tuple[list[str], list[str]]:
    """Return (texts, labels) of every starting phrase and term, Chinese and English."""
    texts: list[str] = []
    labels: list[str] = []
    for label, source in _SOURCES.items():
        lines = [
            *source.CHINESE.strip().splitlines(),
            *source.ENGLISH.strip().splitlines(),
            *source.TERMS.split(),
            *(term.strip() for term in source.ENGLISH_TERMS.split(",")),
        ]
        texts += lines
        labels += [label] * len(lines)
    return texts, labels
