"""A model that can be asked: each request reserved before it is sent, settled before its reply is used."""

import contextlib
import hashlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.money import CallId, Intent, Meter, Purpose, Refusal, Settlement, Usage, worst_case
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.messages import ChatRequest, Complete, Failed, Failure, Reply, input_bound, usual_usage, was_cut

_FAILURES = 4
_REST_SECONDS = 60.0
_AT_ONCE = frozenset({Failed.UNAUTHORISED, Failed.QUOTA})
_COUNTED = frozenset({Failed.NETWORK, Failed.OVERLOADED, Failed.MALFORMED, Failed.RATE_LIMITED})
Hear = Callable[[str], None]
_RETRIES = 2
_RETRY_SECONDS = 30.0
"""All waiting of one call taken together."""
_WIDER = 8
"""How much more than the strategy's limit a model gets that reasons before it answers."""
_MAX_WAIT_SECONDS = 20.0
_NAP_SECONDS = 0.05
_WORTH_ANOTHER_TRY = frozenset({Failed.RATE_LIMITED, Failed.OVERLOADED, Failed.NETWORK})


@dataclass(frozen=True, slots=True)
class PaidReplies:
    """Kept in a folder of the cache, one small file each; a cache that cannot be written keeps nothing."""

    folder: Path

    def find(self, digest: str, sample: int) -> str | None:
        """The reply's text; None when it was never paid for."""
        try:
            kept: Any = json.loads(self._file(digest, sample).read_text("utf-8"))
            text: object = kept["text"]
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return text if isinstance(text, str) else None

    def keep(self, digest: str, sample: int, text: str) -> None:
        """Whole or not at all."""
        file = self._file(digest, sample)
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=file.parent)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump({"sample": sample, "text": text}, out)
            Path(name).replace(file)

    def _file(self, digest: str, sample: int) -> Path:
        key = hashlib.sha256(f"{digest}/{sample}".encode()).hexdigest()
        return self.folder / key[:2] / f"{key}.json"


@dataclass(slots=True)
class Breaker:
    """Of one endpoint; shared by all models that are called there."""

    clock: Callable[[], float] = time.monotonic
    _failures: int = 0
    _open_until: float = 0.0
    _last: Failure | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refusal(self) -> Failure | None:
        """Why no call is made now; None when one may be."""
        with self._lock:
            if self._last is None or self.clock() >= self._open_until:
                return None
            left = self._open_until - self.clock()
            wait = "for this session" if left == float("inf") else f"for {left:.0f} s"
            return Failure(self._last.why, f"not called {wait}: {self._last.detail}", billed=False)

    def received(self, reply: Reply) -> None:
        """Take note of a reply."""
        with self._lock:
            match reply:
                case Complete() if self._open_until < float("inf"):
                    self._failures, self._last = 0, None
                case Failure() if reply.why in _AT_ONCE:
                    self._trip(reply, float("inf"))
                case Failure() if reply.why in _COUNTED and self._open_until < float("inf"):
                    self._failures += 1
                    if self._failures >= _FAILURES:
                        self._trip(reply, self.clock() + _REST_SECONDS)
                case _:
                    pass

    def trip(self, detail: str) -> None:
        """Make no more calls in this session: the endpoint cannot be trusted with money."""
        with self._lock:
            self._trip(Failure(Failed.MALFORMED, detail, billed=False), float("inf"))

    def _trip(self, last: Failure, until: float) -> None:
        self._last, self._open_until = last, until
        self._failures = 0


class Exchange(Protocol):
    """What carries a request to an endpoint."""

    def exchange(self, request: ChatRequest, deadline: Deadline, hear: Hear) -> Reply:
        """One request, one reply."""
        ...


def _no_one(text: str) -> None:
    """Hears nothing."""


def _wait(seconds: float, deadline: Deadline) -> None:
    """In short naps, so that a cancel is heard."""
    until = time.monotonic() + seconds
    while not deadline.passed and (left := until - time.monotonic()) > 0:
        time.sleep(min(_NAP_SECONDS, left))


