"""What a user can do about a refusal that no other sample would mend."""

import difflib
from collections.abc import Iterator, Sequence
from typing import Any, cast

from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.exchange.classifying import wants_responses
from lsp_repair.models.messages import Failed, Failure

_NAMES = 3
_CUTOFF = 0.4


def way_out(failure: Failure, endpoint: Endpoint, names: Sequence[str]) -> str:
    """What helps, in words; empty where nothing is known. `names` are the models that the endpoint lists."""
    if failure.why is Failed.UNAUTHORISED:
        return _of_key(endpoint)
    if failure.why is not Failed.NOT_FOUND:
        return ""
    if wants_responses(failure):
        return 'set api = "responses" for this model'
    if names:
        if endpoint.model in names:
            return 'it lists this model, so perhaps not for chat completions: try api = "responses"'
        return f"it has {', '.join(_nearest(endpoint.model, names))}"
    if ".azure.com" in endpoint.host:
        return "with Azure, model is the name of your deployment"
    return f"check the model's name and the address {endpoint.base_url} (most end in /v1)"


def _of_key(endpoint: Endpoint) -> str:
    kind, _, name = endpoint.key_source.partition(":")
    host = endpoint.host.partition(":")[0]
    if kind == "env":
        return f"check {name}, or store another key with: lsp-repair login {host}"
    if kind == "keyring":
        return f"store another key with: lsp-repair login {name or host}"
    return 'it needs a key: set key = "env:NAME" for this model'


def _nearest(model: str, names: Sequence[str]) -> list[str]:
    """The likeliest of the names, compared without the part before the last slash if that gives none."""
    found = difflib.get_close_matches(model, names, _NAMES, _CUTOFF)
    short = {each.rpartition("/")[2]: each for each in names}
    found = found or [
        short[each] for each in difflib.get_close_matches(model.rpartition("/")[2], short, _NAMES, _CUTOFF)
    ]
    rest = len(names) - len(found or names[:_NAMES])
    return [*(found or names[:_NAMES]), *([f"and {rest} more"] if rest > 0 else [])]


def listed_names(document: object) -> tuple[str, ...]:
    """The ids of a list of models; none where it is something else."""
    return tuple(_ids(document))


def _ids(document: object) -> Iterator[str]:
    data = cast("dict[str, Any]", document).get("data") if isinstance(document, dict) else document
    for each in cast("list[object]", data) if isinstance(data, list) else []:
        name = cast("dict[str, Any]", each).get("id") if isinstance(each, dict) else None
        if isinstance(name, str) and name:
            yield name
