"""The example's projects: public names, and figures made up around the public results.

Of each project the public pages tell the name, of some the results of one year; those stand
in figures.csv as last year's values.  Measure, budget, indicator and target are nowhere public.
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tracker.projects.plans.rules import IndicatorText

FIGURES = Path(__file__).with_name("figures.csv")
MADE_UP = "（例示）"
SOURCE = "事業名は青森市の公表資料によるもので、施策の位置付け、金額、指標、報告は例示です。"


class ExampleProject(NamedTuple):
    """A project led by the hub; `told` is what its reports tell."""

    name: str
    measure: str
    section: str
    summary: str
    told: str
    indicator: IndicatorText

    @property
    def whole_summary(self) -> str:
        """The summary, and what of it is public."""
        return self.summary if self.name.endswith(MADE_UP) else f"{self.summary}\n{SOURCE}"


class Figures(NamedTuple):
    """One municipality's part: the year's budget in thousand yen, its target, what it counted.

    `last_half` and `last_year` are the year before, `half` is 上期 of the present year.
    """

    budget: int
    target: int
    last_half: int
    last_year: int
    half: int


@cache
def figures() -> Mapping[str, Mapping[str, Figures]]:
    """What stands in figures.csv: by project and municipality, both by name."""
    found: dict[str, dict[str, Figures]] = {}
    with FIGURES.open(encoding="utf-8", newline="") as file:
        for project, town, *numbers in list(csv.reader(file))[1:]:
            found.setdefault(project, {})[town] = Figures(*map(int, numbers))
    return found


PROJECTS = (
    ExampleProject(
        "圏域ビジョン推進事業（例示）",
        "1-1",
        "連携推進担当",
        "圏域のビジョンを進め、取組を住民に知らせます。",
        "圏域の取組を知っていただく説明会を開いた。",
        IndicatorText("住民説明会の参加者数", "人", "説明会に参加した住民の実人数。"),
    ),
    ExampleProject(
        "起業・創業等支援拠点運営事業",
        "1-2",
        "商工担当課",
        "起業や創業を志す方を、支援拠点のセミナーと相談で支えます。",
        "支援拠点で起業・創業のセミナーと個別の相談を行った。",
        IndicatorText("セミナーの参加者数", "人", "支援拠点のセミナーに参加した人の延べ数。"),
    ),
    ExampleProject(
        "中小事業者ビジネスサポート事業",
        "1-2",
        "商工担当課",
        "中小の事業者の経営の相談を受け、専門家を派遣します。",
        "経営の相談を受け、専門家を事業者へ派遣した。",
        IndicatorText("経営相談の件数", "件", "受け付けた経営相談の件数。"),
    ),
    ExampleProject(
        "物産振興事業",
        "1-3",
        "商工担当課",
        "圏域外の物産展に合同で出店し、特産品の販路を広げます。",
        "圏域外の物産展に出店し、特産品を紹介した。",
        IndicatorText("物産展の出店者数", "者", "物産展に出店した事業者の数。"),
    ),
    ExampleProject(
        "農業研修事業",
        "1-3",
        "農業振興センター",
        "青森市農業振興センターで広く研修生を受け入れ、農業実習や講義による研修を行います。",
        "広報紙で受講者を募集し、栽培講座とほ場の見学会を開いた。",
        IndicatorText(
            "研修・講座の参加者数",
            "人",
            "その期間の実人数。同じ人が2回受けても1人と数えます。",
        ),
    ),
    ExampleProject(
        "圏域周遊観光情報発信事業（例示）",
        "1-4",
        "観光担当課",
        "圏域を巡る旅の見どころを、共通の案内で発信します。",
        "圏域を巡る旅の見どころを、共通の案内とSNSで発信した。",
        IndicatorText("情報発信の件数", "件", "共通の案内に載せた記事の件数。"),
    ),
    ExampleProject(
        "大学連携推進事業",
        "2-1",
        "企画担当課",
        "圏域をテーマとする学生のビジネスアイデアコンテストを開きます。",
        "学生のビジネスアイデアコンテストの募集を行った。",
        IndicatorText("コンテストの応募者数", "人", "応募した学生の実人数。"),
    ),
    ExampleProject(
        "在宅医療推進のための共同セミナー開催事業",
        "3(1)-1",
        "地域医療担当課",
        "医療と介護に携わる方が共に学ぶセミナーを開きます。",
        "医療と介護に携わる方の共同セミナーを、会場とオンラインで開いた。",
        IndicatorText("セミナーの参加者数", "人", "会場とオンラインを合わせた参加者の数。"),
    ),
    ExampleProject(
        "認知症サポーター養成事業（例示）",
        "3(1)-2",
        "福祉担当課",
        "認知症の方と家族を見守るサポーターを、各市町村で養成します。",
        "養成講座を各市町村の会場で開いた。",
        IndicatorText("養成講座の受講者数", "人", "講座を修了した人の実人数。"),
    ),
    ExampleProject(
        "病児一時保育事業",
        "3(1)-3",
        "福祉担当課",
        "病気の児童を、圏域全体から一時的に受け入れます。",
        "圏域全体から病児を受け入れた。",
        IndicatorText("延べ利用児童数", "人", "利用した児童の延べ人数。"),
    ),
    ExampleProject(
        "図書館相互利用事業",
        "3(1)-4",
        "教育委員会事務局",
        "構成市町村の図書館・図書室を、住民が相互に利用できるようにします。",
        "図書館・図書室の相互利用を広報紙で案内した。",
        IndicatorText("相互利用の貸出冊数", "冊", "ほかの市町村の住民に貸し出した冊数。"),
    ),
    ExampleProject(
        "合同防災訓練事業（例示）",
        "3(1)-6",
        "防災担当課",
        "災害時の応援の手順を、5市町村の訓練で確かめます。",
        "災害時の応援の手順を確かめる訓練を合同で行った。",
        IndicatorText("訓練の参加者数", "人", "訓練に参加した職員と住民の実人数。"),
    ),
    ExampleProject(
        "協働による環境教育・環境学習推進事業",
        "3(1)-7",
        "環境担当課",
        "幼稚園等で、陸奥湾の自然を学ぶ環境学習を行います。",
        "幼稚園等で「むつ湾かるた」を使った環境学習を行った。",
        IndicatorText(
            "環境学習を行った幼稚園等の数", "箇所", "その期間に1回以上行った園を1箇所と数えます。"
        ),
    ),
    ExampleProject(
        "むつ湾広域連携事業（環境）",
        "3(1)-7",
        "環境担当課",
        "陸奥湾沿岸の市町村と活動団体が、環境保全の活動を行います。",
        "陸奥湾沿岸の海岸清掃と環境保全の活動を行った。",
        IndicatorText("環境保全活動の参加者数", "人", "活動に参加した人の延べ数。"),
    ),
    ExampleProject(
        "農業移住・新規就農サポート事業",
        "3(2)-1",
        "農業振興センター",
        "移住して農業を始める方の相談を受け、就農したあとも支えます。",
        "新規就農者のほ場を巡回し、就農の相談を受けた。",
        IndicatorText("ほ場の巡回指導の件数", "件", "新規就農者のほ場を巡回した件数。"),
    ),
    ExampleProject(
        "新しい働き方担い手誘致・東青地域移住促進事業",
        "3(2)-1",
        "移住担当課",
        "圏域の暮らしと働き方を伝え、移住を考える方の相談を受けます。",
        "SNSで圏域の暮らしを伝え、首都圏の移住相談会に出展した。",
        IndicatorText("移住相談の件数", "件", "窓口と相談会で受けた相談の件数。"),
    ),
    ExampleProject(
        "消費生活相談広域利用事業（例示）",
        "3(2)-2",
        "消費生活担当課",
        "町村の住民も、青森市の消費生活相談の窓口を利用できるようにします。",
        "町村の住民からの相談も、青森市の窓口で受けた。",
        IndicatorText("消費生活相談の件数", "件", "住所のある市町村ごとに数えます。"),
    ),
    ExampleProject(
        "職員人事交流",
        "3(3)-1",
        "人事担当課",
        "圏域の職員を互いに派遣し、資質の向上を図ります。",
        "職員を互いに派遣し、報告会を開いた。",
        IndicatorText("交流した職員の数", "人", "派遣した職員の実人数。"),
    ),
)
