"""The ground of the example: the area, its people, its agreements and its base figures."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path

from flask import current_app

from tracker.accounts.models import Post, PostKind
from tracker.accounts.people import actions as accounts
from tracker.agreements.queries import known
from tracker.agreements.review import actions as agreements
from tracker.agreements.review.question import proposal
from tracker.agreements.review.rules import review
from tracker.demo.moment import actor
from tracker.figures import actions as figures
from tracker.figures.rules import FigureKind
from tracker.kernel.permissions import Role
from tracker.municipalities.actions import NewTown
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.sign_in.password import actions as sign_in

TEXT = Path(__file__).with_name("agreement-aomori-imabetsu.txt")
NAME = "青森圏域連携中枢都市圏"
BEGINS = time(8, 30)
PHONE = "017-000-0000"
TOWNS = (
    NewTown("02201", "青森市", "あおもりし", "aomori"),
    NewTown("02301", "平内町", "ひらないまち", "hiranai"),
    NewTown("02303", "今別町", "いまべつまち", "imabetsu"),
    NewTown("02304", "蓬田村", "よもぎたむら", "yomogita"),
    NewTown("02307", "外ヶ浜町", "そとがはままち", "sotogahama"),
)
# The admin's post comes with the set-up.
HUB_POSTS = (
    (PostKind.OFFICE, "連携推進担当"),
    (PostKind.LEAD, "農業振興センター"),
    (PostKind.CONFIRMER, "連携推進課長"),
    (PostKind.READER, "議会事務局"),
    (PostKind.SECRETARY, "市長秘書"),
    (PostKind.CHIEF, "農業振興センター所長"),
)
TOWN_POSTS = (
    (PostKind.OFFICER, "企画担当"),
    (PostKind.CONFIRMER, "企画課長"),
    (PostKind.SECRETARY, "秘書"),
)
# Whom letters go to when something is long overdue: posts by name, within each municipality.
CHIEFS = {
    "連携推進担当": "連携推進課長",
    "農業振興センター": "農業振興センター所長",
    "企画担当": "企画課長",
}
# Census counts in the order of TOWNS, each with the day it was taken.
CENSUSES = (
    ("平成27年国勢調査", date(2015, 10, 1), (287_648, 11_142, 2_756, 2_896, 6_198)),
    ("令和2年国勢調査", date(2020, 10, 1), (275_192, 10_126, 2_334, 2_540, 5_401)),
)
SOURCE = "総務省統計局「国勢調査」"


def set_up(at: datetime) -> None:
    """Everything that stands before the first year begins."""
    enter_people(NAME, TOWNS, "青森市役所 本庁舎 庁議室", at)
    _import_agreements(at)
    _enter_population(at)


def enter_people(area: str, towns: Sequence[NewTown], meeting_place: str, at: datetime) -> None:
    """The area with its posts, and who holds them; the first of the towns is the hub."""
    hub, hashed = towns[0], sign_in.hash_password(current_app.config["DEMO_PASSWORD"])
    sign_in.set_up(
        Act(None, at),
        area,
        towns,
        hub.name,
        f"admin@{hub.slug}.example",
        hashed,
        is_example=True,
        office_phone=PHONE,
        meeting_place=meeting_place,
    )
    # By nobody: what an admin enters of another municipality waits until that has looked at it.
    act = Act(None, at)
    for town in towns:
        posts: dict[str, Post] = {}
        for kind, name in HUB_POSTS if town == hub else TOWN_POSTS:
            email = f"{kind.value}@{town.slug}.example"
            box = None if kind.signs_in else email
            post = accounts.create_post(act, town.slug, kind, name, box, PHONE)
            if kind.signs_in:
                accounts.create_account(act, post, name, email, password_hash=hashed)
            posts[name] = post
        for name, chief in CHIEFS.items():
            if name in posts:
                one = posts[name]
                chief_id = posts[chief].id
                accounts.change_post(act, one, name, one.email, PHONE, chief_id)


def _import_agreements(at: datetime) -> None:
    """The real agreement, doubt by doubt; and its sisters, made from it by the town's name."""
    office, source = actor(Role.OFFICE), TEXT.read_text(encoding="utf-8")
    act = Act(office, at)
    job = agreements.start_import(act, source, TEXT.name)
    for question in review(source, {}, known(act.today)).asked:
        choice, typed = proposal(question)
        agreements.answer(act, job, question.key, choice, typed)
    agreements.register(act, job)
    for town in TOWNS:
        if town.name not in ("青森市", "今別町"):
            agreements.import_text(
                act,
                sister(source, town.name),
                f"{town.name}（例示）.txt",
                accept=True,
                is_example=True,
            )


def sister(source: str, town: str) -> str:
    """The text as it might stand between the hub and another town, nobody's name under it."""
    for real, made in (("今別町", town), ("小野寺晃彦", ""), ("中嶋久", "")):
        source = source.replace(real, made)
    return source


def _enter_population(at: datetime) -> None:
    for name, as_of_on, people in CENSUSES:
        if as_of_on <= clock.day(at):
            figures.enter_figures(
                Act(actor(Role.OFFICE), at),
                FigureKind.POPULATION,
                name,
                as_of_on,
                SOURCE,
                by_slug(people),
                is_confirmed=True,
            )


def by_slug(values: Sequence[int]) -> Mapping[str, int]:
    """Values in the order of TOWNS, by slug."""
    return {town.slug: value for town, value in zip(TOWNS, values, strict=True)}
