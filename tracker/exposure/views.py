"""What others may reach: headers and cookies, whom to believe about addresses, the open example.

Source: contracts.md, "Trust"; trust.md section 4 (ASVS V3, V13).
"""

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, request
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from tracker.kernel.translation import N_, _
from tracker.plumbing.db import reading

# Everybody can read this password in the source: whoever knows it acts for all five municipalities.
PUBLISHED_PASSWORD = "renkei-rei-2026"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
    ),
}
ONE_YEAR = 365 * 24 * 60 * 60
# A request that carries one of these came from elsewhere through a proxy on this machine.
FORWARDING = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
)
ONLY_HERE = N_(
    "この例示のパスワードは公開されているため、このパソコンの中からだけ開けます。"
    "ほかから開くには、TRACKER_DEMO_PASSWORD に別のパスワードを設定して、起動し直してください。"
)


class TrustedProxy:
    """Believes the forwarding headers of the named proxies, and of nobody else."""

    def __init__(self, inner: Any, proxies: Iterable[str]) -> None:
        self.inner, self.proxies = inner, frozenset(proxies)
        self.behind = ProxyFix(inner, x_for=1, x_proto=1, x_host=0)

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """WSGI; the host of a link never comes from a header."""
        is_known = environ.get("REMOTE_ADDR") in self.proxies
        return (self.behind if is_known else self.inner)(environ, start)


class SessionCookie(SecureCookieSessionInterface):
    """Where everything is https, a cookie that no other host and no plain connection can set."""

    def get_cookie_name(self, app: Flask) -> str:
        """The prefix makes browsers refuse it without Secure, with a Domain, or with a path."""
        return cookie_name(app, super().get_cookie_name(app))

    def get_cookie_secure(self, app: Flask) -> bool:
        """Never in the clear, where nobody reaches the pages in the clear."""
        return is_https_only(app)


def cookie_name(app: Flask, plain: str) -> str:
    """The name of a cookie for this whole site and for no other."""
    return ("__Host-" if is_https_only(app) else "") + plain


def is_https_only(app: Flask) -> bool:
    """Whether every address people reach the pages at is https.  Asked once a process."""
    known: bool | None = app.extensions.get("https_only")
    if known is None:
        known = bool(app.config["SESSION_COOKIE_SECURE"])
        try:
            addresses = app.extensions["base_urls"]() if known else ()
        except SQLAlchemyError:
            # Asked again when the database answers.
            return known
        known = known and all(urlsplit(address).scheme == "https" for address in addresses)
        app.extensions["https_only"] = known
    return known


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address or name."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_local() -> bool:
    """Whether the request comes from this machine and through no proxy."""
    own = is_loopback(request.remote_addr or "")
    return own and not any(name in request.headers for name in FORWARDING)


def is_password_published(app: Flask) -> bool:
    """Whether the example's accounts have the password that stands in the source."""
    return bool(app.config["DEMO_PASSWORD"] == PUBLISHED_PASSWORD)


def init_app(
    app: Flask, base_urls: Callable[[], Iterable[str]], is_example: Callable[[], bool]
) -> None:
    """Puts headers on every answer and keeps the open example on this machine.

    `base_urls` reads the addresses of municipalities that have one of their own.
    """
    app.extensions["base_urls"] = base_urls
    app.session_interface = SessionCookie()
    if app.config["TRUSTED_PROXY"]:
        proxied: Any = TrustedProxy(app.wsgi_app, app.config["TRUSTED_PROXY"])
        app.wsgi_app = proxied  # type: ignore[method-assign]

    @app.before_request
    def keep_the_open_example_here() -> None:
        if is_password_published(app) and not is_local():
            with reading():
                if is_example():
                    abort(403, _(ONLY_HERE))

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if is_https_only(app):
            response.headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}"
        if request.endpoint == "static":
            response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR}, immutable"
        else:
            response.headers.setdefault("Cache-Control", "no-store")
        return response
