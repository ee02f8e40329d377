"""What providers say a call used, in their own words, becomes classes that add up; and what they say it cost."""

from decimal import Decimal

import pytest

from lsp_repair.domain.money import Usage
from lsp_repair.models.exchange.reported_usage import reported_charge, reported_usage

DIALECTS = {
    "hidden reasoning outside what is called sampled": (
        {"prompt_tokens": 40, "completion_tokens": 8, "total_tokens": 148},
        Usage(40, 0, 108),
    ),
    "a total that is too small": ({"prompt_tokens": 40, "completion_tokens": 8, "total_tokens": 8}, Usage(40, 0, 8)),
    "DeepSeek": (
        {
            "prompt_tokens": 40,
            "completion_tokens": 8,
            "total_tokens": 48,
            "prompt_cache_hit_tokens": 30,
            "prompt_cache_miss_tokens": 10,
        },
        Usage(40, 30, 8),
    ),
    "DeepSeek without the sum": (
        {"prompt_cache_hit_tokens": 30, "prompt_cache_miss_tokens": 10, "completion_tokens": 8},
        Usage(40, 30, 8),
    ),
    "Anthropic": (
        {
            "input_tokens": 40,
            "cache_read_input_tokens": 1000,
            "cache_creation_input_tokens": 200,
            "output_tokens": 8,
        },
        Usage(1240, 1000, 8, 0, 200),
    ),
    "a proxy of Anthropic's that adds them up": (
        {
            "prompt_tokens": 1240,
            "completion_tokens": 8,
            "total_tokens": 1248,
            "cache_read_input_tokens": 1000,
            "cache_creation_input_tokens": 200,
        },
        Usage(1240, 1000, 8, 0, 200),
    ),
    "a proxy of Anthropic's that does not": (
        {
            "prompt_tokens": 40,
            "completion_tokens": 8,
            "total_tokens": 48,
            "cache_read_input_tokens": 1000,
            "cache_creation_input_tokens": 200,
        },
        Usage(1240, 1000, 8, 0, 200),
    ),
    "the Responses API": (
        {
            "input_tokens": 40,
            "output_tokens": 8,
            "total_tokens": 48,
            "input_tokens_details": {"cached_tokens": 30},
            "output_tokens_details": {"reasoning_tokens": 6},
        },
        Usage(40, 30, 8, 6),
    ),
    "OpenRouter": (
        {
            "prompt_tokens": 40,
            "completion_tokens": 8,
            "total_tokens": 48,
            "cost": 0.0005,
            "prompt_tokens_details": {"cached_tokens": 30},
            "completion_tokens_details": {"reasoning_tokens": 6},
        },
        Usage(40, 30, 8, 6),
    ),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_each_providers_fields_are_understood(name):
    raw, expected = DIALECTS[name]
    assert reported_usage(raw) == expected


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"cost": 0.0005}, Decimal("0.0005")),
        ({"cost": "0.00000012"}, Decimal("0.00000012")),
        ({"cost": 0}, Decimal(0)),
        ({"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}}, Decimal("0.21")),
        ({"cost": 0.01, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.2}}, Decimal("0.01")),
        *(({"cost": each}, None) for each in (None, True, "free", -1, float("nan"), 1e12, {"total_cost": 1})),
        ({}, None),
        (None, None),
    ],
)
def test_what_was_charged_is_an_amount_of_dollars_or_unknown(usage, expected):
    assert reported_charge(usage) == expected
