"""When a failed call is tried again: bounded in number, in time, and by what the endpoint says."""

from lsp_repair.domain.deadline import Deadline
from lsp_repair.models.messages import Complete, Failed, Failure, Reply

_RETRIES = 2
_RETRY_SECONDS = 30.0
"""All waiting of one call taken together."""
_MAX_WAIT_SECONDS = 20.0
_WORTH_ANOTHER_TRY = frozenset({Failed.RATE_LIMITED, Failed.OVERLOADED, Failed.NETWORK})
_DOWN_SECONDS = {Failed.NETWORK: 10.0, Failed.OVERLOADED: 90.0}
"""How long a server is waited for that is just being started, and one that loads its model."""
_DOWN_PAUSE_SECONDS = 2.0


def pause_before_next(reply: Reply, attempt: int, waited: float, deadline: Deadline) -> float | None:
    """Seconds to wait before the next try, after `attempt` earlier ones and `waited` seconds; None: no further try."""
    if isinstance(reply, Complete) or reply.why not in _WORTH_ANOTHER_TRY:
        return None
    if reply.is_down:
        return _until_it_is_up(reply, attempt, waited, deadline)
    pause = reply.retry_after if reply.retry_after is not None else 0.5 * 2**attempt
    too_long = pause > _MAX_WAIT_SECONDS or waited + pause > _RETRY_SECONDS or pause >= deadline.remaining
    return None if too_long or attempt >= _RETRIES else pause


def _until_it_is_up(reply: Failure, attempt: int, waited: float, deadline: Deadline) -> float | None:
    pause = min(_DOWN_PAUSE_SECONDS, max(reply.retry_after or 0.0, 0.5 * 2 ** min(attempt, 8)))
    return None if waited + pause > _DOWN_SECONDS[reply.why] or pause >= deadline.remaining else pause
