from tracker.characters.search import LONGEST_KEY, search_key


def test_a_search_finds_a_name_however_its_kana_are_typed() -> None:
    assert search_key("外ヶ浜 まつり") == search_key("外が浜マツリ") == search_key("外ケ浜ﾏﾂﾘ")
    assert search_key("ＩＣＴガイド") == "ictガイド"
    assert search_key("ガイド") != search_key("ケイド")


def test_a_search_passes_over_what_nobody_sees() -> None:
    assert search_key("葛󠄀飾　区") == search_key("葛飾\u200b区") == "葛飾区"


def test_a_key_is_never_longer_than_its_column() -> None:
    # NFKC makes 18 characters of one.
    assert len(search_key("\ufdfa" * 100)) == LONGEST_KEY
