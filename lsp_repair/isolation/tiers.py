"""Which isolation tier is in force, and whether it suffices."""

from lsp_repair.domain.isolation import Effect, IsolationReport, Tier
from lsp_repair.errors import RefusedError

_EFFECTS = ("network", "home", "host-files", "host-processes", "secrets-in-environment")


def report() -> IsolationReport:
    """The tier that candidate code runs at on this machine.

    This version knows the weakest one: a private copy of the project, resource limits, a process group killed whole
    and an environment without secrets. Nothing of it is enforced by the kernel, so every effect is reported open.
    """
    return IsolationReport(Tier.WEAK, dict.fromkeys(_EFFECTS, Effect.OPEN))


def demand(tier: Tier | None) -> IsolationReport:
    """The report, or RefusedError (`isolation`) when it is weaker than demanded."""
    found = report()
    if tier is not None and not found.tier.satisfies(tier):
        raise RefusedError(
            "isolation",
            f"isolation {tier} was demanded and this machine offers {found.tier}",
            f"run with --min-isolation {found.tier} to accept what there is",
        )
    return found
