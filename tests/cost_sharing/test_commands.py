"""`tracker costs split`: what contracts.md pins, and a plain sentence for everything else."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cost_sharing.makers import NAMES, SHARES
from tests.shares.test_split import CENSUS_2020
from tracker.cli import cli
from tracker.kernel.refusal import Refusal
from tracker.shares.commands import costs

REQUEST = {
    "amount_yen": 2_500_000,
    "municipalities": list(NAMES),
    "parts": [
        {"kind": "equal", "percent": "20"},
        {"kind": "population", "percent": 80, "basis": CENSUS_2020},
    ],
    "rounding": {"unit": 1000, "mode": "down"},
    "remainder": "青森市",
}


def written(folder: Path, request: object) -> str:
    """A file with that request."""
    path = folder / "split.json"
    text = request if isinstance(request, str) else json.dumps(request, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_worked_check_as_json(tmp_path):
    done = CliRunner().invoke(costs, ["split", written(tmp_path, REQUEST), "--json"])
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["shares"], answer["total_yen"]) == (0, SHARES, 2_500_000)
    by_people = Fraction(2_000_000 * 2_334, 295_593)
    exact = 100_000 + by_people
    assert answer["lines"][2] == {
        "municipality": "今別町",
        "parts": ["100000/1", f"{by_people.numerator}/{by_people.denominator}"],
        "exact": f"{exact.numerator}/{exact.denominator}",
        "rounded": 115_000,
        "share": 115_000,
    }


def test_the_worked_check_in_words(tmp_path):
    done = CliRunner().invoke(costs, ["split", written(tmp_path, REQUEST)])
    assert done.stdout.splitlines() == [
        "青森市\t1,964,000円",
        "平内町\t168,000円",
        "今別町\t115,000円",
        "蓬田村\t117,000円",
        "外ヶ浜町\t136,000円",
        "合計\t2,500,000円",
    ]


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({**REQUEST, "parts": [{"kind": "equal", "percent": 95}]}, "割り方の合計が95％です"),
        ({**REQUEST, "amount_yen": "2500000"}, "整数で入れてください"),
        ({**REQUEST, "remainder": "弘前市"}, "「弘前市」は市町村の一覧にありません"),
        ("{", "JSONとして読めません"),
    ],
)
def test_what_cannot_be_divided_is_refused_in_a_sentence(tmp_path, request_, sentence):
    done = CliRunner().invoke(costs, ["split", written(tmp_path, request_), "--json"])
    assert isinstance(done.exception, Refusal)
    assert sentence in done.exception.message
    assert done.stdout == ""


def test_the_console_script_ends_with_one_sentence_and_exit_code_1(tmp_path):
    cli.add_command(costs)
    wrong = written(tmp_path, {**REQUEST, "municipalities": []})
    done = CliRunner().invoke(cli, ["costs", "split", wrong, "--json"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "市町村を1つ以上入れてください。\n"
