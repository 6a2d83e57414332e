"""Every template parses, is reached, keeps to the face; every letter can be read by anybody."""

import ast
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, time
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes
from sqlalchemy import select

from tests.whole.clients import ADMIN, LEAD, OFFICE, House
from tracker.mail.letters import Letter
from tracker.mail.texts import LETTER_KINDS
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.plumbing.pages import install_messages
from tracker.reminders import actions

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "templates"
LETTERS = "mail/"
# The code puts these together with whom they go to.
BUILT = ("escalated_",)
# Marked safe: drawings that stand in the same file, and are nobody's words.
SAFE = {"components/icon.html": 2}
# What a letter's line may be wide, counted in halves: 35 full-width characters.
WIDTH = 70
ADDRESS = re.compile(r"https?://\S+")


def names() -> list[str]:
    """Every template, by its name."""
    return sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.*"))


def source(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


@pytest.fixture(scope="module")
def trees() -> Mapping[str, nodes.Template]:
    """Every template parsed, with the settings of the application's own environment."""
    environment = Flask("tracker", template_folder=str(FOLDER)).jinja_env
    install_messages(environment)
    return {name: environment.parse(source(name)) for name in names()}


def pages() -> list[str]:
    """The templates that are a whole page."""
    return [
        name
        for name in names()
        if name.endswith(".html")
        and name != "layout.html"
        and not name.startswith("components/")
        and not Path(name).name.startswith("_")
    ]


def test_every_template_parses_and_compiles(app: Flask) -> None:
    assert len(names()) > 60
    for name in names():
        app.jinja_env.get_template(name)


def _unused(tree: nodes.Template) -> list[str]:
    used = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
    imported = [
        name if isinstance(name, str) else name[1]
        for line in tree.find_all(nodes.FromImport)
        for name in line.names
    ]
    return [name for name in imported if name not in used]


def test_every_macro_that_is_imported_is_used(trees: Mapping[str, nodes.Template]) -> None:
    unused = [(name, lost) for name, tree in trees.items() for lost in _unused(tree)]
    assert unused == [], "\n".join(map(str, unused))


def test_every_macro_that_is_imported_exists(trees: Mapping[str, nodes.Template]) -> None:
    given = {
        name: {one.name for one in tree.find_all(nodes.Macro)}
        | {one.target.name for one in tree.body if isinstance(one, nodes.Assign)}
        for name, tree in trees.items()
    }
    lost = [
        (name, line.template.value, wanted)
        for name, tree in trees.items()
        for line in tree.find_all(nodes.FromImport)
        for wanted in line.names
        if (wanted if isinstance(wanted, str) else wanted[0]) not in given[line.template.value]
    ]
    assert lost == []


# What a line of a page may be long, in characters.
LONGEST = 120
CLASS = re.compile(r"[a-zA-Z][\w-]*")
STATIC = ROOT / "tracker" / "static"


def test_no_line_of_a_page_is_too_long_to_read() -> None:
    long = [
        f"{name}:{number}"
        for name in names()
        if name.endswith(".html")
        for number, line in enumerate(source(name).splitlines(), 1)
        if len(line) > LONGEST
    ]
    assert long == []


def _classes(sheet: str) -> set[str]:
    """The classes that a style sheet names."""
    selectors = re.sub(r"/\*.*?\*/|\{[^{}]*\}", "", sheet, flags=re.S)
    return set(re.findall(r"\.([a-zA-Z][\w-]*)", selectors))


def _unprinted(sheet: str, trees: Mapping[str, nodes.Template]) -> list[str]:
    """The classes of a style sheet that nothing prints, whole or as the end of `begun-`."""
    parts = (
        part for tree in trees.values() for part in tree.find_all((nodes.TemplateData, nodes.Const))
    )
    said = [str(getattr(part, "data", getattr(part, "value", ""))) for part in parts]
    words = set(CLASS.findall(" ".join([*said, (STATIC / "app.js").read_text("utf-8")])))
    words |= _texts_in_code()
    begun = {word for word in words if word.endswith("-")}
    return sorted(
        name
        for name in _classes(sheet) - words
        if not any(
            name.startswith(one) and (name[len(one) :] in words or name[-1].isdigit())
            for one in begun
        )
    )


def test_every_class_of_the_style_sheet_is_printed_somewhere(
    trees: Mapping[str, nodes.Template],
) -> None:
    sheet = (STATIC / "app.css").read_text("utf-8")
    assert len(_classes(sheet)) > 200
    assert _unprinted(sheet, trees) == []
    assert _unprinted(".chip, .chip-nowhere, .nowhere { color: red }", trees) == [
        "chip-nowhere",
        "nowhere",
    ]


FORBIDDEN = {
    "a style in the markup": re.compile(r"<[^>]*\sstyle\s*=|<style\b"),
    "a script in the markup": re.compile(r"<script(?![^>]*\bsrc=)"),
    "an event handler": re.compile(r"<[a-z][^>]*\son[a-z]+\s*="),
    "an address outside": re.compile(r"""(?:href|src|action)\s*=\s*["'](?:https?:)?//"""),
    "escaping turned off": re.compile(r"\{%-?\s*autoescape\b"),
}


def faults(text: str) -> list[str]:
    """What a page must not hold."""
    return [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]


def test_no_template_holds_style_script_or_an_address_outside() -> None:
    assert {name: found for name in names() if (found := faults(source(name)))} == {}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('<p class="a"\n style="color:red">', "a style in the markup"),
        ("<script>alert(1)</script>", "a script in the markup"),
        ('<a href="/" onclick="x()">', "an event handler"),
        ('<img src="//elsewhere.example/a.png">', "an address outside"),
        ("{% autoescape false %}", "escaping turned off"),
    ],
)
def test_each_of_these_is_found_where_it_is_planted(text: str, what: str) -> None:
    assert faults(text) == [what]
    assert faults('<p class="style">on = 1</p><script src="{{ asset("app.js") }}" defer>') == []


