"""Which stage follows which, and how their yen differ."""

from collections.abc import Mapping
from typing import NamedTuple

from tracker.cost_sharing.rules import CaseState, Stage
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities.rules import Town


def next_stages(stage: Stage) -> tuple[Stage, ...]:
    """What may follow an agreed stage: 確定 and 精算 after 概算, 精算 after 確定."""
    return tuple(Stage)[list(Stage).index(stage) + 1 :]


def check_next(now: CaseState, stage: Stage, wanted: Stage, there: str | None) -> None:
    """Raises Refusal unless `wanted` may be started after a case that is agreed.

    there: the number of a case of that stage, of the same project and year, that was not withdrawn.
    """
    if now is not CaseState.AGREED or wanted not in next_stages(stage):
        raise Refusal(_("次の段階は、合意済みの「概算」か「確定」の案件から始めます。"))
    if there:
        raise Refusal(
            _("%(stage)sの案件（%(no)s）が、すでにあります。", stage=wanted.label, no=there),
            field="stage",
        )


def check_carried(stage: Stage, carried_yen: int) -> None:
    """Only a settlement carries yen over to the next year; raises Refusal before."""
    if carried_yen and stage is not Stage.RECONCILIATION:
        said = _("翌年度へ繰り越す額は、精算のときだけ入れられます。")
        raise Refusal(said, field="carried_yen")


def check_record_settled(now: CaseState, stage: Stage) -> None:
    """What a project closed with is told by a settlement that counts; raises Refusal for others."""
    if stage is not Stage.RECONCILIATION or now in (CaseState.WITHDRAWN, CaseState.REPLACED):
        raise Refusal(_("事業の決算額は、取り下げも差替えもしていない精算の案件から記録します。"))


class StageRow(NamedTuple):
    """A municipality's yen per stage (None: it took no part then), and the difference to pay."""

    name: str
    amounts: tuple[int | None, ...]
    difference: int


class StageTable(NamedTuple):
    """概算・確定・精算 side by side; positive differences are paid, negative ones given back.

    left: said in place of differences, where nothing was asked of the estimate before.
    """

    heads: tuple[str, ...]
    rows: tuple[StageRow, ...]
    left: str = ""


def stage_table(
    settled: Mapping[Stage, Mapping[Town, int]],
    now: Mapping[Town, int],
    stage: Stage = Stage.RECONCILIATION,
    left: str = "",
) -> StageTable:
    """A stage beside what was settled before it: yen by municipality, for each stage."""
    earlier = [stage for stage in Stage if stage in settled]
    last = settled[earlier[-1]]
    return StageTable(
        (*(stage.label for stage in earlier), stage.label),
        tuple(
            StageRow(
                town.name,
                (*(settled[stage].get(town) for stage in earlier), now.get(town)),
                now.get(town, 0) - last.get(town, 0),
            )
            for town in dict.fromkeys((*last, *now))
        ),
        left,
    )
