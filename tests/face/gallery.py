"""A gallery of the face: pages of the design built from the product's own components.

Run it with `python -m tests.face.gallery` and open http://127.0.0.1:5077/ ; the tests walk the same pages.
"""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace as Thing
from typing import Any

import wtforms
from flask import Flask, Response, render_template, request, url_for
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from markupsafe import escape
from wtforms import (
    BooleanField,
    FileField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from tracker.amounts import yen
from tracker.kernel import wareki
from tracker.plumbing.pages import Banner, Ready, install_messages
from tracker.sections.views import Crumb

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
TODAY = dt.date(2026, 11, 24)

PAGES = (
    "home_town",
    "matrix",
    "progress_form",
    "progress_error",
    "progress_check",
    "progress_done",
    "poll",
    "cost",
    "kit",
    "sign_in",
    "error",
)
SIGNED_OUT = {"poll", "sign_in"}
OF_TOWN = {"home_town", "progress_form", "progress_error", "progress_check", "progress_done"}

CSP = "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data:"

NAV = (
    ("ホーム", "home_town", 0),
    ("別表と事業", "matrix", 0),
    ("進捗報告", "progress_form", 4),
    ("費用負担", "cost", 2),
    ("疑義の記録", "kit", 1),
)


def choices(*pairs: tuple[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value=value, label=label) for value, label in pairs]


class Form(wtforms.Form):
    """What the product's own forms bring beside their fields."""

    conflict = None


class ReportForm(Form):
    """The form of shot 05."""

    value = StringField(
        "今別町の研修・講座 参加者数",
        [InputRequired("参加者数は数字で入力してください（例 12）。")],
    )
    status = RadioField(
        "事業の状況",
        [InputRequired("事業の状況を1つ選んでください。")],
        choices=choices(
            ("on_track", "順調"), ("slightly_late", "やや遅れ"), ("late", "遅れ"), ("done", "完了")
        ),
    )
    done = TextAreaField(
        "この半年に行ったこと", [InputRequired("この半年に行ったことを入力してください。")]
    )
    troubles = TextAreaField("困っていること・青森市や他町村への相談")
    for_agenda = BooleanField("市町村長会議の議題の候補にする")
    plans = TextAreaField("これからの予定")
    papers = FileField("添付")


ANSWERS = choices(("yes", "出席できる"), ("maybe", "調整すれば可"), ("no", "出席できない"))
DAYS = ("1月19日（火）", "1月21日（木）", "1月28日（木）", "2月2日（火）", "2月4日（木）")


class PollForm(Form):
    """The form of shot 10: one radio group per candidate day."""

    day_0 = RadioField("候補1", choices=ANSWERS)
    day_1 = RadioField("候補2", choices=ANSWERS)
    day_2 = RadioField("候補3", choices=ANSWERS)
    day_3 = RadioField("候補4", choices=ANSWERS)
    day_4 = RadioField("候補5", choices=ANSWERS)
    comment = TextAreaField("連絡事項")


class KitForm(Form):
    """One field of each other kind."""

    total = StringField("総事業費")
    subsidy = StringField("国・県などの補助")
    equal = StringField("均等割")
    people = StringField("人口割")
    usage = StringField("利用実績割")
    basis = SelectField("人口の基準", choices=choices(("2020", "令和2年国勢調査（確定値）")))
    rounding = SelectField("端数の扱い", choices=choices(("1000", "千円未満切捨て、端数は青森市")))
    towns = SelectMultipleField(
        "参加する市町村",
        choices=choices(
            ("02201", "青森市"),
            ("02301", "平内町"),
            ("02303", "今別町"),
            ("02304", "蓬田村"),
            ("02307", "外ヶ浜町"),
        ),
    )
    mail = StringField("メールアドレス", [InputRequired()])
    password = PasswordField("パスワード", [InputRequired()])


def forms(name: str) -> dict[str, Any]:
    """The forms a page shows, filled in as on its shot."""
    if name == "progress_error":
        form = ReportForm(value="約10")
        form.validate()
        form.value.errors = ["参加者数は数字で入力してください（例 12）。全角でも入力できます。"]
        form.done.errors = []
        return {"form": form}
    if name == "progress_form":
        return {
            "form": ReportForm(
                data={
                    "value": "7",
                    "status": "slightly_late",
                    "done": "・広報いまべつ5月号と防災無線で受講者を募集した。\n"
                    "・栽培講座（7月、8月）に町民7人が参加した。うち2人は新規就農を検討中。",
                    "troubles": "会場（青森市内）まで片道1時間以上かかり、高齢の方が参加しにくい。",
                    "for_agenda": True,
                    "plans": "冬季講座（令和9年1月、今別町中央公民館）の募集を12月から始める。",
                }
            )
        }
    if name == "poll":
        answers = {"day_0": "no", "day_1": "yes", "day_2": "yes", "day_3": "maybe"}
        return {"form": PollForm(data=answers), "days": DAYS}
    figures = {
        "total": "3,620,000",
        "subsidy": "1,120,000",
        "equal": "20",
        "people": "80",
        "usage": "0",
    }
    return {"form": KitForm(data=figures | {"basis": "2020", "towns": ["02303"]})}


def frame(name: str) -> dict[str, Any]:
    """What the product's context processor gives to every page."""
    town = name in OF_TOWN
    actor = Thing(
        name="今別町 企画担当" if town else "青森市 連携推進担当",
        municipality_name="今別町" if town else "青森市",
        role="officer" if town else "office",
        is_hub=not town,
    )
    nav = [
        Thing(label=label, url=url_for("show", name=place), current=place == name, count=count)
        for label, place, count in NAV
    ]
    signed_in = name not in SIGNED_OUT
    return {
        "actor": actor if signed_in else None,
        "nav": nav if signed_in else [],
        "area": Thing(
            name="青森圏域連携中枢都市圏",
            office_name="青森市 連携推進担当",
            office_phone="017-000-0000",
            office_hours="平日 8時30分〜17時15分",
            is_example=True,
        ),
        "today": TODAY,
        "banners": [
            Banner(
                "ng",
                "1件のメールが届いていません。",
                "宛先を直してください。",
                "/notices/1",
                "送り直す",
            )
        ]
        if name == "kit"
        else [],
        "date": dt.date,
        "thing": Thing,
    }


def create_gallery() -> Flask:
    """A Flask application that shows every component; for tests and for looking."""
    app = Flask(__name__, static_folder=str(ROOT / "tracker/static"), template_folder="templates")
    app.secret_key = "gallery"
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(HERE / "templates"), FileSystemLoader(ROOT / "templates")]
    )
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    install_messages(env)
    env.globals.update(
        csrf_token=lambda: "gallery",
        once_key=lambda: "gallery",
        asset=lambda name: url_for("static", filename=name),
        here=lambda: "#main",
        kept_files=lambda field: ("", ()),
        kept_mark=lambda: "",
        ready=Ready,
        trail=lambda: [Crumb("ホーム", "/")],
    )
    env.filters.update(
        full_date=wareki.full,
        long_date=wareki.long,
        short_date=wareki.short,
        month_day=wareki.month_day,
        weekday=wareki.weekday,
        yen=yen.yen,
        grouped=yen.grouped,
        thousands=yen.thousands,
    )

    @app.get("/", defaults={"name": "home_town"}, endpoint="home")
    @app.get("/<name>")
    def show(name: str) -> str:
        fields = frame(name) | forms(name)
        if name == "error":
            fields |= {
                "title": "申し訳ありません。今、処理ができませんでした",
                "text": "時間をおいてもう一度お試しください。",
                "receipt": "8F2A",
                "link": None,
            }
            return render_template("errors/error.html", **fields)
        return render_template(f"gallery_{name}.html", **fields)

    @app.post("/keep")
    def keep() -> Response:
        return Response("", 204, {"X-Seen": "2"})

    @app.post("/split")
    def split() -> str:
        total = escape(request.form["total"])
        return f'<section class="card" id="split"><p data-say>総事業費 {total}円</p></section>'

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CSP
        return response

    return app


if __name__ == "__main__":
    create_gallery().run(port=5077)
