"""What a server says no with, in words that a town hall understands."""

import pytest

from tracker.mail import reasons
from tracker.mail.letters import Letter

SENTENCES = {
    "550 5.1.1 no such user": "宛先がありません",
    "550-5.1.1 The account does not exist": "宛先がありません",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound": "宛先がありません",
    "550 5.1.99 odd": "宛先が正しくありません",
    "550 5.2.1 disabled": "宛先の受信箱が使われていません",
    "554 5.2.2 mailbox full": "受信箱がいっぱいです",
    "552 5.3.4 too big": "メールが大きすぎます",
    "550 5.4.310 DNS domain does not exist": "相手のサーバーまで届きません",
    "550 5.7.1 blocked": "相手のサーバーが断りました",
    "550 5.7.26 unauthenticated": "相手のサーバーが、差出人を確かめられないため断りました",
    "550 no such user": "宛先がありません",
    "550 no": "宛先がないか、相手のサーバーが断りました",
    "As their mailbox is full.": "受信箱がいっぱいです",
    "送信先のメールボックスが一杯のため、送信できませんでした。": "受信箱がいっぱいです",
    "The user(s) account is disabled.": "宛先の受信箱が使われていません",
    "As the remote domain doesnt exist": "宛先の「@」から後ろ（ドメイン）がありません",
    "552 over quota": "受信箱がいっぱいです",
    "553 what is this": "宛先のメールアドレスが正しくありません",
    "554 no": "相手のサーバーが断りました",
    "559 strange": "相手のサーバーが断りました",
    "550 5.9.9 strange": "宛先がないか、相手のサーバーが断りました",
    "451 4.7.1 greylisted": "相手のサーバーが、今は受け取りを断っています",
    "451 greylisted": "相手のサーバーが、今は受け取れません",
    "450 4.2.2 full": "受信箱がいっぱいです",
    "host 192.5.1.1 hung up": "届けられないという返事がありました",
    "": "届けられないという返事がありました",
}


@pytest.mark.parametrize("words", SENTENCES)
def test_a_refusal_is_a_sentence_and_the_servers_words_stay_behind_it(words):
    expected = SENTENCES[words]
    assert reasons.explained(words) == (f"{expected}（{words}）" if words else expected)


@pytest.mark.parametrize(
    ("status", "words", "sentence"),
    [
        ("5.2.2", "550 5.1.1 no such user", "受信箱がいっぱいです"),
        ("5.0.0", "550 5.1.1 no such user", "宛先がありません"),
        ("5.0.0", "552 over quota", "受信箱がいっぱいです"),
        ("5.0.0", "no", "相手のサーバーが断りました"),
        ("4.4.1", "timed out", "相手のサーバーにつながりません"),
        ("4.0.0", "later", "相手のサーバーが、今は受け取れません"),
    ],
)
def test_a_status_that_says_only_its_class_gives_way_to_the_words(status, words, sentence):
    assert reasons.explained(words, status=status) == f"{sentence}（{words}）"


def test_every_sentence_with_the_longest_words_fits_its_column_and_closes_its_bracket():
    room = Letter.__table__.c.last_answer.type.length
    for sentence in [*reasons.REASONS.values(), reasons.UNKNOWN]:
        shown = reasons.behind(sentence, "x" * 5000)
        assert len(shown) <= 400 < room
        assert shown.endswith("x…）")


def test_words_become_one_line_that_any_database_takes():
    assert reasons.plain("550\r\n\x00 no\tsuch \udcff user　") == "550 no such user"


def test_sentences_are_for_people():
    for sentence in reasons.REASONS.values():
        assert not sentence.endswith("。") and not any(
            bad in sentence for bad in ("不正", "エラー")
        )
