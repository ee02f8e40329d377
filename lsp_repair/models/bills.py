"""What a call came to: from what the endpoint reports, or at its worst where it does not."""

from decimal import Decimal

from lsp_repair.domain.money import NO_USAGE, Intent, Settlement, Usage, short_usd
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.messages import ChatRequest, Complete, Failed, Failure, Reply, usual_usage

_MAX_DEVIATION = Decimal("0.1")
"""By which a charge may differ from the price list before the user hears of it."""
_NOTEWORTHY_USD = Decimal("0.00001")


def broken_off(intent: Intent) -> Settlement:
    """Of a call whose end nobody saw."""
    return Settlement(Failed.CANCELLED, _worst(intent), intent.usd, estimated=True)


def replayed(reply: Reply) -> Settlement:
    """Of a call that a recording answered: nothing was sent."""
    return Settlement(_outcome(reply), NO_USAGE, Decimal(0), served_by=reply.served_by)


def settlement_of(reply: Reply, request: ChatRequest, intent: Intent, endpoint: Endpoint) -> Settlement:
    """The bill of a reply: what the endpoint says it charged where that is known to be the bill, else by the price."""
    usage, estimated = _usage(reply, request, _worst(intent))
    usd = priced(usage, endpoint)
    if endpoint.reports_charge and reply.charged_usd is not None:
        usd = reply.charged_usd
    return Settlement(_outcome(reply), usage, usd, estimated, reply.served_by)


def _usage(reply: Reply, request: ChatRequest, worst: Usage) -> tuple[Usage, bool]:
    """The tokens, and whether they are an estimate."""
    match reply:
        case Complete(estimated=False):
            return reply.usage, False
        case Complete():
            return usual_usage(request, reply.text), True
        case Failure(usage=Usage() as reported):
            return reported, False
        case Failure(billed=False):
            return NO_USAGE, False
        case Failure():
            return worst, True


def priced(usage: Usage, endpoint: Endpoint) -> Decimal | None:
    """By the price that is declared or listed; None when it is unknown and anything was used."""
    if usage == NO_USAGE:
        return Decimal(0)
    return None if endpoint.price is None else endpoint.price.cost(usage)


def charge_notes(reply: Complete, settlement: Settlement, endpoint: Endpoint) -> tuple[str, ...]:
    """Where the endpoint charged something else than the price says."""
    listed, charged = priced(settlement.usage, endpoint), settlement.usd
    if not endpoint.reports_charge or reply.charged_usd is None or listed is None or charged is None:
        return ()
    if abs(charged - listed) <= max(listed * _MAX_DEVIATION, _NOTEWORTHY_USD):
        return ()
    told, expected = short_usd(charged), short_usd(listed)
    return (f"{endpoint.host} charged ${told} for a call of {endpoint.model} that is priced here at ${expected}",)


def excess(settlement: Settlement, intent: Intent) -> str:
    """What a call used beyond what was reserved for it, in words; empty where it kept within."""
    used = settlement.usage
    if used.input_tokens > intent.input_tokens or used.output_tokens > intent.output_tokens:
        return (
            f"{used.input_tokens} prompt and {used.output_tokens} sampled tokens, more than the {intent.input_tokens} and "
            f"{intent.output_tokens}"
        )
    if settlement.usd is not None and intent.usd is not None and settlement.usd > intent.usd:
        return f"a charge of ${short_usd(settlement.usd)}, more than the ${short_usd(intent.usd)}"
    return ""


def _worst(intent: Intent) -> Usage:
    return Usage(intent.input_tokens, 0, intent.output_tokens)


def _outcome(reply: Reply) -> str:
    return "ok" if isinstance(reply, Complete) else str(reply.why)
