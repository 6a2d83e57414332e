"""What other programs, links in letters and people lean on stays as it is, whatever moves inside.

Addresses and commands stand in text files beside this one: a change of them is made there, by hand,
in the same commit. Their reason is contracts.md; the rest of that page is asked below.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask

from tests.agreements.makers import FILE
from tracker import cli
from tracker.accounts.rules import check_address
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Role
from tracker.kernel.refusal import Refusal
from tracker.kernel.wareki import read_day
from tracker.meetings.rules import Standing
from tracker.plumbing.db import db

HERE = Path(__file__).parent
BY_THEMSELVES = {"HEAD", "OPTIONS"}

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?\+09:00")
EXACT = re.compile(r"-?\d+/\d+")
MAYBE = (str, type(None))

AGREEMENT = {
    "title": str,
    "parties": {str: {"name": str, "title": str, "head": MAYBE}},
    "concluded_on": (DAY, type(None)),
    "legal_basis": MAYBE,
    "preamble": str,
    "closing": str,
    "amends": bool,
    "articles": [{"number": int, "caption": str, "paragraphs": [str]}],
    "policy_fields": [{"number": str, "title": str, "parent": MAYBE}],
    "measures": [
        {
            "number": str,
            "field": str,
            "title": str,
            "content": str,
            "role_a": str,
            "role_b": str,
            "lines": [int],
        }
    ],
    "duties": [
        {
            "article": int,
            "paragraph": int,
            "kind": re.compile("annual_meeting|cost_sharing|question"),
        }
    ],
    "remarks": [{"kind": re.compile("[a-z_]+"), "lines": [int], "text": str}],
    "unplaced": [{"line": int, "text": str}],
}
SPLIT = {
    "shares": {str: int},
    "total_yen": int,
    "lines": [
        {"municipality": str, "parts": [EXACT], "exact": EXACT, "rounded": int, "share": int}
    ],
}
DUTIES = [
    {
        "key": str,
        "kind": re.compile("[a-z_]+"),
        "article": int,
        "agreement": MAYBE,
        "municipality": str,
        "post": str,
        "due_on": DAY,
        "state": re.compile("open|overdue|done"),
        "url": re.compile("/.*"),
        "remaining": int,
    }
]
PREVIEW = [{"to": str, "send_at": MOMENT, "subject": str, "body": str, "items": [str]}]
RUN = {"planned": int, "sent": int, "retrying": int, "undeliverable": int, "skipped": int}


def misfits(value: Any, shape: Any, at: str = "answer") -> Iterator[str]:
    """Where a JSON value is not as the shape says.

    A shape is a type, a pattern of the whole text, a tuple of either-or, a list of one shape, a
    dictionary of exactly these keys, or `{str: shape}` for keys that are names.
    """
    if isinstance(shape, tuple):
        if all(list(misfits(value, one, at)) for one in shape):
            yield f"{at}: {value!r}"
    elif isinstance(shape, re.Pattern):
        if not (isinstance(value, str) and shape.fullmatch(value)):
            yield f"{at}: {value!r}"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{at} is no list"
            return
        for number, one in enumerate(value):
            yield from misfits(one, shape[0], f"{at}[{number}]")
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{at} is no object"
        elif str in shape:
            for key, one in value.items():
                yield from misfits(one, shape[str], f"{at}.{key}")
        elif set(value) != set(shape):
            yield f"{at} has other keys: {sorted(set(value) ^ set(shape))}"
        else:
            for key, one in value.items():
                yield from misfits(one, shape[key], f"{at}.{key}")
    elif type(value) is not shape:
        yield f"{at}: {value!r}"


@pytest.fixture(scope="module")
def commands() -> click.Group:
    """The console script with every command it knows, as `tracker` itself puts it together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["tracker", "--help"])
        with pytest.raises(SystemExit):
            cli.main()
    return cli.cli


