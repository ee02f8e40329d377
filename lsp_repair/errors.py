"""Everything this package raises on purpose.

LspRepairError
├── UsageError            the call itself is wrong: a path, an option, a setting        (exit code 2)
├── RefusedError          isolation, budget or trust forbid it                          (exit code 3)
├── CannotRunTestsError   no interpreter, no pytest, a conftest that does not load      (exit code 4)
└── OutOfTimeError        the time limit was reached; what was found by then is kept

An expected outcome (a rejected patch, a flaky test) is a value, never one of these.
"""


class LspRepairError(Exception):
    """An error with a machine-readable code and the way out.

    `code` is stable and documented; `hint` is one sentence that says what to do.
    """

    exit_code = 1

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class UsageError(LspRepairError):
    """The call is wrong: a path, an option or a setting."""

    exit_code = 2


class RefusedError(LspRepairError):
    """Isolation, budget or trust forbid what was asked for."""

    exit_code = 3


class CannotRunTestsError(LspRepairError):
    """The tests cannot be run at all."""

    exit_code = 4


class OutOfTimeError(LspRepairError):
    """The time limit was reached."""

    exit_code = 1

    def __init__(self) -> None:
        super().__init__("time-limit", "the time limit was reached", "raise it with --time-limit SECONDS")
