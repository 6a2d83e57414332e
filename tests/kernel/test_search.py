from tracker.kernel.search import search_key


def test_a_search_finds_a_name_however_its_kana_are_typed() -> None:
    assert search_key("外ヶ浜 まつり") == search_key("外が浜マツリ") == search_key("外ケ浜ﾏﾂﾘ")
    assert search_key("ＩＣＴガイド") == "ictガイド"
    assert search_key("ガイド") != search_key("ケイド")
