"""What the measurement of letters makes of its figures."""

from tests.bench.letters import Way, report, verdict


def test_a_median_keeps_to_its_goal_or_does_not():
    assert verdict([0.40, 0.44, 0.42], most=0.45) == "0.42 (spread 1.10): reached"
    assert verdict([0.46, 0.50, 0.48], most=0.45) == "0.48 (spread 1.09): missed"
    assert verdict([0.69, 0.71, 0.72], least=0.7) == "0.71 (spread 1.04): reached"


def test_rounds_that_lie_far_apart_get_no_verdict():
    assert verdict([0.30, 0.31, 0.40], most=0.45) == "0.31 (spread 1.33): no verdict"


def test_every_round_is_compared_with_raw_in_the_same_round():
    lines = report([Way("raw", [1.0, 3.0], [0.1, 0.1]), Way("one", [2.0, 4.0], [0.4, 0.5])])
    assert "cpu ms a letter by round: 0.400, 0.500" in lines
    assert "rate of raw by round: 0.50, 0.75" in lines
    assert "of raw >= 0.7: 0.62 (spread 1.50): no verdict" in lines


def test_two_checkouts_are_compared_round_by_round():
    raw = Way("raw", [1.0, 1.0], [0.1, 0.1])
    ways = [raw, Way("one", [1.0, 1.0], [0.4, 0.8]), Way("before one", [1.0, 1.0], [0.5, 0.8])]
    lines = report(ways)
    assert "cpu over before by round: 0.80, 1.00" in lines
    assert "cpu <= before: 0.90 (spread 1.25): reached" in lines
