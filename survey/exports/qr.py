"""QR codes of collection points, as SVG and PNG: level Q, a quiet zone of four modules."""

from __future__ import annotations

import io
from functools import lru_cache

from flask import current_app

QUIET_ZONE = 4
# 45 modules: the smallest whose corrections are spread so widely that a stain of 15 % in the very
# middle is repaired; up to version 6 nine of ten such codes are lost. Longer addresses take more.
VERSION = 7
# Pixels a module in the PNG: about 80 mm at 300 dots an inch, so it can be printed as it is.
PNG_MODULE = 24

Matrix = tuple[tuple[bool, ...], ...]


def address(code: str) -> str:
    """Where the code leads: the resident page under JIEPING_BASE_URL."""
    return f"{current_app.config['BASE_URL']}/s/{code}"


@lru_cache(maxsize=256)
def matrix(text: str, mask: int | None = None) -> Matrix:
    """The modules of the QR code of `text`, dark ones True, quiet zone included.

    mask: one of the eight patterns (0 … 7) that even out light and dark. None tries all and
    takes the one with the least penalty (ISO/IEC 18004, 7.8.3), at nine times the work.
    """
    from qrcode import QRCode
    from qrcode.constants import ERROR_CORRECT_Q

    code = QRCode(VERSION, error_correction=ERROR_CORRECT_Q, border=QUIET_ZONE, mask_pattern=mask)
    code.add_data(text)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def runs(modules: Matrix) -> list[tuple[int, int, int]]:
    """Dark modules joined along each row: (row, column, length). Fewer shapes, no hairlines."""
    found = []
    for y, row in enumerate(modules):
        start = None
        for x, dark in enumerate((*row, False)):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                found.append((y, start, x - start))
                start = None
    return found


def qr_svg(code: str) -> str:
    """The QR code of a point as an SVG document; one user unit a module."""
    modules = matrix(address(code))
    size = len(modules)
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for y, x, length in runs(modules))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" '
        f'width="{size * 2}mm" height="{size * 2}mm" shape-rendering="crispEdges" role="img">'
        f"<title>{address(code)}</title>"
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{path}"/></svg>\n'
    )


def qr_png(code: str) -> bytes:
    """The QR code of a point as a black-and-white PNG."""
    from PIL import Image

    modules = matrix(address(code))
    size = len(modules)
    image = Image.new("1", (size, size), 1)
    image.putdata([0 if dark else 1 for row in modules for dark in row])
    file = io.BytesIO()
    scale = size * PNG_MODULE
    image.resize((scale, scale), Image.Resampling.NEAREST).save(file, "PNG", optimize=True)
    return file.getvalue()
