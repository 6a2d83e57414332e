"""What every page may rely on when it is built from the components."""

import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace as Thing
from typing import Any

import pytest
from flask import Flask
from jinja2 import UndefinedError
from wtforms import FieldList, Form, FormField, HiddenField, StringField
from wtforms.validators import InputRequired, Length

from tests.face.gallery import PAGES, ROOT, TODAY, KitForm, ReportForm, create_gallery
from tests.pages import Page, check

CSS = (ROOT / "tracker/static/app.css").read_text(encoding="utf-8")
FACE = [
    ROOT / "templates/layout.html",
    ROOT / "templates/errors/error.html",
    *sorted((ROOT / "templates/components").glob("*.html")),
]


@pytest.fixture(scope="module")
def gallery() -> Flask:
    return create_gallery()


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, gallery: Flask) -> Page:
    page = Page(gallery.test_client().get(f"/{request.param}"), [])
    assert page.status == 200
    return page


def render(gallery: Flask, source: str, **fields: Any) -> str:
    with gallery.test_request_context("/"):
        return gallery.jinja_env.from_string(source).render(**fields)


# Every page


def test_a_page_of_components_keeps_the_promises_of_every_page(page: Page) -> None:
    check(page, "gallery")


def test_every_reference_on_a_page_finds_its_place(page: Page) -> None:
    ids = {str(tag["id"]) for tag in page.all("[id]")}
    named = [
        name
        for tag in page.all("[aria-labelledby]")
        for name in str(tag["aria-labelledby"]).split()
    ]
    local = [str(tag["href"])[1:] for tag in page.all('[href^="#"]')]
    labels = [str(tag["for"]) for tag in page.all("[for]")]
    assert set(named + local + labels) <= ids


def test_no_tag_carries_a_script_of_its_own(page: Page) -> None:
    assert not [name for tag in page.all("*") for name in tag.attrs if name.startswith("on")]


def test_components_hold_no_inline_style_or_script() -> None:
    for template in FACE:
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)", text), template


def test_a_page_with_complaints_says_so_in_its_title(gallery: Flask) -> None:
    text = gallery.test_client().get("/progress_error").text
    assert (
        "<title>入力の確認 – 在宅医療推進のための共同セミナー開催事業｜連携協約 進行管理</title>"
        in text
    )


def test_a_signed_out_page_has_neither_menu_nor_sign_out(gallery: Flask) -> None:
    text = gallery.test_client().get("/poll").text
    assert "/logout" not in text
    assert 'class="nav"' not in text
    assert "017-000-0000" in text


# Chips and icons


def test_every_state_has_a_shape_a_word_and_a_colour_of_its_own_family(gallery: Flask) -> None:
    source = (
        '{% from "components/chip.html" import CHIPS, chip %}'
        '{% for kind in CHIPS %}{{ chip(kind, "ことば") }}\n{% endfor %}'
    )
    chips = render(gallery, source).splitlines()
    assert len(chips) > 50
    for markup in chips:
        found = re.fullmatch(
            r'<span class="chip chip-(\w+)"><svg .*?>(<.+>)</svg>ことば</span>', markup
        )
        assert found, markup
        assert f".chip-{found[1]}" in CSS


def test_an_unknown_state_or_icon_fails_loudly(gallery: Flask) -> None:
    with pytest.raises(UndefinedError):
        render(gallery, '{% from "components/chip.html" import chip %}{{ chip("nonesuch", "x") }}')
    with pytest.raises(UndefinedError):
        render(gallery, '{% from "components/icon.html" import icon %}{{ icon("nonesuch") }}')


def test_words_of_people_stay_words(gallery: Flask) -> None:
    source = (
        '{% from "components/chip.html" import chip %}{% from "components/page.html" import kv, page_header %}'
        '{% from "components/note.html" import note %}{% from "components/letter.html" import letter %}'
        '{{ chip("ok", evil) }}{{ kv([(evil, evil)]) }}{{ page_header(evil, evil, evil) }}{{ note("ok", evil, evil) }}'
        "{{ letter(evil, evil, evil) }}"
    )
    text = render(gallery, source, evil='<img src=x onerror="a">')
    assert "<img" not in text
    assert text.count("&lt;img") == 12


