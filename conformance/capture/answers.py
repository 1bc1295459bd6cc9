"""
What an answer says of our address, key and model; only what decides whether asking on makes sense.
"""

from __future__ import annotations

from conformance.capture.target import Target
from conformance.model import Ending, Exchange

_UNREACHABLE: dict[Ending, tuple[str, str]] = {
    Ending.CONNECT: ("accepts no connection", "Check host and port, that the server runs, and proxies on the way."),
    Ending.CONNECT_TIMEOUT: ("does not answer", "Check host and port, and firewalls on the way."),
    Ending.TLS: ("offers no secure connection that we trust", "Check http or https, and SSL_CERT_FILE."),
    Ending.FIRST_BYTE_TIMEOUT: (
        "accepts the request and says nothing",
        "Raise --timeout, or look at the server's log.",
    ),
    Ending.RESET: ("closes the connection without an answer", "Check http or https, and the server's log."),
    Ending.MALFORMED: ("does not speak HTTP", "Check the port."),
}


def body_of(exchange: Exchange) -> bytes:
    """
    The body as it came.
    """
    return b"".join(chunk.data for chunk in exchange.chunks)


def header(exchange: Exchange, name: str) -> str:
    """
    The first value of a header, or nothing.
    """
    return next((value for each, value in exchange.headers if each.lower() == name), "")


def is_page(exchange: Exchange) -> bool:
    """
    A page for people: the address of a site, not of an API.
    """
    return "text/html" in header(exchange, "content-type").lower()


def nothing_here(exchange: Exchange) -> bool:
    """
    The path does not exist below this base URL.
    """
    return exchange.status in {404, 405, 301, 302, 307, 308} or (is_page(exchange) and (exchange.status or 0) < 500)


def refuses_key(exchange: Exchange) -> bool:
    """
    Credentials were demanded or refused.
    """
    return exchange.status in {401, 403} and not is_page(exchange)


def knows_no_model(exchange: Exchange, model: str) -> bool:
    """
    The model is unknown: said by the code where there is one, else by words that name both.
    """
    if exchange.status not in {400, 404, 422}:
        return False
    words = body_of(exchange).decode("utf-8", "replace").lower()
    if "model_not_found" in words:
        return True
    denied = any(each in words for each in ("not found", "not exist", "unknown", "invalid model", "not supported"))
    return "model" in words and bool(model) and model.lower() in words and denied


def unreachable(target: Target, exchange: Exchange) -> tuple[str, str]:
    """
    The problem and the remedy when no status came.
    """
    says, remedy = _UNREACHABLE.get(exchange.ending, ("cannot be heard out", "Look at the server's log."))
    return f"{target.base_url} {says} ({exchange.error})", remedy
