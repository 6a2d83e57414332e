"""Every sentence that people read is a message: found by Babel, shown in the reader's language.

Japanese is the source, and there is no other language yet: what is held here is that one can come
without a sentence being sought out again.
"""

import ast
import gettext
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from tests.whole.clients import OFFICE, OFFICER, House
from tracker.amounts import yen
from tracker.cost_sharing.rules import CaseState
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import CATALOGUE
from tracker.plumbing.pages import EXTENSIONS

ROOT = Path(__file__).parents[2]
JAPANESE = re.compile(r"[\u3005\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]")
MARKS = {"_", "N_", "gettext"}
# What is said to people, whatever stands around it.
SAID = {"Refusal", "ValidationError", "abort", "done", "flash"}
# Calls that write the record, which is kept in Japanese.
RECORDS = {"change", "record"}
# Calls that look for the text, cut it off, or are not for people.
LOOKS_FOR = {"compile", "endswith", "exception", "lstrip", "option", "partition", "startswith"}
LOOKS_FOR |= {"removeprefix", "removesuffix", "sub"}
# An agreement's own parts, found again by these names.
PARTS = {"第{}条", "第{}条第{}項"}
# Why -> the modules, or their functions, classes and tables, whose other texts are no messages.
APART: Mapping[str, tuple[str, ...]] = {
    "how agreements, days, amounts and letters that come back are written": (
        "figures.reading.rules",
        "agreements.reading.annex",
        "agreements.text.lines",
        "agreements.text.parts",
        "agreements.reading.rules:_DUTIES",
        "agreements.reading.rules:_LAST_WORD",
        "agreements.reading.rules:_LEGAL_BASIS",
        "agreements.reading.rules:_ONCE",
        "materials.rules:next_number",
        "characters.search",
        "kernel.wareki:ERAS",
        "kernel.wareki:WEEKDAYS",
        "kernel.wareki:_DAY_FORMS",
        "kernel.wareki:_SIGNS",
        "kernel.wareki:_TIME",
        "kernel.wareki:_WEEKDAY",
        "kernel.wareki:_YEAR",
        "kernel.wareki:_year",
        "amounts.yen:_DECIMAL",
        "amounts.yen:_HEADS",
        "amounts.yen:_NEGATIVE",
        "amounts.yen:_NUMBER",
        "amounts.yen:_OLD_SIGNS",
        "amounts.yen:_SHORT",
        "amounts.yen:_VALUES",
        "amounts.yen:_YEN",
        "incoming_mail.bounces",
        "mail.wording",
        "projects.reports.rules:receipt",
        "replies.poll.rules:_BETWEEN",
        "replies.poll.rules:_LIKE_A_MARK",
        "replies.poll.rules:_NUMBER",
    ),
    "days, years, amounts and numbers of cases, written by rule": (
        "cost_sharing.rules:CaseNumber",
        "kernel.fiscal_year:FiscalYear",
        "office_days.office_days:_both_ways",
        "kernel.wareki:_first_day",
        "kernel.wareki:clock_time",
        "kernel.wareki:long",
        "kernel.wareki:month_day",
        "kernel.wareki:weekday",
        "kernel.wareki:year_name",
        "amounts.yen:thousands",
        "amounts.yen:yen",
        "projects.reports.rules:_HALVES",
    ),
    "names: of the product, the sides of an agreement, the heads of municipalities": (
        "agreements.reading.rules:_KEYS",
        "agreements.reading.rules:_PARTIES_AT_LEAST",
        "agreements.review.question:LETTERS",
        "agreements.views:agreement",
        "cli",
        "municipalities.models:Municipality",
        "municipalities.rules:Town",
        "overview.calendar.feed:PRODUCT",
    ),
    "words of the record, handed on": (
        "agreements.review.actions:_answer",
        "cost_sharing.models:CostCase",
        "questions.models:QuestionRow",
        "meetings.poll.actions:_secretary",
        "convening.actions:take",
        "history.history",
        "projects.reports.actions:_said",
        "reminders.notices.actions:give_up",
        "reminders.notices.actions:let_go",
        "reminders.notices.actions:resume",
        "reminders.notices.actions:skip",
        "reminders.rules:TAMPERING",
    ),
    "stored as they are": (
        "agreements.review.forms:PASTED",
        "agreements.review.rules:NO_FIELD",
        "cost_sharing.cases.actions:start_case",
        "cost_sharing.work.forms:UNITS",
        "cost_sharing.formula.proposal:_with_figures",
        "cost_sharing.work.forms:UNITS",
        "figures.actions:enter_figures",
        "figures.rules:PROVISIONAL",
        "figures.rules:Series",
        "incoming_mail.mailbox",
        "mail.mime",
        "mail.outbox",
        "mail.reasons",
        "mail.transports",
        "municipalities.actions:create_area",
    ),
    "letters, which are in Japanese whoever sends them": (
        "accounts.people.letters",
        "sign_in.second_factor.letters",
        "cost_sharing.answers.letters",
        "cost_sharing.cases.letters",
        "mail.kinds",
        "mail.letters:compose",
        "materials.actions:_line",
        "materials.letters",
        "meetings.letters",
        "convening.letters",
        "meetings.minutes.letters",
        "municipalities.queries:letter_frame",
        "projects.rounds.letters",
        "questions.letters",
        "letter_texts.actions:send_to_oneself",
        "letter_texts.actions:preview",
        "reminders.letters",
    ),
    "papers, which are in Japanese whoever prints them": (
        "cost_papers.memorandum.papers",
        "cost_papers.papers",
        "papers.kinds:BLANK_NO",
        "papers.kinds:NOT_A_SEAL",
        "payments.papers",
        "papers.pdf:NOTE",
        "grants.burdens.papers",
        "grants.papers",
        "materials.papers",
        "materials.year.papers",
        "convening.papers",
        "papers.bundle",
        "papers.excel",
        "papers.kinds:Bars",
        "papers.kinds:_with_foot",
        "papers.volume:_contents",
        "papers.volume:SEPARATE",
        "papers.word",
        "projects.papers",
        "questions.papers",
    ),
}
PLACES = {place for places in APART.values() for place in places}
# Names in the data and words of letters that are the same as a message.
NAMED_SO = {
    "4月〜9月",
    "圏域の名前",
    "市町村長会議",
    "連携推進担当",
    "連携協約 進行管理",
    "週のまとめ",
}
# Parts of the names of areas, which the frame looks for.
LOOKED_FOR = {("layout.html", "青森")}