# Fields


def field(gallery: Flask, call: str, **fields: Any) -> str:
    names = "checkbox, checkboxes, error_summary, file, form_open, poll_choices, radios, select, text, textarea"
    return render(
        gallery, f'{{% from "components/field.html" import {names} %}}{{{{ {call} }}}}', **fields
    )


def test_label_need_hint_error_and_control_stand_in_this_order(gallery: Flask) -> None:
    form = ReportForm(value="")
    form.validate()
    markup = field(gallery, 'text(form.value, "実人数です。", unit="人")', form=form)
    parts = ("<label", "※必須", "実人数です。", "数字で入力", "<input")
    places = [markup.index(part) for part in parts]
    assert places == sorted(places)
    assert 'aria-describedby="value-hint value-error"' in markup
    assert 'aria-invalid="true"' in markup


def test_a_field_without_complaint_is_not_marked_and_not_needed(gallery: Flask) -> None:
    markup = field(gallery, "textarea(form.plans)", form=ReportForm())
    assert "任意" in markup
    assert "aria-" not in markup
    assert "field-error" not in markup


def test_a_page_may_know_better_what_is_needed(gallery: Flask) -> None:
    needed = field(gallery, "textarea(form.plans, required=True)", form=ReportForm())
    assert "※必須" in needed
    assert " required " in needed
    free = field(gallery, "textarea(form.done, required=False)", form=ReportForm())
    assert "任意" in free
    assert " required" not in free


def test_the_first_choice_is_where_the_summary_leads(gallery: Flask) -> None:
    form = ReportForm(value="7")
    form.validate()
    assert '<a href="#status">事業の状況を1つ選んでください。</a>' in field(
        gallery, "error_summary(form)", form=form
    )
    markup = field(gallery, "radios(form.status)", form=form)
    assert markup.count('id="status"') == 1
    assert markup.count('type="radio"') == 4
    assert " checked" not in markup


def test_the_chosen_answer_is_checked(gallery: Flask) -> None:
    markup = field(gallery, "radios(form.status)", form=ReportForm(data={"status": "late"}))
    assert 'value="late" checked' in markup
    assert markup.count(" checked") == 1


def test_a_text_is_counted_and_never_cut(gallery: Flask) -> None:
    class Limited(Form):
        done = StringField("行ったこと", [Length(max=400)])

    markup = field(
        gallery, "textarea(form.done, maxlength=400)", form=Limited(data={"done": "あ" * 432})
    )
    assert "432字（400字まで）" in markup
    assert "maxlength" not in markup
    assert 'data-count="400"' in markup
    assert 'aria-describedby="done-count"' in markup


class Part(Form):
    percent = StringField("割合", [InputRequired("割合を入力してください。")])
    version = HiddenField()


class Parts(Form):
    conflict = None
    parts = FieldList(FormField(Part), min_entries=2)


def test_the_summary_counts_refusal_form_and_nested_fields(gallery: Flask) -> None:
    form = Parts()
    form.validate()
    form.form_errors.append("割り方の合計が95％です。")
    form.parts[0].form.version.errors = ["ほかの人が先に直しました。"]
    markup = field(gallery, 'error_summary(form, "協議の記録を1件以上入れてください。")', form=form)
    assert "入力の内容をご確認ください（5件）" in markup
    assert '<a href="#parts-1-percent">割合を入力してください。</a>' in markup
    assert "<li>割り方の合計が95％です。</li>" in markup
    assert "<li>ほかの人が先に直しました。</li>" in markup
    assert 'role="alert"' in markup


def test_no_complaint_no_summary(gallery: Flask) -> None:
    assert field(gallery, "error_summary(form)", form=KitForm()) == ""
    assert field(gallery, "error_summary()") == ""


