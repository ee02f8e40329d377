"""The tool's end of a cold run's pipe: bytes in, reports out, and no trust in either."""

from dataclasses import dataclass, field
from hmac import compare_digest

from lsp_repair.testrun.probe import channel
from lsp_repair.testrun.probe.pipe_records import Record
from lsp_repair.testrun.probe.session.sealing import TAG_BYTES, Sign, chain
from lsp_repair.testrun.shapes import read_report

_MAX_BYTES = 1 << 30
"""Of all records of one process."""


@dataclass(slots=True)
class Intake:
    """One process's reports; `garbled` says why it cannot be trusted any more, and then nothing more is taken.

    The first record comes before the secret is known to the process, and is the only one without a seal.
    """

    secret: bytes = field(repr=False)
    garbled: str = ""
    _buffer: bytearray = field(default_factory=bytearray)
    _taken: int = 0
    _is_greeted: bool = False
    _sign: Sign | None = None

    def feed(self, chunk: bytes) -> list[Record]:
        """The reports that are complete with this chunk."""
        self._taken += len(chunk)
        found: list[Record] = []
        if self.garbled:
            return found
        if self._taken > _MAX_BYTES:
            self.garbled = "the process reported too much"
            return found
        self._buffer += chunk
        try:
            found.extend(self._record(payload) for payload in channel.payloads(self._buffer))
        except ValueError as error:
            self.garbled = str(error)
        return found

    def _record(self, payload: bytes) -> Record:
        if not self._is_greeted:
            self._is_greeted = True
            self._sign = chain(self.secret)
        else:
            assert self._sign is not None
            tag, payload = payload[:TAG_BYTES], payload[TAG_BYTES:]
            if not compare_digest(tag, self._sign(payload)):
                raise ValueError("a record was forged, lost or repeated")
        return read_report(channel.decoded(payload))
