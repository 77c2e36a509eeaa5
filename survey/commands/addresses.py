"""`addresses`: where to look first."""

from __future__ import annotations

import click
from flask import current_app

from survey.queries.points import first_open_point


@click.command("addresses")
def command() -> None:
    """Print the addresses of this installation, one a line, in Chinese and English."""
    base = current_app.config["BASE_URL"]
    code = first_open_point()
    lines = []
    if code is not None:
        lines.append(("居民答卷页", "resident page", f"/s/{code}"))
        lines.append(("海报（PDF）", "its poster", f"/points/{code}/poster.pdf"))
    lines.append(("公开页面", "public page", "/"))
    lines.append(("办公登录", "office sign-in", "/office/"))
    lines.append(("接口文档", "API documents", "/api/v1/docs"))
    for chinese, english, path in lines:
        # A Chinese character is two columns wide on a terminal.
        wide = sum(1 + (ord(sign) > 0x2E7F) for sign in chinese)
        click.echo(f"{chinese}{' ' * (13 - wide)} {english:<16} {base}{path}")
