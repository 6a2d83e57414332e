"""What an authenticator app is given and shows, and codes for when it is lost (RFC 6238).

The key is derived, not stored: the database holds a nonce, from which only this installation's
secret key makes it.  A copy of the database alone opens nothing; under another secret key every
app shows wrong codes, and recovery codes still work.
"""

import re
import secrets
from base64 import b32encode
from datetime import datetime
from hmac import compare_digest, digest

import pyotp

from tracker.characters import code
from tracker.kernel.permissions import Role
from tracker.kernel.translation import N_, _

# Who must have one where the setting asks for it.
REQUIRED = frozenset({Role.OFFICE, Role.ADMIN})
# Seconds that a code stands, and how many codes before and after are taken: clocks differ.
STEP, WINDOW = 30, 1
RECOVERY_CODES = 10
WRONG = N_(
    "コードが違うか、もう使われています。認証アプリに今出ている6桁の数字か、予備コードを入力してください。"
    "続けて間違えると、次に試せるまでの時間が長くなります（最長15分）。"
)
WRONG_FIRST = N_(
    "コードが違います。認証アプリに今出ている6桁の数字を入力してください。"
    "鍵を登録できなかったときは、最初からやり直してください。"
)
_DIGITS = re.compile(r"[0-9]{6}")


def seed(secret: str, person_id: int, nonce: str) -> str:
    """The key of a person's app: 160 bits as base 32, made of the installation's secret key."""
    said = "\0".join(("second factor", str(person_id), nonce)).encode()
    return b32encode(digest(secret.encode(), said, "sha256")[:20]).decode()


def address(key: str, email: str, area: str) -> str:
    """What the QR code says: otpauth://totp/…"""
    issuer = " ".join((_("連携協約 進行管理"), area)).strip()
    return pyotp.TOTP(key).provisioning_uri(name=email, issuer_name=issuer)


def shown_key(key: str) -> str:
    """The key in groups of four, to be typed where no camera is."""
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))


def step_of(key: str, typed: str, at: datetime) -> int | None:
    """The time step whose code was typed, within one step of now; None for a wrong code."""
    plain = code.read(typed)
    if not _DIGITS.fullmatch(plain):
        return None
    app, now = pyotp.TOTP(key, interval=STEP), int(at.timestamp()) // STEP
    good = [
        step
        for step in range(now - WINDOW, now + WINDOW + 1)
        if compare_digest(app.generate_otp(step), plain)
    ]
    return max(good, default=None)


def recovery_codes() -> list[str]:
    """Ten codes of 120 bits each: of so much a plain digest is enough (ASVS 6.5.2)."""
    return [code.written(secrets.token_bytes(15), 6, 4) for _ in range(RECOVERY_CODES)]
