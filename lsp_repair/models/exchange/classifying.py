"""Which of the closed set of outcomes an endpoint's error is."""

import email.utils
import re
from collections.abc import Mapping
from typing import Any, cast

from lsp_repair.models.messages import Failed, Failure, Reply

_TOO_LONG = re.compile(
    r"context.?(length|window|size)|too (many tokens|long)|maximum (model|context|sequence).{0,20}(length|tokens)|"
    r"maximum.{0,20}tokens|exceed.{0,30}context|`?inputs`? tokens|at most \d+ completion tokens",
    re.IGNORECASE,
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
_WRONG_KEY = re.compile(
    r"(invalid|incorrect|missing|expired|wrong)\b.{0,12}api.?key|api.?key.{0,12}(not valid|invalid|expired|missing|not found)",
    re.IGNORECASE,
)
"""Narrower, for what is also said of parameters."""
_NO_MODEL = re.compile(
    r"model.?not.?found|(model|deployment)\b.{0,120}?\b(not (be )?(found|exist|available)|does not exist|not a valid model)|"
    r"not a valid model|no such model|(unknown|invalid) model\b|deployment.?not.?found|not have access to (the )?model",
    re.IGNORECASE,
)
_OF_REFUSALS = (
    (_TOO_LONG, Failed.TOO_LONG),
    (_FILTERED, Failed.FILTERED),
    (_QUOTA, Failed.QUOTA),
    (_WRONG_KEY, Failed.UNAUTHORISED),
)
_LOADING = re.compile(r"loading (the )?model|model\b.{0,40}\bloading\b", re.IGNORECASE)
_ONLY_RESPONSES = re.compile(r"v1/responses|responses (api|endpoint)|use .{0,20}\bresponses\b", re.IGNORECASE)
_UNSUPPORTED = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|not permitted|extra (inputs|fields)|unexpected|does not|"
    r"not (be )?(allowed|available|possible)|must be verified|cannot be|disabled|not implemented",
    re.IGNORECASE,
)
_DROPPABLE = (
    *("temperature", "stream_options", "max_tokens", "max_completion_tokens", "max_output_tokens", "reasoning_effort"),
    *("reasoning", "seed", "top_p", "stop", "store", "stream"),
)
_DOOR = frozenset({Failed.MALFORMED, Failed.NOT_FOUND})
_ALSO_CALLED = {"stream": "stream(ing)?", "reasoning": r"reasoning(\.effort)?"}


def failure_of_status(status: int, headers: Mapping[str, str], body: object, now: float) -> Failure:
    """From an HTTP status that is no success."""
    text = _text(body)
    detail = f"HTTP {status}: {text}" if text else f"HTTP {status}"
    after = _retry_after(headers, now)
    why = _of_status(status, text)
    billed = status >= 500 and status not in {503, 529}
    is_down = status == 503 and _LOADING.search(text) is not None
    return Failure(why, detail, retry_after=after, billed=billed, is_down=is_down)


def _of_status(status: int, text: str) -> Failed:
    match status:
        case 401 | 403:
            return Failed.FILTERED if _FILTERED.search(text) else _of_access(text)
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
        case _:
            known = next((why for pattern, why in _OF_REFUSALS if pattern.search(text)), None)
            if known is None and (status == 404 or (status in {400, 422} and _NO_MODEL.search(text))):
                return Failed.NOT_FOUND
            return known or Failed.MALFORMED


def _of_access(text: str) -> Failed:
    """A key may be right and not be for this model."""
    return (
        Failed.NOT_FOUND
        if re.search(r"model.?not.?found|not have access to (the )?model", text)
        else Failed.UNAUTHORISED
    )


def failure_of_body(error: object) -> Failure:
    """From an error object that came inside a success, or in the middle of a stream."""
    text = _text(error)
    for pattern, why in (
        (_TOO_LONG, Failed.TOO_LONG),
        (_QUOTA, Failed.QUOTA),
        (_FILTERED, Failed.FILTERED),
        (_RATE, Failed.RATE_LIMITED),
        (_NO_MODEL, Failed.NOT_FOUND),
        (_KEY, Failed.UNAUTHORISED),
        (_OVERLOADED, Failed.OVERLOADED),
    ):
        if pattern.search(text):
            return Failure(why, f"the endpoint said: {text}")
    return Failure(Failed.MALFORMED, f"the endpoint answered with an error: {text}")


def unsupported_parameter(reply: Reply, sent: Mapping[str, Any]) -> str | None:
    """The parameter that the endpoint refuses to know and that can be left out; None otherwise."""
    if not isinstance(reply, Failure) or reply.why not in _DOOR or reply.billed:
        return None
    if not _UNSUPPORTED.search(reply.detail):
        return None
    return next((name for name in _DROPPABLE if name in sent and _names(reply.detail, name)), None)


def _names(text: str, parameter: str) -> bool:
    return re.search(rf"(?<![-/\w]){_ALSO_CALLED.get(parameter, parameter)}\b", text, re.IGNORECASE) is not None


def wants_responses(reply: Reply) -> bool:
    """Whether the endpoint says that this model is asked by the Responses API only."""
    return (
        isinstance(reply, Failure)
        and not reply.billed
        and reply.why in _DOOR
        and _ONLY_RESPONSES.search(reply.detail) is not None
    )


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
