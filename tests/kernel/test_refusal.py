from tracker.kernel.refusal import Refusal


def test_a_refusal_reads_as_its_sentence_and_may_name_a_field() -> None:
    refusal = Refusal("事業の状況を1つ選んでください。", field="rating")
    assert str(refusal) == refusal.message == "事業の状況を1つ選んでください。"
    assert refusal.field == "rating"
    assert Refusal("別の日を選んでください。").field is None
