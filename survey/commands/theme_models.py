"""`themes train`, `themes models`, `themes serve`: the versions of the comment model."""

from __future__ import annotations

import click

from survey.clock import utc_now
from survey.commands.loading import progress
from survey.queries.theme_models import ModelVersion, model_versions
from survey.services.theme_training import serve_model, train_model

ACTOR = "command line"
REFUSALS = {
    "too_few_kept_back": "too few kept-back comments to tell whether it is worse",
    "may_be_worse": "on the kept-back comments it may be worse than the one that served",
}


@click.command("train")
def train() -> None:
    """Learn from the comments whose indicator people decided.

    A quarter of them is kept back. The new version serves when it is not worse on these than the
    one that serves; otherwise it is stored with the reason, and nothing else changes.
    """
    with progress("Training") as show:
        done = train_model(actor=ACTOR, now=utc_now(), progress=show)
    figures = done.metrics
    click.echo(
        f"version {done.version}: learnt {figures['examples']} labels, "
        f"{figures['n']} kept back, compared with {figures['compared_with']}"
    )
    if figures["n"]:
        click.echo(
            f"macro-F1 {figures['candidate']:.3f}, before {figures['serving']:.3f}; difference "
            f"{figures['low']:+.3f} to {figures['high']:+.3f}; "
            f"abstains from {figures['abstained']:.0%}"
        )
    click.echo("serves now" if done.serves else f"does not serve: {_why(done.refused_because)}")


@click.command("models")
def models() -> None:
    """List the versions: which serves, what each was trained on, why it may not serve."""
    for one in model_versions():
        click.echo("\t".join(_line(one)))


@click.command("serve")
@click.argument("version", type=int)
def serve(version: int) -> None:
    """Let VERSION serve again: an earlier one that passed, or the starting model."""
    serve_model(version, actor=ACTOR, now=utc_now())
    click.echo(f"version {version} serves now")


def _line(one: ModelVersion) -> tuple[str, ...]:
    figures = one.metrics
    score = f"macro-F1 {figures['candidate']:.3f}" if figures.get("n") else "–"
    state = "serves" if one.is_serving else _why(one.refused_because)
    return (
        str(one.version),
        f"{one.created_at:%Y-%m-%d %H:%M}",
        f"{figures.get('examples', 0)} {figures.get('trained_on', '')}",
        score,
        one.sha256[:12],
        state,
    )


def _why(code: str) -> str:
    return REFUSALS.get(code, code)