@pytest.fixture
def ask(commands: click.Group, demo_app: Flask) -> Any:
    """ask("duties") is what that command prints with --json, in the example of 24 November 2026."""

    def run(*words: str) -> Any:
        done = demo_app.test_cli_runner().invoke(commands, [*words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return run


def _told(command: click.Command, name: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        for word, below in sorted(command.commands.items()):
            yield from _told(below, f"{name} {word}")
        return
    yield name
    for one in command.params:
        yield f"    {_parameter(one)}"


def _parameter(one: click.Parameter) -> str:
    if isinstance(one, click.Argument):
        return str(one.human_readable_name)
    assert isinstance(one, click.Option)
    kind = "" if one.is_flag else f" {one.type.name.upper()}"
    if isinstance(one.type, click.Choice):
        kind = f" {'|'.join(map(str, one.type.choices))}"
    notes = [note for note in ("required", "multiple") if getattr(one, note)]
    return f"{', '.join((*one.opts, *one.secondary_opts))}{kind}" + "".join(
        f" ({n})" for n in notes
    )


def test_the_commands_and_their_options(commands: click.Group) -> None:
    told = list(_told(commands, "tracker"))
    assert told == (HERE / "commands.txt").read_text(encoding="utf-8").splitlines()


def test_the_addresses_and_their_methods(app: Flask) -> None:
    methods = defaultdict(set)
    for rule in app.url_map.iter_rules():
        methods[rule.rule] |= set(rule.methods or ()) - BY_THEMSELVES
    told = [f"{path} {' '.join(sorted(methods[path]))}" for path in sorted(methods)]
    assert told == (HERE / "addresses.txt").read_text(encoding="utf-8").splitlines()


def test_what_commands_tell_other_programs(ask: Any, tmp_path: Path) -> None:
    request = tmp_path / "split.json"
    request.write_text(
        json.dumps(
            {
                "amount_yen": 100_000,
                "municipalities": ["青森市", "今別町"],
                "parts": [{"kind": "equal", "percent": 100}],
                "rounding": {"unit": 1000, "mode": "down"},
                "remainder": "青森市",
            }
        )
    )
    for words, shape in (
        (("agreements", "read", str(FILE)), AGREEMENT),
        (("costs", "split", str(request)), SPLIT),
        (("duties", "--on", "2026-11-24"), DUTIES),
        (("reminders", "preview", "--on", "2026-11-27"), PREVIEW),
        (("reminders", "run"), RUN),
    ):
        answer = ask(*words)
        assert answer, words
        assert list(misfits(answer, shape, " ".join(words[:2]))) == []


def test_a_shape_that_differs_is_found() -> None:
    assert list(misfits({"a": "1", "c": 2}, {"a": int, "b": int})) == [
        "answer has other keys: ['b', 'c']"
    ]
    assert list(misfits([{"n": True}, {"n": None}], [{"n": (int, type(None))}])) == [
        "answer[0].n: True"
    ]
    assert list(misfits({"名": [" 2026-11-24"]}, {str: [DAY]})) == ["answer.名[0]: ' 2026-11-24'"]


ROLES = {
    "office": "連携推進担当",
    "lead": "主担当課",
    "officer": "町村担当",
    "confirmer": "確認者",
    "reader": "閲覧",
    "admin": "管理者",
}
# Table and column -> the states it can hold, as screens and letters name them.
STATES = {
    ("progress_report", "state"): {
        "none": "未提出",
        "draft": "下書きあり",
        "submitted": "確認中",
        "returned": "差戻し",
        "confirmed": "確認済み",
    },
    ("cost_case", "state"): {
        "draft": "下書き",
        "consulting": "協議中",
        "awaiting": "確認待ち",
        "returned": "意見あり",
        "agreed": "合意済み",
        "withdrawn": "取下げ",
        "replaced": "差替え",
    },
    ("letter", "state"): {
        "planned": "予定",
        "queued": "送信待ち",
        "sending": "送信中",
        "sent": "送信済み",
        "retrying": "再送予定",
        "undeliverable": "届いていません",
        "resent": "再送済み(重複の可能性)",
        "skipped": "見送り",
        "held": "保留",
        "cancelled": "取消",
    },
}
STANDINGS = ["none", "polling", "fixed", "noticed", "held", "minuted", "missed", "unrecorded"]


def test_the_roles() -> None:
    assert {role.value: role.label for role in Role} == ROLES


@pytest.mark.parametrize(("column", "states"), STATES.items(), ids=".".join)
def test_the_states_of_what_is_stored(column: tuple[str, str], states: dict[str, str]) -> None:
    kind: Any = db.metadata.tables[column[0]].c[column[1]].type
    assert kind.enums == list(states)
    assert {state.value: state.label for state in kind.enum_class} == states


def test_the_states_of_the_meeting_of_a_year() -> None:
    assert [standing.value for standing in Standing] == STANDINGS


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("officer@imabetsu.example", "officer@imabetsu.example"),
        (" Tanto@Town.Imabetsu.LG.jp\n", "tanto@town.imabetsu.lg.jp"),
        ("a+b@city.minato.lg.jp", "a+b@city.minato.lg.jp"),
        ("kikaku_seisaku-1@pref.aomori.lg.jp", "kikaku_seisaku-1@pref.aomori.lg.jp"),
        ("a..b@docomo.ne.jp", "a..b@docomo.ne.jp"),
        ("abc.@docomo.ne.jp", "abc.@docomo.ne.jp"),
        (".abc@docomo.ne.jp", ".abc@docomo.ne.jp"),
        ("-abc@ezweb.ne.jp", "-abc@ezweb.ne.jp"),
        ('"a..b"@docomo.ne.jp', "a..b@docomo.ne.jp"),
        ("ｔａｎｔｏ＠town.yamate.lg.jp", "tanto@town.yamate.lg.jp"),
        ("　Ｔanto＠ｔｏｗｎ．yamate.lg.jp　", "tanto@town.yamate.lg.jp"),
        ("tanto@日本語.jp", "tanto@xn--wgv71a119e.jp"),
        ("tanto＠日本語。ＪＰ", "tanto@xn--wgv71a119e.jp"),
        ("tanto@xn--wgv71a119e.jp", "tanto@xn--wgv71a119e.jp"),
        ("tanto@例え.テスト", "tanto@xn--r8jz45g.xn--zckzah"),
        ("a@qq.com", "a@qq.com"),
    ],
)
def test_an_address_of_mail_is_kept_in_small_letters(typed: str, kept: str) -> None:
    assert check_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", "tanto", "tanto@", "@town.example", "tanto@town", "a b@town.example", "a@b@c.jp"),
        *("日本@town.example", "①@town.example", "a\u200b@town.example", "a,b@town.example"),
        *('""@town.example', '"a b"@town.example', 'a"b@town.example', "tan　to＠town.example"),
        *("a@town..jp", "a@.town.jp", "a@town.jp.", "a@-town.jp", "a@town-.jp", "a@to_wn.jp"),
        *("a@town.j", "a@192.0.2.1", "a@[192.0.2.1]", f"{'a' * 65}@town.example"),
        *(f"a@{'b' * 64}.jp", f"a@{'b.' * 127}jp", f"a@{'日' * 60}.jp", f"a@{'日本.' * 30}jp"),
    ],
)
def test_what_no_mail_server_takes_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_address(typed)
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("令和8年11月30日", date(2026, 11, 30)),
        ("令和８年１１月３０日（月）", date(2026, 11, 30)),
        ("R8.11.30", date(2026, 11, 30)),
        ("2026/11/30", date(2026, 11, 30)),
        ("2026-11-30", date(2026, 11, 30)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("昭和64年1月7日", date(1989, 1, 7)),
    ],
)
def test_a_day_is_read_as_people_write_it(typed: str, day: date) -> None:
    assert read_day(typed) == day


def test_a_day_without_a_year_is_of_the_year_it_is_asked_in() -> None:
    assert read_day("11/30", within=FiscalYear(2026)) == date(2026, 11, 30)
    assert read_day("3月31日", within=FiscalYear(2026)) == date(2027, 3, 31)


@pytest.mark.parametrize(
    "typed",
    ["", "あした", "令和8年2月30日", "2026/13/1", "令和元年4月30日", "令和8年11月30日（火）"],
)
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(Refusal):
        read_day(typed)
