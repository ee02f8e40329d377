"""A model that can be asked: each request reserved before it is sent, settled before its reply is used."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Protocol

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.model_habits import Habits
from lsp_repair.domain.money import CallId, Intent, Meter, Purpose, Refusal, Settlement, Usage, worst_case
from lsp_repair.models.bills import broken_off, charge_notes, excess, replayed, settlement_of
from lsp_repair.models.breaker import Breaker
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.messages import ChatRequest, Complete, Failed, Failure, Reply, input_bound, was_cut
from lsp_repair.models.output_limits import BriefHabits, Needs, advice, is_cut_at_limit, is_cut_in_thought
from lsp_repair.models.paid_replies import PaidReplies
from lsp_repair.models.small_contexts import Room, fitted, smaller
from lsp_repair.models.waiting import pause_before_next

Hear = Callable[[str], None]
_NAP_SECONDS = 0.05
_SMALLER_PROMPTS = 3


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
    habits: Habits = field(default_factory=BriefHabits)
    is_replayed: bool = False
    """Whether a recording answers: nothing is sent, so nothing is charged."""
    calls: int = 0
    """How many were made."""
    _missing: Failure | None = None
    """Why there is no such model."""

    @property
    def name(self) -> str:
        """As the user wrote it."""
        return self.endpoint.name

    @property
    def needs(self) -> Needs:
        """What earlier calls showed."""
        return Needs(self.endpoint, self.habits)

    def temperature(self, strategys: float | None) -> float | None:
        """The user's, else the strategy's."""
        return strategys if self.endpoint.temperature is None else self.endpoint.temperature

    def request(self, draft: ChatRequest) -> ChatRequest:
        """The request as this endpoint gets it: with the user's sampling and limit, else the strategy's.

        What earlier replies needed and how much the endpoint can hold is taken into account.
        """
        return self._shaped(fitted(self._with_limit(draft), self.needs.context_tokens))

    def _with_limit(self, draft: ChatRequest) -> ChatRequest:
        limit = self.endpoint.max_output_tokens or max(draft.max_output_tokens, self.needs.output_tokens)
        return replace(draft, max_output_tokens=limit)

    def _shaped(self, request: ChatRequest) -> ChatRequest:
        return replace(request, temperature=self.temperature(request.temperature), sampling=self.endpoint.sampling)

    def worst(self, draft: ChatRequest) -> tuple[int, int, Decimal | None]:
        """Input and output tokens and US dollars that this request can come to at most."""
        return self._worst(self.request(draft))

    def _worst(self, request: ChatRequest) -> tuple[int, int, Decimal | None]:
        """Of a request as this endpoint gets it."""
        if self.is_replayed:
            return 0, 0, Decimal(0)
        tokens = input_bound(request), request.max_output_tokens
        price = self.endpoint.price
        return *tokens, None if price is None else worst_case(price, *tokens)

    def ask(self, draft: ChatRequest, purpose: Purpose, deadline: Deadline, hear: Hear = _no_one) -> Reply:
        """One reply, with a bounded number of further tries where that helps; every try is in the books.

        A prompt that the endpoint cannot hold is made smaller; a model that used up its limit before it answered gets a
        wider one, once.
        """
        request = self.request(draft)
        reply = self._asked(request, purpose, deadline, hear)
        for _ in range(_SMALLER_PROMPTS):
            less = self._smaller(request, reply)
            if less is None:
                break
            request = less
            reply = self._asked(request, purpose, deadline, hear)
        if not isinstance(reply, Failure) or not is_cut_at_limit(reply):
            return reply
        return self._asked_wider(request, reply, purpose, deadline, hear)

    def _smaller(self, request: ChatRequest, reply: Reply) -> ChatRequest | None:
        """What to send instead of what was too long; None where that is not why it failed, or nothing can give way."""
        if not isinstance(reply, Failure) or reply.why is not Failed.TOO_LONG:
            return None
        room = Room.told(reply.detail)
        if room.context:
            self.needs.has_context(room.context)
        less = smaller(request, room)
        return None if less is None else self._shaped(less)

    def _asked_wider(
        self, request: ChatRequest, cut: Failure, purpose: Purpose, deadline: Deadline, hear: Hear
    ) -> Reply:
        """After a reply that reached its limit: once more with a wider one, if it was spent on thought; else why not."""
        limit = request.max_output_tokens
        in_thought = is_cut_in_thought(cut)
        self.needs.was_cut(limit, in_thought=in_thought)
        told = replace(cut, detail=advice(cut, limit))
        wider = self._shaped(fitted(self._with_limit(request), self.needs.context_tokens))
        if not in_thought or wider.max_output_tokens <= limit:
            return told
        reply = self._asked(wider, purpose, deadline, hear)
        if not isinstance(reply, Failure):
            return reply
        if is_cut_at_limit(reply):
            self.needs.was_cut(wider.max_output_tokens, in_thought=is_cut_in_thought(reply))
            return replace(reply, detail=advice(reply, wider.max_output_tokens))
        return replace(reply, detail=f"{reply.detail}; {told.detail}") if reply.why is Failed.BUDGET else reply

    def _asked(self, request: ChatRequest, purpose: Purpose, deadline: Deadline, hear: Hear) -> Reply:
        request = _of_sample(request, purpose.sample)
        digest = self._digest(request)
        known = self.paid.find(digest, purpose.sample) if self.paid is not None else None
        if known is not None:
            hear(known)
            return Complete(known, Usage())
        reply = self._asked_until_it_answers(request, (purpose, digest), deadline, hear)
        if isinstance(reply, Complete) and not reply.prompt_was_cut and self.paid is not None:
            self.paid.keep(digest, purpose.sample, reply.text)
        return reply

    def _asked_until_it_answers(
        self, request: ChatRequest, what: tuple[Purpose, str], deadline: Deadline, hear: Hear
    ) -> Reply:
        """With further tries where the endpoint is busy, down for a moment, or the connection was lost."""
        waited, attempt = 0.0, 0
        reply = self._once(request, what, deadline, hear)
        while (pause := pause_before_next(reply, attempt, waited, deadline)) is not None:
            if self.breaker.refusal() is not None:
                break
            waited, attempt = waited + pause, attempt + 1
            self.wait(pause, deadline)
            reply = self._once(request, what, deadline, hear)
        if isinstance(reply, Failure) and reply.is_down and not deadline.passed:
            self.breaker.rest(reply)
            return replace(reply, detail=f"{reply.detail} (it was waited for {waited:.0f} s)")
        return reply

    def _once(self, request: ChatRequest, what: tuple[Purpose, str], deadline: Deadline, hear: Hear) -> Reply:
        """One try of a request, given what it is for and its identity."""
        refused = self._missing or self.breaker.refusal()
        if refused is not None:
            return refused
        input_tokens, output_tokens, usd = self._worst(request)
        purpose, digest = what
        intent = Intent(purpose, self.endpoint.model, self.endpoint.host, input_tokens, output_tokens, usd, digest)
        call = self.meter.reserve(intent)
        if isinstance(call, Refusal):
            return Failure(Failed.BUDGET, call.detail, billed=False)
        self.calls += 1
        return self._settled(call, intent, request, deadline, hear)

    def _settled(self, call: CallId, intent: Intent, request: ChatRequest, deadline: Deadline, hear: Hear) -> Reply:
        """Send, and book what it came to whatever happens: a call that is broken off counts at its worst."""
        started = time.monotonic()
        settlement = broken_off(intent)
        booked = False
        try:
            reply = self.wire.exchange(request, deadline, hear)
            settlement = replayed(reply) if self.is_replayed else settlement_of(reply, request, intent, self.endpoint)
        finally:
            booked = self.meter.settle(call, replace(settlement, seconds=time.monotonic() - started))
        if not booked:
            return Failure(
                Failed.BUDGET, "the cost of the call cannot be recorded in the ledger, so its reply is not used"
            )
        self._watch(reply, settlement, intent)
        if isinstance(reply, Complete):
            cut = not reply.estimated and was_cut(request, reply.usage)
            notes = (*reply.notes, *charge_notes(reply, settlement, self.endpoint))
            return replace(reply, usage=settlement.usage, prompt_was_cut=cut, notes=notes)
        return reply

    def _watch(self, reply: Reply, settlement: Settlement, intent: Intent) -> None:
        self.breaker.received(reply)
        if isinstance(reply, Failure) and reply.why is Failed.NOT_FOUND:
            self._missing = reply
        over = excess(settlement, intent)
        if over:
            self.breaker.trip(f"{self.endpoint.host} reports {over} that this call could use")

    def _digest(self, request: ChatRequest) -> str:
        """Identity of what is sent, endpoint and model included."""
        reported = {
            "endpoint": self.endpoint.base_url,
            "model": self.endpoint.model,
            "temperature": request.temperature,
            "limit": request.max_output_tokens,
            "sampling": asdict(request.sampling),
            "messages": [[each.role, each.content] for each in request.messages],
        }
        return hashlib.sha256(json.dumps(reported, sort_keys=True).encode()).hexdigest()


def _of_sample(request: ChatRequest, sample: int) -> ChatRequest:
    """With a seed of its own, where the user set one: the same for the same sample, another for the next."""
    sampling = request.sampling
    if sampling.seed is None:
        return request
    return replace(request, sampling=replace(sampling, seed=sampling.seed + sample))