def test_a_form_may_send_files_and_keep_drafts(gallery: Flask) -> None:
    markup = field(
        gallery,
        'form_open(action="/here", multipart=True, autosave="/keep", live="/live", live_target="split")',
    )
    assert markup.startswith(
        '<form method="post" novalidate action="/here" enctype="multipart/form-data"'
    )
    assert 'data-autosave="/keep" data-live="/live" data-live-target="split"' in markup


# Days, plots, ribbon


@pytest.mark.parametrize(
    ("day", "words", "look"),
    [
        (date(2026, 12, 18), "あと24日", "left"),
        (date(2026, 12, 2), "あと8日", "left"),
        (date(2026, 12, 1), "あと7日", "left left-soon"),
        (date(2026, 11, 24), "<b>今日</b>", "left left-soon"),
        (date(2026, 11, 21), "3日超過", "left left-over"),
    ],
)
def test_the_days_left_are_told_in_words_and_colour(
    gallery: Flask, day: date, words: str, look: str
) -> None:
    source = '{% from "components/task.html" import days_left %}{{ days_left(day, today) }}'
    assert render(gallery, source, day=day, today=TODAY) == f'<span class="{look}">{words}</span>'


def test_only_the_first_task_has_the_filled_button(gallery: Flask) -> None:
    assert gallery.test_client().get("/home_town").text.count("btn-primary") == 1


def plotted(gallery: Flask, points: list[Thing]) -> str:
    source = (
        '{% from "components/plot.html" import plot %}{{ plot("p", "参加者数", "人", points) }}'
    )
    return render(gallery, source, points=points)


def test_a_plot_says_every_value_and_target(gallery: Flask) -> None:
    markup = plotted(
        gallery,
        [Thing(label="令和7年度", value=1486, target=1500), Thing(label="令和8年度", value=None)],
    )
    assert (
        '<title id="p-title">参加者数。令和7年度 1,486人（目標 1,500人）、令和8年度 未報告。</title>'
        in markup
    )
    assert ">—</text>" in markup
    assert ">目標 1,500人</text>" in markup


def test_a_bar_is_as_tall_as_its_value(gallery: Flask) -> None:
    markup = plotted(gallery, [Thing(label="a", value=100), Thing(label="b", value=400)])
    heights = [float(height) for height in re.findall(r'<rect x[^>]* height="([\d.]+)"', markup)]
    assert heights == [62.5, 250.0]


def test_a_partial_period_is_hatched(gallery: Flask) -> None:
    markup = plotted(gallery, [Thing(label="a", value=3, partial=True, note="上期のみ")])
    assert 'fill="url(#p-hatch)"' in markup
    assert "a（上期のみ） 3人" in markup


@pytest.mark.parametrize(
    "points", [[], [Thing(label="a", value=None)], [Thing(label="a", value=0, target=0)]]
)
def test_a_plot_of_nothing_is_still_a_plot(gallery: Flask, points: list[Thing]) -> None:
    assert "<svg" in plotted(gallery, points)


def test_the_target_line_has_a_gap_where_there_is_no_target(gallery: Flask) -> None:
    points = [
        Thing(label="a", value=1, target=2),
        Thing(label="b", value=1, target=None),
        Thing(label="c", value=1, target=2),
    ]
    path = re.search(r'<path d="(M[^"]*)" class="plot-target"', plotted(gallery, points))
    assert path
    assert path[1].count("M") == 2


def test_the_pieces_of_a_proportion_fill_the_bar_exactly(gallery: Flask) -> None:
    source = '{% from "components/plot.html" import proportion %}{{ proportion("負担", shares) }}'
    shares = [
        ("青森市", 1_964_000, "1,964,000円"),
        ("平内町", 168_000, "168,000円"),
        ("今別町", 368_000, "368,000円"),
    ]
    markup = render(gallery, source, shares=shares)
    widths = [float(width) for width in re.findall(r'<rect x=[^>]* width="([\d.]+)%"', markup)]
    assert sum(widths) == pytest.approx(100)
    assert "青森市 1,964,000円（78.6％）" in markup


