"""tracker agreements read | import, as other programs and people at a console meet them."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select

from tests.agreements.makers import FILE, REAL, clear_agreements
from tracker import cli
from tracker.agreements.commands import commands
from tracker.agreements.models import Agreement
from tracker.plumbing.db import db

GOLDEN = Path(__file__).with_name("agreement-aomori-imabetsu.expected.json")


@pytest.fixture
def run(app):
    for command in commands:
        cli.cli.add_command(command)

    def call(*words: str) -> Result:
        return app.test_cli_runner().invoke(cli.cli, ["agreements", *words])

    with app.app_context():
        clear_agreements()
    return call


def test_reading_gives_what_the_contract_pins(run):
    result = run("read", str(FILE), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads(GOLDEN.read_text("utf-8"))


def test_reading_tells_people_what_is_doubtful(run):
    result = run("read", str(FILE))
    assert "条文 6条、連携施策 15件" in result.stdout
    assert result.stdout.count("要確認") == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "開けませんでした"),
        (b"", "ファイルの中身が空です。"),
        (b"hello", "連携協約の文ではないようです"),
        (b"%PDF-1.4", "このファイルは取り込めません。"),
        (REAL.replace("目的", "目\0的").encode(), "文字として読めない"),
    ],
)
@pytest.mark.parametrize("command", ["read", "import"])
def test_what_cannot_be_read_ends_with_one_sentence(run, tmp_path, content, said, command):
    path = tmp_path / "agreement.txt"
    if content is not None:
        path.write_bytes(content)
    result = run(command, str(path))
    assert result.exit_code == 1 and result.stdout == ""
    assert said in result.stderr and result.stderr.count("\n") == 1


def test_importing_asks_for_acceptance_and_says_what_was_accepted(run, app):
    refused = run("import", str(FILE))
    assert refused.exit_code == 1 and "確認が必要なところが4件" in refused.stderr
    done = run("import", str(FILE), "--accept")
    assert done.exit_code == 0, done.stderr
    assert "（教育・文化・スポーツ）と思われます。" in done.stdout
    assert "→ つなげてよい" in done.stdout and "→ この氏名で登録する" in done.stdout
    again = run("import", str(FILE), "--accept")
    assert again.exit_code == 1 and "すでに登録されています" in again.stderr
    with app.app_context():
        assert len(db.session.scalars(select(Agreement)).all()) == 1
