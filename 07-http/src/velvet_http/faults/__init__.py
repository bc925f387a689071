"""The server that misbehaves on purpose, on loopback; apparatus of tests, examples and benchmarks."""

from velvet_http.faults.kinds import FAULTS, Fault, fault
from velvet_http.faults.server import FaultServer, LocalCA

__all__ = ["FAULTS", "Fault", "FaultServer", "LocalCA", "fault"]
