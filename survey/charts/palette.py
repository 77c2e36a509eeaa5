"""The colours of charts: those of static/css/tokens.css, by theme; a test compares."""

from __future__ import annotations

FONT = '"PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", system-ui, sans-serif'

LIGHT = {
    "ink": "#1b2628",
    "ink-2": "#455154",
    "card": "#ffffff",
    "line": "#d9d3c6",
    "edge": "#7f8786",
    "act": "#0b5a68",
    "pick": "#e2f0f0",
}
DARK = {
    "ink": "#edefeb",
    "ink-2": "#b9c4c3",
    "card": "#1a2425",
    "line": "#344245",
    "edge": "#7d8c8d",
    "act": "#6cc7cf",
    "pick": "#173c42",
}


def darken(svg: str) -> str:
    """The same drawing in the colours of the dark theme."""
    for name, colour in LIGHT.items():
        svg = svg.replace(f'"{colour}"', f'"@{name}"')
    for name, colour in DARK.items():
        svg = svg.replace(f'"@{name}"', f'"{colour}"')
    return svg
