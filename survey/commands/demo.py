"""`demo`: fill an empty database with the demo district."""

from __future__ import annotations

import time

import click

from survey.clock import utc_now
from survey.services.demo import DemoBuilt, build_demo, has_district, is_unfinished

ROLE_WORDS = {
    "admin": "管理员",
    "evaluator": "评价人员",
    "auditor": "审计人员",
    "department": "部门",
    "street": "街道",
}


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing when there is a district already.")
def command(if_empty: bool) -> None:
    """Make the demo district: invented streets, answers, comments and scores, from a fixed seed.

    One wave is closed and published, one is open. Accounts of every role get one generated
    password, which is shown here and nowhere else. Everything made from it is marked as a demo.
    """
    if if_empty and has_district() and not is_unfinished():
        click.echo("There is a district already; no demo needed. 已有辖区数据，不再生成演示数据。")
        return
    click.echo("Making the demo district … 正在生成演示数据……")
    began = time.monotonic()
    built = build_demo(now=utc_now(), tell=lambda line: click.echo(f"  {line}"))
    click.echo(f"  {built.responses} answers in {time.monotonic() - began:.1f} s")
    _show_accounts(built)


def _show_accounts(built: DemoBuilt) -> None:
    click.echo()
    click.echo("Accounts for the office pages / 办公页面账号")
    for name, role in built.accounts:
        click.echo(f"  {name:<14} {ROLE_WORDS[role]}")
    click.echo(f"Password of all, shown only now / 统一密码，仅显示这一次: {built.password}")