def test_nobody_pays_is_drawn_without_an_error(gallery: Flask) -> None:
    source = '{% from "components/plot.html" import proportion %}{{ proportion("負担", [("青森市", 0, "0円")]) }}'
    assert "青森市 0円" in render(gallery, source)


@pytest.mark.parametrize(
    ("today", "marked"),
    [
        (date(2026, 3, 31), False),
        (date(2026, 4, 1), True),
        (date(2027, 3, 31), True),
        (date(2027, 5, 1), False),
    ],
)
def test_today_is_marked_only_within_the_year(gallery: Flask, today: date, marked: bool) -> None:
    source = '{% from "components/ribbon.html" import ribbon %}{{ ribbon(begins, today, []) }}'
    assert ("今日" in render(gallery, source, begins=date(2026, 4, 1), today=today)) is marked


@pytest.mark.parametrize(
    ("month", "slot"), [(4, 1), (5, 1), (6, 2), (11, 4), (12, 5), (1, 5), (2, 6), (3, 6)]
)
def test_an_event_stands_under_its_two_months(gallery: Flask, month: int, slot: int) -> None:
    source = (
        '{% from "components/ribbon.html" import ribbon %}{{ ribbon(begins, begins, [event]) }}'
    )
    event = Thing(label="x", on=date(2027, month, 2), note="", state="todo", wide=True)
    markup = render(gallery, source, begins=date(2026, 4, 1), event=event)
    assert f'class="slot-{slot}{" slot-wide" if slot < 6 else ""} is-todo"' in markup


# Colours


TOKENS = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", CSS))
WHITE = "#ffffff"

CONTRAST = [
    ("ink", WHITE, 4.5),
    ("ink", "bg", 4.5),
    ("ink-2", WHITE, 4.5),
    ("ink-3", WHITE, 4.5),
    ("ink-3", "bg", 4.5),
    ("link", WHITE, 4.5),
    ("link", "bg", 4.5),
    (WHITE, "primary", 4.5),
    (WHITE, "primary-hover", 4.5),
    ("primary", "tint-2", 4.5),
    (WHITE, "navy", 4.5),
    ("navy", "band", 4.5),
    ("ink", "tint", 4.5),
    ("link", "tint", 4.5),
    ("ok", "ok-bg", 4.5),
    ("ok", WHITE, 4.5),
    ("warn", "warn-bg", 4.5),
    ("late", "late-bg", 4.5),
    ("ng", "ng-bg", 4.5),
    ("primary", "tint", 4.5),
    ("mute", "mute-bg", 4.5),
    ("ng-line", WHITE, 4.5),
    ("border", WHITE, 3),
    ("border", "bg", 3),
    ("ok-line", WHITE, 3),
    ("warn-line", WHITE, 3),
    ("late-line", WHITE, 3),
    ("ng-line", WHITE, 3),
    ("focus-ring", WHITE, 3),
    ("focus", "focus-ring", 3),
    ("focus", "navy", 3),
    ("bar-now", WHITE, 3),
    ("bar-past", WHITE, 3),
    ("ink", "bar-past", 4.5),
    ("target", WHITE, 3),
    *((f"share-{number}", WHITE, 4.5) for number in range(6)),
]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("front", "ground", "needed"), CONTRAST)
def test_colours_can_be_told_apart(front: str, ground: str, needed: float) -> None:
    lights = sorted(luminance(TOKENS.get(name, name)) for name in (front, ground))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= needed


def test_every_colour_used_is_a_token() -> None:
    used = set(re.findall(r"var\(--([\w-]+)[,)]", CSS))
    defined = set(re.findall(r"--([\w-]+):", CSS))
    assert used <= defined


@pytest.mark.parametrize("template", FACE, ids=lambda path: Path(path).name)
def test_every_class_a_component_prints_has_a_rule(template: Path) -> None:
    text = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", template.read_text(encoding="utf-8"), flags=re.S
    )
    names = {
        name
        for value in re.findall(r'class="([^"]*)"', text)
        for name in value.split()
        if not name.endswith("-")
    }
    assert {name for name in names if f".{name}" not in CSS} == set()
