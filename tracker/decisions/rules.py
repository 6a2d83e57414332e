"""When a meeting's decisions are recorded, and who may be asked to do something of them.  Pure.

Source: product.md 5 (決定事項, 宿題 with who and by when; followed up until closed).
"""

from collections.abc import Collection
from datetime import datetime

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities.rules import Town


def check_record(attendance_at: datetime | None, cancelled_at: datetime | None) -> None:
    """Decisions are those of a meeting that took place; raises Refusal for another."""
    if cancelled_at is not None:
        raise Refusal(_("この会議は取りやめになりました。"))
    if attendance_at is None:
        raise Refusal(_("出席を記録してから、決定事項を記録してください。"))


def check_item(is_counting: bool) -> None:
    """What was decided stands under an item of that meeting's agenda; raises Refusal without one."""
    if not is_counting:
        raise Refusal(_("この会議の議題を選んでください。"), field="item")


def check_towns(towns: Collection[Town], only: Collection[str] | None) -> None:
    """Whoever is to do something of it may read it; raises Refusal for another municipality."""
    if not towns:
        raise Refusal(_("担当の市町村を選んでください。"), field="towns")
    unread = [one.name for one in towns if only is not None and one.slug not in only]
    if unread:
        raise Refusal(
            _("%(names)sは、この議題を読めません。担当にはできません。", names="・".join(unread)),
            field="towns",
        )


def check_readers(is_decided: bool, towns: Collection[Town], only: Collection[str] | None) -> None:
    """An item keeps its decisions, and whoever does something of them; raises Refusal.

    `only`: the municipalities (slugs) that are to read it, None for all, none when it is taken off.
    """
    if is_decided and only is not None and not only:
        raise Refusal(_("この議題には決定事項があります。先に決定事項を取り消してください。"))
    out = [one.name for one in towns if only is not None and one.slug not in only]
    if out:
        raise Refusal(
            _(
                "%(names)sは、この議題の決定事項で宿題の担当です。読める市町村から外せません。",
                names="・".join(out),
            ),
            field="only",
        )


def check_put_back(is_struck: bool) -> None:
    """A decision counts again only under an item that counts; raises Refusal."""
    if is_struck:
        raise Refusal(_("この決定事項の議題は外されています。先に議題を元に戻してください。"))


def check_own(town: Town, municipality_id: int) -> None:
    """Only its own municipality says how a follow-up stands; raises Refusal for others."""
    if town.id != municipality_id:
        raise Refusal(_("状況を知らせるのは、担当の市町村だけです。"))


def check_strike(has_notes: bool) -> None:
    """What a municipality has spoken of is not taken out; raises Refusal for that."""
    if has_notes:
        raise Refusal(_("担当の市町村が状況を知らせているため、取り消せません。"))
