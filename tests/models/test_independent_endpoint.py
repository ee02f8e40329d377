"""Another implementation of the wire format and of prices: the litellm proxy in front of the scripted model.

Needs the command `litellm` (pip install 'litellm[proxy]', in an environment of its own) named by LSP_REPAIR_TEST_LITELLM.
"""

import json
import os
import socket
import subprocess
import urllib.error
import urllib.request
from decimal import Decimal

import pytest
from endings import running
from endpoint import document, said

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.model_choice import ModelChoice
from lsp_repair.domain.money import DeclaredPrice
from lsp_repair.models.endpoints import resolve
from lsp_repair.models.exchange.wire import Wire
from lsp_repair.models.messages import ChatRequest, Complete, Failure, Message

PROXY = os.environ.get("LSP_REPAIR_TEST_LITELLM")
KEY = "sk-local-5678"  # the proxy refuses sk-1234
PRICE = DeclaredPrice(Decimal("0.25"), Decimal(2))
USAGE = {"prompt_tokens": 1234, "completion_tokens": 56, "total_tokens": 1290}

pytestmark = pytest.mark.skipif(not PROXY, reason="LSP_REPAIR_TEST_LITELLM names no litellm command")


@pytest.fixture
def proxy(model_server, tmp_path):
    """The proxy's address; it stands in front of the scripted model and knows its price."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = {
        "model_list": [
            {
                "model_name": "priced",
                "litellm_params": {
                    "model": "openai/scripted",
                    "api_base": model_server.url,
                    "api_key": "sk-upstream",
                    "input_cost_per_token": 0.00000025,
                    "output_cost_per_token": 0.000002,
                },
            }
        ],
        "litellm_settings": {"telemetry": False, "num_retries": 0},
        "general_settings": {"master_key": KEY},
    }
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    closed = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
    command = [PROXY, "--config", str(tmp_path / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)]
    environ = os.environ | closed | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
    log = subprocess.STDOUT
    with running(command, limit=300, env=environ, stdout=subprocess.PIPE, stderr=log, text=True) as process:
        for line in process.stdout:
            if "Uvicorn running" in line:
                break
        yield f"http://127.0.0.1:{port}/v1"
        process.terminate()
        process.stdout.read()


def asked(url, key=KEY):
    choice = ModelChoice("priced", base_url=url, key="env:PROXY_KEY", price=PRICE)
    endpoint = resolve(choice, {"PROXY_KEY": key})
    request = ChatRequest((Message("system", "You repair."), Message("user", "Please.")), 0.2, 64)
    return Wire(endpoint).exchange(request, Deadline.after(60), lambda _: None)


def test_a_stream_through_another_implementation_is_whole(model_server, proxy):
    model_server.answers_with(lambda _: said("Two sentences. All of them.", usage=USAGE))
    reply = asked(proxy)
    assert isinstance(reply, Complete)
    assert reply.text == "Two sentences. All of them."
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (1234, 56)


def test_our_price_is_the_price_that_the_other_implementation_computes(model_server, proxy):
    message = {"role": "assistant", "content": "Text."}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": USAGE}
    model_server.answers_with(lambda _: document(whole))
    body = json.dumps({"model": "priced", "messages": [{"role": "user", "content": "Please."}]}).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(f"{proxy}/chat/completions", body, headers), timeout=60) as answer:
        theirs = Decimal(answer.headers["x-litellm-response-cost"])
        reported = json.load(answer)["usage"]
    model_server.answers_with(lambda _: said("Text.", usage=USAGE))
    ours = asked(proxy)
    assert isinstance(ours, Complete)
    assert (reported["prompt_tokens"], reported["completion_tokens"]) == (
        ours.usage.input_tokens,
        ours.usage.output_tokens,
    )
    assert PRICE.cost(ours.usage) == theirs.quantize(Decimal("1e-9"))


def test_a_key_that_the_proxy_refuses_costs_nothing(proxy):
    refused = asked(proxy, key="sk-1234")
    assert isinstance(refused, Failure)
    assert not refused.billed
