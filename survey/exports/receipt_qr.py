"""QR codes of receipts and the like, as the shapes of an inline SVG: scanned from a screen."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from survey.exports.qr import QUIET_ZONE, runs

# A screen is neither torn nor covered: level M and a fixed mask, which costs a quarter of
# choosing the best one, as every receipt is drawn once.
MASK = 2


@dataclass(frozen=True)
class ReceiptCode:
    """address: what it leads to; size: modules a side, quiet zone included; path: the dark ones."""

    address: str
    size: int
    path: str


def receipt_qr(receipt: str) -> ReceiptCode:
    """The QR code that leads to a receipt under JIEPING_BASE_URL."""
    return screen_qr(f"{current_app.config['BASE_URL']}/r/{receipt}")


def screen_qr(address: str) -> ReceiptCode:
    """The QR code of any text that is scanned from a screen: an address, a secret for an app."""
    from qrcode import QRCode
    from qrcode.constants import ERROR_CORRECT_M

    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, mask_pattern=MASK)
    code.add_data(address)
    code.make(fit=True)
    modules = tuple(tuple(bool(module) for module in row) for row in code.get_matrix())
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for y, x, length in runs(modules))
    return ReceiptCode(address, len(modules), path)
