"""The orders in which states of projects are told; pure."""

from tracker.projects.rules import CellState

# From good to what needs words.
SAID_ORDER = (
    CellState.ON_TRACK,
    CellState.DONE,
    CellState.SLIGHTLY_LATE,
    CellState.LATE,
    CellState.NOT_STARTED,
    CellState.UNREPORTED,
    CellState.SKIPPED,
    CellState.NO_PROJECT,
)
# Late ones first: the order in which the home page names them.
LATE = (CellState.LATE, CellState.SLIGHTLY_LATE)
