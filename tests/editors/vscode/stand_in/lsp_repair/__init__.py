"""Stands in for the server where only the extension is tried: canned answers, no engine, no test ever runs."""
