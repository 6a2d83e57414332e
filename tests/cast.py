"""The fixed cast of the tests: five municipalities, their posts and accounts, four agreements.

Small and written straight into the tables, so that a feature's tests need no other feature.
"""

from datetime import UTC, date, datetime

from argon2 import PasswordHasher

from tracker.accounts.models import Person, Post, PostKind
from tracker.agreements.models import (
    Agreement,
    AgreementDuty,
    AnnexEntry,
    Article,
    Measure,
    PolicyField,
)
from tracker.figures.models import BaseFigure, FigureSeries
from tracker.figures.rules import FigureKind
from tracker.kernel.permissions import Role
from tracker.municipalities.models import Area, Municipality
from tracker.plumbing.db import db

SETUP_CODE = "a1b2c3d4e5f6"
PASSWORD = "a password of the tests"
# The day of the design shots, 10:00 in Tokyo.
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)

TOWNS = (
    ("02201", "aomori", "青森市", "あおもりし", 275192),
    ("02301", "hiranai", "平内町", "ひらないまち", 10126),
    ("02303", "imabetsu", "今別町", "いまべつまち", 2334),
    ("02304", "yomogita", "蓬田村", "よもぎたむら", 2540),
    ("02307", "sotogahama", "外ヶ浜町", "そとがはままち", 5401),
)
HUB_POSTS = (
    (PostKind.OFFICE, "連携推進担当"),
    (PostKind.LEAD, "農業振興センター"),
    (PostKind.CONFIRMER, "連携推進課長"),
    (PostKind.READER, "議会事務局"),
    (PostKind.ADMIN, "管理者"),
    (PostKind.SECRETARY, "市長秘書"),
)
TOWN_POSTS = (
    (PostKind.OFFICER, "企画担当"),
    (PostKind.CONFIRMER, "企画課長"),
    (PostKind.SECRETARY, "秘書"),
)
MEASURES = (
    ("1", "圏域全体の経済成長のけん引", ("1-1", "戦略的な観光施策の展開")),
    ("3(1)", "生活機能の強化に係る政策分野", ("3(1)-1", "地域医療")),
    ("3(1)", "生活機能の強化に係る政策分野", ("3(1)-2", "環境")),
)


def email(role: Role | str, slug: str = "aomori") -> str:
    """The address of the account with that role in that municipality."""
    return f"{Role(role).value}@{slug}.example"


def enter() -> None:
    """Writes the cast into an empty database and commits."""
    db.session.add(
        Area(
            name="青森圏域連携中枢都市圏",
            office_name="青森市 連携推進担当",
            office_phone="017-000-0000",
            office_hours="平日 8時30分〜17時15分",
            meeting_name="市町村長会議",
            meeting_place="青森市役所 本庁舎 庁議室",
            is_example=True,
        )
    )
    hashed = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    towns = []
    for code, slug, name, kana, _people in TOWNS:
        town = Municipality(code=code, slug=slug, name=name, kana=kana, is_hub=slug == "aomori")
        db.session.add(town)
        db.session.flush()
        towns.append(town)
        for kind, post_name in HUB_POSTS if town.is_hub else TOWN_POSTS:
            _enter_post(town, kind, post_name, hashed)
    _enter_agreements(towns)
    _enter_population(towns)
    db.session.commit()


def _enter_post(town: Municipality, kind: PostKind, name: str, hashed: str) -> None:
    secretary = kind is PostKind.SECRETARY
    post = Post(
        municipality_id=town.id,
        kind=kind,
        name=name,
        email=f"secretary@{town.slug}.example" if secretary else None,
        confirmed_year=2026,
    )
    db.session.add(post)
    db.session.flush()
    if not secretary:
        db.session.add(
            Person(
                post_id=post.id,
                name=name,
                email=email(kind.value, town.slug),
                password_hash=hashed,
            )
        )


def _enter_agreements(towns: list[Municipality]) -> None:
    fields: dict[str, PolicyField] = {}
    measures = []
    for position, (number, title, (measure_number, measure_title)) in enumerate(MEASURES):
        if number not in fields:
            fields[number] = PolicyField(
                number=number, title=title, parent_number=None, position=position
            )
            db.session.add(fields[number])
            db.session.flush()
        measure = Measure(
            field_id=fields[number].id,
            number=measure_number,
            title=measure_title,
            position=position,
        )
        db.session.add(measure)
        measures.append(measure)
    hub, *partners = towns
    for partner in partners:
        agreement = Agreement(
            title=f"青森市及び{partner.name}における連携中枢都市圏の形成に係る連携協約",
            legal_basis="地方自治法（昭和22年法律第67号）第252条の2第1項",
            concluded_on=date(2019, 12, 25),
            party_a_id=hub.id,
            party_b_id=partner.id,
            preamble="",
            closing="",
            source_text="",
            imported_at=NOW,
            is_example=partner.slug != "imabetsu",
        )
        db.session.add(agreement)
        db.session.flush()
        for number, kind, paragraph in (
            (4, "cost_sharing", 2),
            (5, "annual_meeting", 1),
            (6, "question", 1),
        ):
            db.session.add(
                Article(
                    agreement_id=agreement.id,
                    number=number,
                    caption="条",
                    paragraphs=["甲及び乙は、協議する。"] * paragraph,
                )
            )
            db.session.add(
                AgreementDuty(
                    agreement_id=agreement.id, article=number, paragraph=paragraph, kind=kind
                )
            )
        for measure in measures:
            db.session.add(
                AnnexEntry(
                    agreement_id=agreement.id,
                    measure_id=measure.id,
                    content=f"{measure.title}に取り組む。",
                    role_a="中心的な役割を担う。",
                    role_b="協力して取り組む。",
                )
            )


def _enter_population(towns: list[Municipality]) -> None:
    census = FigureSeries(
        kind=FigureKind.POPULATION,
        name="令和2年国勢調査",
        unit="人",
        as_of_on=date(2020, 10, 1),
        source="総務省統計局 令和2年国勢調査",
        is_confirmed=True,
        entered_at=NOW,
    )
    db.session.add(census)
    db.session.flush()
    for town, (*_, people) in zip(towns, TOWNS, strict=True):
        db.session.add(BaseFigure(series_id=census.id, municipality_id=town.id, value=people))
