"""The projects here are broken on purpose and are no tests of ours."""

collect_ignore = ["projects", "run.py"]
