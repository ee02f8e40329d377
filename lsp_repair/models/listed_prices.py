"""What a host is known to charge for a model: the list that the installed `genai-prices` ships."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lsp_repair.domain.money import Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A price of the list that the installed `genai-prices` ships; works without network."""

    model: "ModelInfo"
    provider: "Provider"

    def cost(self, usage: Usage) -> Decimal:
        """US dollars of this usage."""
        from genai_prices import Usage as Billed  # noqa: PLC0415 - loaded only when a model is used

        billed = Billed(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            output_tokens=usage.output_tokens,
        )
        return self.model.calc_price(billed, self.provider).total_price


def listed_price(base_url: str, model: str) -> ListedPrice | None:
    """The price of a model at this very host; None when the list does not know it."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - loaded only when a model is used

    providers = get_snapshot().providers
    for provider in providers:
        if not _serves(provider.api_pattern, base_url):
            continue
        found = provider.find_model(model, all_providers=providers)
        if found is not None and _is_complete(found):
            return ListedPrice(found, provider)
    return None


def _is_complete(model: "ModelInfo") -> bool:
    """Whether both directions have a price: half of one would make the other half free."""
    price = model.get_prices(datetime.now(tz=UTC))
    return price.input_mtok is not None and price.output_mtok is not None


def _serves(pattern: str, base_url: str) -> bool:
    """Whether a provider's pattern covers the whole host: `api.openai.com.elsewhere.example` is somebody else."""
    parts = urlsplit(base_url)
    host = f"{parts.scheme}://{parts.hostname or ''}"
    path = f"{host}{parts.path.rstrip('/')}/"
    found = re.match(pattern, path)
    return found is not None and found.end() >= len(host)