@dataclass(slots=True)
class ChatModel:
    """One model in one role."""

    endpoint: Endpoint
    wire: Exchange
    meter: Meter
    breaker: Breaker = field(default_factory=Breaker)
    paid: PaidReplies | None = None
    wait: Callable[[float, Deadline], None] = _wait
    _thinks: bool = False

    @property
    def name(self) -> str:
        """As the user wrote it."""
        return self.endpoint.name

    def temperature(self, strategys: float | None) -> float | None:
        """The user's, else the strategy's."""
        return strategys if self.endpoint.temperature is None else self.endpoint.temperature

    def request(self, draft: ChatRequest) -> ChatRequest:
        """The request as this endpoint gets it: with the user's temperature and limit, else the strategy's."""
        limit = self.endpoint.max_output_tokens or draft.max_output_tokens * (_WIDER if self._thinks else 1)
        return replace(draft, temperature=self.temperature(draft.temperature), max_output_tokens=limit)

    def worst(self, draft: ChatRequest) -> tuple[int, int, Decimal | None]:
        """Input and output tokens and US dollars that this request can come to at most."""
        return self._worst(self.request(draft))

    def _worst(self, request: ChatRequest) -> tuple[int, int, Decimal | None]:
        """Of a request as this endpoint gets it."""
        tokens = input_bound(request), request.max_output_tokens
        price = self.endpoint.price
        return *tokens, None if price is None else worst_case(price, *tokens)

    def ask(self, draft: ChatRequest, purpose: Purpose, deadline: Deadline, hear: Hear = _no_one) -> Reply:
        """One reply, with a bounded number of further tries where that helps; every try is in the books."""
        reply = self._asked(self.request(draft), purpose, deadline, hear)
        if self._thought_too_long(reply):
            self._thinks = True
            reply = self._asked(self.request(draft), purpose, deadline, hear)
        return reply

    def _thought_too_long(self, reply: Reply) -> bool:
        """Whether a reasoning model used up the limit before its first word; the user's own limit is kept."""
        if self._thinks or self.endpoint.max_output_tokens is not None or not isinstance(reply, Failure):
            return False
        return reply.why is Failed.TRUNCATED and not reply.partial.strip()

    def _asked(self, request: ChatRequest, purpose: Purpose, deadline: Deadline, hear: Hear) -> Reply:
        digest = self._digest(request)
        known = self.paid.find(digest, purpose.sample) if self.paid is not None else None
        if known is not None:
            hear(known)
            return Complete(known, Usage())
        waited = 0.0
        reply: Reply = Failure(Failed.CANCELLED, "no time left", billed=False)
        for attempt in range(1 + _RETRIES):
            reply = self._once(request, (purpose, digest), deadline, hear)
            if isinstance(reply, Complete) or reply.why not in _WORTH_ANOTHER_TRY or attempt == _RETRIES:
                break
            if self.breaker.refusal() is not None:
                break
            pause = reply.retry_after if reply.retry_after is not None else 0.5 * 2**attempt
            if pause > _MAX_WAIT_SECONDS or waited + pause > _RETRY_SECONDS or pause >= deadline.remaining:
                break
            waited += pause
            self.wait(pause, deadline)
        if isinstance(reply, Complete) and not reply.prompt_was_cut and self.paid is not None:
            self.paid.keep(digest, purpose.sample, reply.text)
        return reply

    def _once(self, request: ChatRequest, what: tuple[Purpose, str], deadline: Deadline, hear: Hear) -> Reply:
        """One try of a request, given what it is for and its identity."""
        refused = self.breaker.refusal()
        if refused is not None:
            return refused
        input_tokens, output_tokens, usd = self._worst(request)
        purpose, digest = what
        intent = Intent(purpose, self.endpoint.model, self.endpoint.host, input_tokens, output_tokens, usd, digest)
        call = self.meter.reserve(intent)
        if isinstance(call, Refusal):
            return Failure(Failed.BUDGET, call.detail, billed=False)
        return self._settled(call, intent, request, deadline, hear)

    def _settled(self, call: CallId, intent: Intent, request: ChatRequest, deadline: Deadline, hear: Hear) -> Reply:
        """Send, and book what it came to whatever happens: a call that is broken off counts at its worst."""
        started = time.monotonic()
        worst = Usage(intent.input_tokens, 0, intent.output_tokens)
        settlement = Settlement(Failed.CANCELLED, worst, intent.usd, estimated=True)
        booked = False
        try:
            reply = self.wire.exchange(request, deadline, hear)
            settlement = self._settlement(reply, request, worst)
        finally:
            booked = self.meter.settle(call, replace(settlement, seconds=time.monotonic() - started))
        if not booked:
            return Failure(
                Failed.BUDGET, "the cost of the call cannot be recorded in the ledger, so its reply is not used"
            )
        self._watch(reply, settlement, worst)
        if isinstance(reply, Complete):
            cut = not reply.estimated and was_cut(request, reply.usage)
            return replace(reply, usage=settlement.usage, prompt_was_cut=cut)
        return reply

    def _settlement(self, reply: Reply, request: ChatRequest, worst: Usage) -> Settlement:
        match reply:
            case Complete(estimated=False):
                usage, estimated = reply.usage, False
            case Complete():
                usage, estimated = usual_usage(request, reply.text), True
            case Failure(usage=Usage() as reported):
                usage, estimated = reported, False
            case Failure(billed=False):
                usage, estimated = Usage(), False
            case Failure():
                usage, estimated = worst, True
        price = self.endpoint.price
        usd = Decimal(0) if usage == Usage() else None if price is None else price.cost(usage)
        outcome = "ok" if isinstance(reply, Complete) else str(reply.why)
        return Settlement(outcome, usage, usd, estimated, reply.served_by)

    def _watch(self, reply: Reply, settlement: Settlement, worst: Usage) -> None:
        self.breaker.received(reply)
        reported = settlement.usage
        if reported.input_tokens > worst.input_tokens or reported.output_tokens > worst.output_tokens:
            self.breaker.trip(
                f"{self.endpoint.host} reports {reported.input_tokens} prompt and {reported.output_tokens} sampled tokens, "
                f"more than the {worst.input_tokens} and {worst.output_tokens} that this call could use"
            )

    def _digest(self, request: ChatRequest) -> str:
        """Identity of what is sent, endpoint and model included."""
        reported = {
            "endpoint": self.endpoint.base_url,
            "model": self.endpoint.model,
            "temperature": request.temperature,
            "limit": request.max_output_tokens,
            "messages": [[each.role, each.content] for each in request.messages],
        }
        return hashlib.sha256(json.dumps(reported, sort_keys=True).encode()).hexdigest()