def _called(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, "id", None) or getattr(function, "attr", "")


def _text(literal: ast.AST) -> str:
    """What a literal says, `{}` for what an f-string fills in; nothing where it is no text."""
    if isinstance(literal, ast.JoinedStr):
        parts = (_text(one) if isinstance(one, ast.Constant) else "{}" for one in literal.values)
        return "".join(parts)
    value = literal.value if isinstance(literal, ast.Constant) else None
    return value if isinstance(value, str) else ""


def _recorded(function: ast.AST) -> set[ast.AST]:
    """What goes into the record within a function: at once, or by way of its variables."""
    steps = list(ast.walk(function))
    found = [
        part for call in steps if _called(call) in RECORDS for part in ast.iter_child_nodes(call)
    ]
    known: set[str] = {"sentence"}
    size = -1
    while size != len(known):
        size = len(known)
        for step in steps:
            if isinstance(step, ast.Assign | ast.AugAssign):
                targets = step.targets if isinstance(step, ast.Assign) else [step.target]
                names = {
                    getattr(one, "id", getattr(one, "attr", ""))
                    for target in targets
                    for one in ast.walk(target)
                }
                if names & known:
                    found.append(step.value)
        known |= {one.id for part in found for one in ast.walk(part) if isinstance(one, ast.Name)}
    return {one for part in found for one in ast.walk(part)}