def test_nothing_is_marked_safe_but_our_own_drawings(trees: Mapping[str, nodes.Template]) -> None:
    # A text that stands in the template itself is nobody's words either.
    marked = {
        name: sum(
            one.name == "safe" and not isinstance(one.node, nodes.Const)
            for one in tree.find_all(nodes.Filter)
        )
        for name, tree in trees.items()
    }
    assert {name: count for name, count in marked.items() if count} == SAFE


def test_markup_is_made_in_the_code_only_from_words_that_stand_there() -> None:
    loose = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tracker").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") == "Markup"
        and not all(isinstance(one, ast.Constant) for one in call.args)
    ]
    assert loose == []


def test_every_page_stands_in_the_layout_and_has_a_title(
    trees: Mapping[str, nodes.Template],
) -> None:
    assert len(pages()) > 40
    for name in pages():
        parents = [one.template.value for one in trees[name].find_all(nodes.Extends)]
        blocks = {one.name for one in trees[name].find_all(nodes.Block)}
        assert (name, parents) == (name, ["layout.html"])
        assert {"title", "main"} <= blocks, name


def _texts_in_code() -> set[str]:
    return {
        node.value
        for path in (ROOT / "tracker").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _asked_for(trees: Mapping[str, nodes.Template]) -> Iterator[str]:
    for tree in trees.values():
        for line in tree.find_all((nodes.Include, nodes.FromImport, nodes.Import, nodes.Extends)):
            # A name that is put together ("overview/_" ~ name ~ ".html") asks for all that fit.
            parts = [one.value for one in line.template.find_all(nodes.Const)] or [
                getattr(line.template, "value", "")
            ]
            yield ".*".join(map(re.escape, parts))


def test_every_template_is_reached(trees: Mapping[str, nodes.Template]) -> None:
    code = _texts_in_code()
    built = (f"{LETTERS}{re.escape(name)}.*" for name in BUILT)
    asked = [re.compile(pattern) for pattern in (*_asked_for(trees), *built)]
    lost = []
    for name in names():
        # A letter is named without its folder, or waits for a part of the house to come.
        kind = Path(name).stem if name.startswith(LETTERS) else ""
        waits = kind and LETTER_KINDS[kind].waits_for
        if not (waits or {name, kind} & code or any(one.fullmatch(name) for one in asked)):
            lost.append(name)
    assert lost == []


# --- letters -----------------------------------------------------------------------------------


def width(line: str) -> int:
    """How wide a line is, in halves of a full-width character."""
    return sum(2 if unicodedata.east_asian_width(sign) in "FWA" else 1 for sign in line)


def strange(text: str) -> set[str]:
    """機種依存文字: what is outside the signs that every machine in an office shows alike."""
    return {sign for sign in text if not _is_common(sign)}


def _is_common(sign: str) -> bool:
    try:
        sign.encode("iso2022_jp")
    except UnicodeEncodeError:
        return False
    return True


def _letters() -> list[str]:
    return [name for name in names() if name.endswith(".txt")]


def test_the_lines_of_letters_that_never_change_are_short() -> None:
    long = [
        (name, line)
        for name in _letters()
        # The header is for the office; its subject is as long as it is.
        for line in source(name).partition("\n\n")[2].splitlines()
        if width(line) > WIDTH
    ]
    assert long == []
    assert len(_letters()) > 12
    assert width("あ" * 35) == WIDTH


def test_letters_hold_no_sign_that_some_machines_lack() -> None:
    assert {name: found for name in _letters() if (found := strange(source(name)))} == {}
    assert strange("①㈱Ⅱ㎡髙🍎外ヶ浜町〜（火）・17時") == set("①㈱Ⅱ㎡髙🍎")


def _write_every_letter(house: House) -> None:
    """Presses the buttons after which somebody is written to, and lets the clock plan a day."""
    stock = house.stock
    poll = {"meeting_id": stock.polling}
    report = {"period": "2026-h1", "project_id": stock.projects["aomori"], "slug": "imabetsu"}
    reason = {"reason": "大雪の予報のため。"}
    notice = {"number": "青連第123号", "text": "御多用のところ恐縮ですが、御出席ください。"}
    fix = {**poll, "candidate_id": stock.candidate}
    question = {"question": "会場の数を教えてください。"}
    for visitor, page, endpoint, args, data in (
        (ADMIN, "/admin/users", "accounts.invite", {"person_id": stock.person}, {}),
        (LEAD, house.path("projects.report", report), "projects.return_to", report, question),
        (OFFICE, f"/meetings/{stock.polling}", "meetings.ask_again", poll, {}),
        (
            OFFICE,
            house.path("meetings.fix", fix),
            "meetings.fix",
            fix,
            {**reason, "despite_silent": "y"},
        ),
        (OFFICE, house.path("convening.notice", poll), "convening.notice", poll, notice),
        (OFFICE, house.path("meetings.cancel", poll), "meetings.cancel", poll, reason),
    ):
        answer = house.send(visitor, page, house.path(endpoint, args), data)
        assert answer.status_code == 302, f"{endpoint} {answer.get_data(as_text=True)}"
    with house.app.app_context(), clock.moved_to(clock.at(date(2026, 11, 27), time(9))):
        actions.plan(clock.now())


def test_letters_written_in_the_house_keep_to_the_rules(house: House) -> None:
    _write_every_letter(house)
    with house.app.app_context():
        letters = db.session.scalars(
            select(Letter).where(Letter.key.not_like("of-the-tests:%"))
        ).all()
        said = {one.kind: (one.subject, one.body) for one in letters}
    assert len(said) >= 10, sorted(said)
    wrong = []
    for kind, (subject, body) in said.items():
        lines = body.splitlines()
        wide = [line for line in lines if width(ADDRESS.sub("", line)) > WIDTH]
        for is_wrong, what in (
            (not re.fullmatch("【.+】.+", subject), f"subject {subject!r}"),
            (not lines[0].strip(), "begins with an empty line"),
            (wide, f"has wide lines {wide}"),
            (strange(subject + body), f"has {strange(subject + body)}"),
            (any(len(ADDRESS.findall(line)) > 1 for line in lines), "has two addresses in a line"),
            (re.search(r"None|Undefined|\{\{", body), "shows a raw value"),
            ("\n\n\n" in body, "has two empty lines together"),
        ):
            wrong += [f"{kind} {what}"] * bool(is_wrong)
    assert wrong == [], "\n".join(wrong)
