"""Charts: data and words in, SVG out. Only a child of the worker imports the drawing itself.

`layout` is plain geometry and may be imported by the web; `intervals` imports Altair and may not.
Nothing here reads a database or a request: what is drawn is in the parameters (`model.Chart`).
"""

from __future__ import annotations

# Part of every picture's key: raise it when the same data shall be drawn differently.
DRAWING_VERSION = 1

#: (size, theme) of the pictures drawn of every chart.
VARIANTS = (("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("narrow", "dark"))