def unmarked(source: str, module: str = "") -> Iterator[tuple[int, str]]:
    """Line and text of each Japanese literal of a module that should be a message and is none."""
    tree = ast.parse(source)
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    record = {
        one
        for node in tree.body
        for part in ast.walk(node)
        if isinstance(part, ast.FunctionDef)
        for one in _recorded(part)
    }
    for top in tree.body:
        names = [top.name] if isinstance(top, ast.FunctionDef | ast.ClassDef) else []
        names += [
            one.id
            for one in ast.walk(top)
            if isinstance(one, ast.Name) and not names and isinstance(one.ctx, ast.Store)
        ]
        is_apart = not PLACES.isdisjoint({module, *(f"{module}:{name}" for name in names)})
        for literal in ast.walk(top):
            text, around = _text(literal), above.get(literal)
            if not JAPANESE.search(text) or isinstance(around, ast.Expr | ast.JoinedStr):
                continue
            calls = []
            node: ast.AST = literal
            while not isinstance(node, ast.stmt):
                node = above[node]
                calls.append(_called(node))
            if calls[0] in MARKS and isinstance(literal, ast.Constant):
                continue
            is_looked_for = isinstance(around, ast.Compare) or not LOOKS_FOR.isdisjoint(calls[:2])
            is_told = is_apart or literal in record
            if not (is_looked_for or text in PARTS or (is_told and SAID.isdisjoint(calls))):
                yield literal.lineno, text


