"""The starting model's examples: comments and terms written for this product, by indicator.

One phrase a line; whoever edits a line changes the starting model and nothing else. They are Python
text rather than data files because ``analysis`` opens no file.
"""

from __future__ import annotations

from itertools import cycle

from analysis.themes.seed import community, letters, other, party, safety, urban, welfare

_SOURCES = {
    "party": party,
    "urban": urban,
    "welfare": welfare,
    "community": community,
    "safety": safety,
    "other": other,
}


def examples() -> tuple[list[str], list[str]]:
    """Return (texts, labels) of every starting phrase and term, Chinese and English.

    A phrase stands in a frame (``letters``), the frames in turn; a term stands alone.
    """
    chinese, english = cycle(_lines(letters.CHINESE)), cycle(_lines(letters.ENGLISH))
    texts: list[str] = []
    labels: list[str] = []
    for label, source in _SOURCES.items():
        lines = [
            *(next(chinese).format(phrase) for phrase in _lines(source.CHINESE)),
            *(next(english).format(phrase) for phrase in _lines(source.ENGLISH)),
            *source.TERMS.split(),
            *(term.strip() for term in source.ENGLISH_TERMS.split(",")),
        ]
        texts += lines
        labels += [label] * len(lines)
    return texts, labels


def _lines(text: str) -> list[str]:
    return text.strip().splitlines()
