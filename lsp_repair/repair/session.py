"""What all stages of one `fix` share."""

from dataclasses import dataclass

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Observer
from lsp_repair.repair.fix_request import FixRequest
from lsp_repair.repair.stages.prepare import Prepared


@dataclass(frozen=True, slots=True)
class Session:
    """One `fix` over one prepared project. Results of the stages are passed on by the engine; they are not kept here."""

    request: FixRequest
    prepared: Prepared
    deadline: Deadline
    observe: Observer
