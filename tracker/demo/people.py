"""The example's people: confirmed each April, a memo for the next holder each March."""

from collections.abc import Mapping

from tracker.accounts.handover import actions as handover
from tracker.accounts.handover.actions import Words
from tracker.demo.moment import Moment, actor
from tracker.kernel.permissions import Actor, Role
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act

MEMOS: Mapping[str, Words] = {
    "aomori": Words(
        "市町村長会議の日程は、12月と3月の議会を避けて、11月中に候補日を出すと決まりやすい。\n"
        "代理出席のときは、双方の見方の記録を忘れずに。",
        "上期の報告は、各課の集計に2週間ほどかかる。10月の初めにお願いしておくとよい。\n"
        "費用負担は前年度の取決めが引き継がれない。事業ごとに協議の記録を残すこと。",
        "各町村の企画担当とは、まず電話で。数字の確認は主担当課へ直接お願いしている。",
    ),
    "hiranai": Words(
        "病児一時保育事業は、対象とする児童の範囲を青森市と協議している。経過は協議の記録にある。",
        "「参加者数」は実人数で数える。同じ人が2回来ても1人。担当課に先に伝えておくとよい。",
        "保育は健康増進課、観光は水産商工観光課。青森市は連携推進担当が窓口。",
    ),
    "imabetsu": Words(
        "農業研修事業は、会場が遠く高齢の方が参加しにくい。冬季講座を町内で開く相談が続いている。",
        "受講者名簿と報告の人数が合わないと差し戻される。名簿を数えてから入力する。\n"
        "上期の報告の締切りは、収穫と町の行事に重なる。10月中に各課へ声をかける。",
        "農業研修は産業建設課、名簿は農業振興センター（青森市）にある。",
    ),
    "yomogita": Words(
        "参加していない事業もある。参加の有無は「事業の一覧」で確かめられる。",
        "庁舎の電気設備点検の日は閉庁になる。年度の初めに「閉庁日と議会日程」へ入れておく。\n"
        "村長のご予定は、秘書への案内が届いたその日に相談すると早い。",
        "各課の連絡係の一覧は、企画担当の共有フォルダーにある。",
    ),
    "sotogahama": Words(
        "物産振興事業の出店先が変わることがある。変わったときは、早めに青森市へ相談する。",
        "蟹田・平舘・三厩の支所の分も合わせて数える。集計に1週間みておく。",
        "物産は産業観光課、防災は総務課。秘書のメールアドレスが替わったら、青森市にも知らせる。",
    ),
}


def confirm(m: Moment) -> None:
    """「変更なし」 everywhere; in the first year the posts have just been entered."""
    if not m.is_first:
        for by in _writers():
            handover.confirm_people(Act(by, m.at))


def write_memos(m: Moment) -> None:
    """Each municipality's officer, and the office, write what the next holder should know."""
    for by in _writers():
        handover.write_memo(Act(by, m.at), MEMOS[by.municipality])


def _writers() -> list[Actor]:
    return [
        actor(Role.OFFICE if town.is_hub else Role.OFFICER, town.slug) for town in areas.towns()
    ]
