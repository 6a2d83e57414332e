import re

from tracker.kernel.typed import plain


def test_of_all_digits_those_of_two_widths_are_read_as_digits() -> None:
    read = {one for one in map(chr, range(0x20000)) if re.search("[0-9]", plain(one))}
    assert read == set("0123456789０１２３４５６７８９")
    assert [plain(typed) for typed in ("１，２３４ 円", "5\n6", "−７", " ８．５％ ")] == [
        "1,234円",
        "5\n6",
        "-7",
        "8.5%",
    ]
