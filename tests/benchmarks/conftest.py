"""Benchmarks are scripts beside the package; what is decided in them has tests all the same."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
