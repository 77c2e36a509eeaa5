"""The comment model learns from people, serves only when not worse, and only if written here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from analysis.themes.category import starting_model
from analysis.themes.category_file import digest, to_bytes
from analysis.themes.promotion import kept_back
from survey.database import transaction
from survey.errors import Refused
from survey.models import AuditEvent, Comment, Indicator, ThemeModel, db
from survey.queries.theme_labels import comment_labels
from survey.queries.theme_models import model_versions
from survey.services.theme_models import model_path, seal_of, serving_model, write_model
from survey.services.theme_training import serve_model, train_model
from tests import factories
from tests.factories import NOW

ROOT = Path(__file__).resolve().parents[2]
# About work nobody wrote a starting phrase on, as a place of its own would have it.
LOCAL = {
    "urban": "青禾渠的闸板又卡住了",
    "community": "拼桌角的风扇吱呀响",
    "safety": "岗亭旁的铁链松脱了",
    None: "希望夜里也能看见萤火虫",
}


def decided(count: int, *, wrong: bool = False) -> None:
    """`count` comments a person decided; wrong: with labels that chance gave."""
    place = factories.place()
    with transaction() as session:
        ids = dict(session.execute(select(Indicator.code, Indicator.id)).all())
        kinds = list(LOCAL)
        for n in range(count):
            kind = kinds[n % len(kinds)]
            spread = "".join(chr(0x4E00 + (n * 37 + i * 911) % 20_000) for i in range(18))
            said = kinds[(n * 7 + n // 5) % len(kinds)] if wrong else kind
            session.add(
                Comment(
                    wave_id=place.wave_id,
                    body=f"{LOCAL[kind]}，{spread}",
                    language="zh",
                    said_on=NOW.date(),
                    source="test",
                    source_key=str(n),
                    indicator_id=ids.get(said),
                    indicator_probability=0.4,
                    indicator_is_decided=True,
                )
            )


def serving() -> int | None:
    return db.session.scalar(select(ThemeModel.version).where(ThemeModel.is_serving))


def test_labels_are_what_people_decided_and_nothing_else(each_app: Flask) -> None:
    with each_app.app_context():
        decided(8)
        with transaction() as session:
            first = select(func.min(Comment.id)).scalar_subquery()
            session.execute(
                update(Comment).where(Comment.id == first).values(indicator_is_decided=False)
            )
            session.execute(update(Comment).where(Comment.id == first + 1).values(title="在小区"))
        labels = comment_labels()
        assert len(labels) == 7
        assert labels[0].text.startswith("在小区\n拼桌角")
        assert [one.label for one in labels[:3]] == ["community", "safety", "other"]


def test_what_people_say_is_learnt_and_serves_when_it_is_better(each_app: Flask) -> None:
    with each_app.app_context():
        decided(200)
        _, before = serving_model(now=NOW)
        steps: list[tuple[int, int]] = []
        done = train_model(actor="eva", now=NOW, progress=lambda *s: steps.append(s))
        assert (done.serves, done.refused_because, done.version) == (True, "", 2)
        assert done.metrics["candidate"] > done.metrics["serving"] + 0.2
        assert done.metrics["compared_with"] == 1
        assert steps[-1][0] == steps[-1][1]
        key, after = serving_model(now=NOW)
        assert db.session.get_one(ThemeModel, key).version == serving() == 2
        assert after.predict(["青禾渠的闸板还没修"])[0].label == "urban"
        assert before.predict([LOCAL["urban"]]) != after.predict([LOCAL["urban"]])
        event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert event is not None
        assert (event.action, event.actor) == ("theme_model_stored", "eva")
        assert event.detail["sha256"] == model_versions()[0].sha256


def test_kept_back_comments_are_never_learnt(app: Flask) -> None:
    with app.app_context():
        decided(200)
        done = train_model(actor="eva", now=NOW)
        back = sum(kept_back([one.text for one in comment_labels()]))
        assert (done.metrics["n"], done.metrics["examples"]) == (back, 200 - back)


def test_what_chance_labelled_does_not_serve(app: Flask) -> None:
    with app.app_context():
        decided(200)
        train_model(actor="eva", now=NOW)
        ids = db.session.scalars(select(Comment.id).order_by(Comment.id)).all()
        back = kept_back([one.text for one in comment_labels()])
        with transaction() as session:
            # Somebody decides carelessly on what is learnt from; the kept-back ones stay true.
            for place, (key, held) in enumerate(zip(ids, back, strict=True)):
                if not held:
                    wrong = select(Indicator.id).order_by(Indicator.id).offset(place % 5).limit(1)
                    session.execute(
                        update(Comment)
                        .where(Comment.id == key)
                        .values(indicator_id=wrong.scalar_subquery())
                    )
        done = train_model(actor="eva", now=NOW)
        assert (done.serves, done.refused_because) == (False, "may_be_worse")
        assert serving() == 2
        assert [one.refused_because for one in model_versions()] == ["may_be_worse", "", ""]
        with pytest.raises(Refused, match="only versions that passed can serve"):
            serve_model(3, actor="eva", now=NOW)


def test_few_labels_are_learnt_but_do_not_serve(app: Flask) -> None:
    with app.app_context():
        decided(40)
        done = train_model(actor="eva", now=NOW)
        assert (done.serves, done.refused_because) == (False, "too_few_kept_back")
        assert serving() == 1


def test_no_labels_and_nothing_new_are_said(app: Flask) -> None:
    with app.app_context():
        factories.place()
        with pytest.raises(Refused, match="nothing to learn from"):
            train_model(actor="eva", now=NOW)
        assert model_versions() == ()
    with app.app_context():
        decided_again(12)
        train_model(actor="eva", now=NOW)
        with pytest.raises(Refused, match="Nothing was decided since the comment model 2"):
            train_model(actor="eva", now=NOW)
        assert len(model_versions()) == 2


def decided_again(count: int) -> None:
    """Decided comments of no place: in a database that has one already."""
    with transaction() as session:
        key = session.scalar(select(Indicator.id).where(Indicator.code == "urban"))
        session.add_all(
            Comment(
                body=f"青禾渠第{n}道闸板卡住",
                language="zh",
                said_on=NOW.date(),
                source="test",
                source_key=f"again {n}",
                indicator_id=key,
                indicator_is_decided=True,
            )
            for n in range(count)
        )


def test_an_indicator_of_an_own_questionnaire_is_learnt_anew(app: Flask) -> None:
    with app.app_context():
        decided(80)
        with transaction() as session:
            session.execute(
                update(Indicator).where(Indicator.code == "safety").values(code="harbour")
            )
        train_model(actor="eva", now=NOW)
        row = db.session.scalars(select(ThemeModel).order_by(ThemeModel.id.desc())).first()
        assert row is not None
        from survey.services.theme_models import load_model

        assert "harbour" in load_model(row).classes


def test_an_earlier_version_can_serve_again(each_app: Flask) -> None:
    with each_app.app_context():
        decided(200)
        train_model(actor="eva", now=NOW)
        serve_model(1, actor="eva", now=NOW)
        assert serving() == 1
        assert serving_model(now=NOW)[1].classes == starting_model().classes
        event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert event is not None
        assert (event.action, event.detail) == ("theme_model_served", {"before": 2, "after": 1})
        with pytest.raises(Refused, match="no comment model 9"):
            serve_model(9, actor="eva", now=NOW)
        assert serving() == 1


def test_a_model_of_another_installation_is_refused(app: Flask) -> None:
    with app.app_context():
        factories.place()
        serving_model(now=NOW)
        foreign = starting_model().partial_fit(["青禾渠"], ["safety"])
        data = to_bytes(foreign)
        write_model(data, model_path(digest(data)))
        with transaction() as session:
            # Who can write both the file and the row still lacks the secret.
            session.execute(update(ThemeModel).values(sha256=digest(data)))
        with pytest.raises(Refused, match="not written by this installation"):
            serving_model(now=NOW)
        with transaction() as session:
            session.execute(update(ThemeModel).values(seal=seal_of(2, digest(data))))
        with pytest.raises(Refused, match="not written by this installation"):
            serving_model(now=NOW)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04nonsense"])
def test_after_a_damaged_file_training_makes_a_new_version(app: Flask, damage: bytes) -> None:
    with app.app_context():
        decided(200)
        serving_model(now=NOW)
        model_path(model_versions()[0].sha256).write_bytes(damage)
        with pytest.raises(Refused, match="missing or was changed"):
            serving_model(now=NOW)
        with pytest.raises(Refused, match="missing or was changed"):
            serve_model(1, actor="eva", now=NOW)
        done = train_model(actor="eva", now=NOW)
        assert done.metrics["compared_with"] == "starting model"
        assert done.serves
        assert serving_model(now=NOW)[1].predict([LOCAL["safety"]])[0].label == "safety"


def test_a_model_of_an_earlier_format_gives_way_to_the_starting_model(app: Flask) -> None:
    with app.app_context():
        factories.place()
        import io
        import zipfile

        old = io.BytesIO()
        with zipfile.ZipFile(old, "w") as file:
            file.writestr("model.json", '{"format": "jieping-category-1", "bits": 18}')
        data = old.getvalue()
        write_model(data, model_path(digest(data)))
        with transaction() as session:
            session.add(
                ThemeModel(
                    version=1, sha256=digest(data), metrics={}, is_serving=True, created_at=NOW
                )
            )
        serving_model(now=NOW)
        assert [(one.version, one.is_serving) for one in model_versions()] == [
            (2, True),
            (1, False),
        ]


def test_the_commands_say_what_came_of_it(app: Flask) -> None:
    runner = app.test_cli_runner()
    with app.app_context():
        decided(200)
    trained = runner.invoke(args=["themes", "train"])
    assert trained.exit_code == 0
    assert "version 2: learnt" in trained.output
    assert "serves now" in trained.output
    lines = runner.invoke(args=["themes", "models"]).output.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["2", "1"]
    assert lines[0].endswith("serves")
    assert runner.invoke(args=["themes", "serve", "1"]).output == "version 1 serves now\n"
    failed = runner.invoke(args=["themes", "serve", "5"], catch_exceptions=True)
    assert failed.exit_code != 0
    assert "no comment model 5" in failed.output


def loaded_by(code: str) -> Sequence[str]:
    """The heavy packages that are loaded after `code` ran in a process of its own."""
    code += (
        "\nimport sys\nprint([m for m in ('sklearn', 'jieba', 'scipy.stats') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return done.stdout.strip()


def test_a_web_process_loads_no_scikit_learn_for_the_models(tmp_path: Path) -> None:
    config = f"{{'INSTANCE_DIR': {str(tmp_path)!r}, 'DATABASE_URL': 'sqlite://'}}"
    code = (
        "from survey import create_app\n"
        f"app = create_app({config})\n"
        "import survey.services.theme_models, survey.services.theme_training\n"
        "import survey.queries.theme_models, survey.queries.theme_labels\n"
    )
    assert loaded_by(code) == "[]"
