"""Which of the closed set of outcomes an endpoint's error is."""

import email.utils
import re
from collections.abc import Mapping
from typing import Any, cast

from lsp_repair.models.messages import Failed, Failure, Reply

_TOO_LONG = re.compile(
    r"context.?(length|window|size)|too (many tokens|long)|maximum.{0,20}tokens|exceed.{0,30}context", re.IGNORECASE
)
_QUOTA = re.compile(
    r"insufficient.?(quota|credit|funds|balance)|billing|exceeded your current quota|payment", re.IGNORECASE
)
_FILTERED = re.compile(r"content.?(filter|policy|management)|safety system|moderation", re.IGNORECASE)
_OVERLOADED = re.compile(
    r"overload|capacity|unavailable|try again|busy|upstream|internal (server )?error", re.IGNORECASE
)
_RATE = re.compile(r"rate.?limit|too many requests", re.IGNORECASE)
_ONLY_RATE = re.compile(r"rate.?limit.?(exceeded|reached)", re.IGNORECASE)
"""Such a message may go on to say how a payment would raise the limit."""
_KEY = re.compile(
    r"\b(invalid|incorrect|missing|no)\b.{0,12}(api.?key|token|credential)|unauthori[sz]ed|forbidden", re.IGNORECASE
)
_UNSUPPORTED = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|not permitted|extra (inputs|fields)|unexpected|does not",
    re.IGNORECASE,
)
_DROPPABLE = ("temperature", "stream_options", "max_tokens", "max_completion_tokens")


def failure_of_status(status: int, headers: Mapping[str, str], body: object, now: float) -> Failure:
    """From an HTTP status that is no success."""
    text = _text(body)
    detail = f"HTTP {status}: {text}" if text else f"HTTP {status}"
    after = _retry_after(headers, now)
    why = _of_status(status, text)
    billed = status >= 500 and status not in {503, 529}
    return Failure(why, detail, retry_after=after, billed=billed)


def _of_status(status: int, text: str) -> Failed:
    match status:
        case 401 | 403:
            return Failed.FILTERED if _FILTERED.search(text) else Failed.UNAUTHORISED
        case 402:
            return Failed.QUOTA
        case 413:
            return Failed.TOO_LONG
        case 429:
            return Failed.QUOTA if _QUOTA.search(text) and not _ONLY_RATE.search(text) else Failed.RATE_LIMITED
        case 408 | 409 | 425:
            return Failed.OVERLOADED
        case _ if status >= 500:
            return Failed.OVERLOADED
        case _ if _TOO_LONG.search(text):
            return Failed.TOO_LONG
        case _ if _FILTERED.search(text):
            return Failed.FILTERED
        case _ if _QUOTA.search(text):
            return Failed.QUOTA
        case _:
            return Failed.MALFORMED


def failure_of_body(error: object) -> Failure:
    """From an error object that came inside a success, or in the middle of a stream."""
    text = _text(error)
    for pattern, why in (
        (_TOO_LONG, Failed.TOO_LONG),
        (_QUOTA, Failed.QUOTA),
        (_FILTERED, Failed.FILTERED),
        (_RATE, Failed.RATE_LIMITED),
        (_KEY, Failed.UNAUTHORISED),
        (_OVERLOADED, Failed.OVERLOADED),
    ):
        if pattern.search(text):
            return Failure(why, f"the endpoint said: {text}")
    return Failure(Failed.MALFORMED, f"the endpoint answered with an error: {text}")


def unsupported_parameter(reply: Reply, sent: Mapping[str, Any]) -> str | None:
    """The parameter that the endpoint refuses to know and that can be left out; None otherwise."""
    if not isinstance(reply, Failure) or reply.why is not Failed.MALFORMED or reply.billed:
        return None
    if not _UNSUPPORTED.search(reply.detail):
        return None
    return next((name for name in _DROPPABLE if name in sent and re.search(rf"\b{name}\b", reply.detail)), None)


def _text(body: object) -> str:
    """Code and message of whatever an endpoint calls an error."""
    if isinstance(body, dict):
        reported = cast("dict[str, Any]", body)
        inner = reported.get("error")
        if isinstance(inner, dict | str):
            return _text(cast("object", inner))
        parts = [reported.get(key) for key in ("code", "type", "param", "message", "detail")]
        return " ".join(str(each) for each in parts if isinstance(each, str | int) and each != "")
    return " ".join(str(body).split()) if body else ""


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait: `Retry-After` as seconds or as a date."""
    raw = headers.get("retry-after", "")
    try:
        return max(0.0, float(raw))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(raw).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