def loose(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of what a template says in Japanese outside of its messages."""
    tree = Environment(extensions=EXTENSIONS).parse(source)
    for data in tree.find_all(nodes.TemplateData):
        if JAPANESE.search(data.data):
            yield data.lineno, data.data.strip()
    calls = [call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", "") in MARKS]
    messages = {id(call.args[0]) for call in calls}
    for one in tree.find_all(nodes.Const):
        if isinstance(one.value, str) and JAPANESE.search(one.value) and id(one) not in messages:
            yield one.lineno, one.value


def modules() -> Mapping[str, str]:
    """The source of every module but those of the example, whose words are data."""
    folder = ROOT / "tracker"
    paths = {
        ".".join(path.relative_to(folder).with_suffix("").parts): path
        for path in folder.rglob("*.py")
    }
    return {
        name: path.read_text()
        for name, path in sorted(paths.items())
        if not name.startswith("demo")
    }


def marked() -> set[str]:
    """Every message of the modules."""
    calls = [
        node
        for source in modules().values()
        for node in ast.walk(ast.parse(source))
        if _called(node) in MARKS
    ]
    return {_text(call.args[0]) for call in calls if isinstance(call, ast.Call)} - {""}


def test_every_japanese_text_of_a_module_is_a_message_or_apart() -> None:
    found = [(name, *one) for name, source in modules().items() for one in unmarked(source, name)]
    assert found == [], "\n".join(map(str, found))


def test_every_japanese_text_of_a_template_is_a_message() -> None:
    folder = ROOT / "templates"
    paths = {str(path.relative_to(folder)): path for path in folder.rglob("*.html")}
    assert len(paths) > 60
    found = [(name, *one) for name, path in paths.items() for one in loose(path.read_text())]
    assert [one for one in found if (one[0], one[2]) not in LOOKED_FOR] == []


def test_whatever_is_apart_is_still_there() -> None:
    known = set(modules())
    for name, source in modules().items():
        tops = (re.match(r"(?:class |def )?(\w+)", line) for line in source.splitlines())
        known |= {f"{name}:{top[1]}" for top in tops if top}
    assert PLACES - known == set()


@pytest.mark.parametrize(
    "source",
    [
        'def check(n):\n    raise Refusal("もう一度お試しください。")',
        'def check(n):\n    raise Refusal(_(f"{n}件あります。"))',
        'LABEL = "件数"',
        'class Form:\n    name = StringField("名前", validators=[required(N_("名前を入力してください。"))])',
        'def cancel(act, row):\n    with act.change("row.gone", row, "消しました。"):\n        return "消しました。"',
    ],
)
def test_an_unmarked_text_of_a_module_is_found(source: str) -> None:
    assert len(list(unmarked(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "<p>もう一度お試しください。</p>",
        "<p>{{ n }}件{% trans n %}{{ n }}件{% endtrans %}</p>",
        '{{ button("保存する") }}',
        '<a aria-label="メニュー">{{ _("メニュー") }}</a>',
        '{{ _("全" ~ n ~ "件") if n else "" }}',
    ],
)
def test_a_loose_text_of_a_template_is_found(source: str) -> None:
    assert list(loose(source))


def test_what_a_record_or_a_pattern_says_is_no_message() -> None:
    said = 'def f(act, row, n):\n    said = f"{n}件を消しました。"\n    with act.change("gone", row, said):'
    assert list(unmarked(f"{said}\n        row.gone = True")) == []
    assert list(unmarked('def f(name):\n    return name.endswith("町") or name == "青森市"')) == []


def test_babel_finds_every_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the settings of pyproject.toml; none is lost because it is put together."""
    monkeypatch.chdir(ROOT)
    arguments = ["-F", "pyproject.toml", "-o", str(tmp_path / "all.pot"), "."]
    CommandLineInterface().run(["pybabel", "-q", "extract", *arguments])
    with (tmp_path / "all.pot").open("rb") as file:
        found = {str(message.id) for message in read_po(file) if message.id}
    assert marked() - found == set()
    assert len(found) > 1500
    assert {"最新の内容を見る", "確認待ち", "「%(post)s」を直す"} <= found


class Bracketed(gettext.NullTranslations):
    """A language in which every sentence stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"[{message}]"


@pytest.fixture
def bracketed() -> Iterator[None]:
    """Whoever reads within the test reads the language of brackets."""
    token = CATALOGUE.set(Bracketed())
    yield
    CATALOGUE.reset(token)


def test_without_a_catalogue_everything_is_said_in_japanese(house: House) -> None:
    page = house.ask(OFFICE, "GET", "/").get_data(as_text=True)
    assert "よく使うもの</h2>" in page
    assert CaseState.AWAITING.label == "確認待ち"
    with pytest.raises(Refusal, match=r"^金額は0円以上で入力してください。$"):
        yen.read_yen("-5")


@pytest.mark.usefixtures("bracketed")
def test_a_catalogue_reaches_pages_forms_labels_and_rules(house: House) -> None:
    page = house.ask(OFFICE, "GET", "/").get_data(as_text=True)
    assert "[よく使うもの]</h2>" in page
    wrong = house.ask(OFFICE, "POST", "/admin/holidays/new", data={}).get_data(as_text=True)
    assert "[始まりの日]<span" in wrong
    assert "<span>[始まりの日を入力してください。]</span>" in wrong
    assert CaseState.AWAITING.label == "[確認待ち]"
    with pytest.raises(Refusal, match=r"^\[\[金額\]は0円以上で入力してください。\]$"):
        yen.read_yen("-5")


@pytest.mark.usefixtures("bracketed")
def test_every_message_of_a_page_is_looked_up(house: House) -> None:
    """What a table or a class marks with N_ is easily shown as it stands."""
    messages = {one for one in marked() if len(one) > 4} - NAMED_SO
    faults = {}
    for visitor in (OFFICE, OFFICER):
        for _endpoint, method, _target, path in house.doors():
            if method == "GET":
                page = house.ask(visitor, method, path).get_data(as_text=True)
                shown = {text.strip() for text in re.split(r"[<>\n]+", page)} & messages
                faults |= {path: shown} if shown else {}
    assert faults == {}
