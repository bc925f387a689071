"""What to do with more work than there is time for: bound it, refuse it early, drop it deliberately.

A queue that always grows serves every client too late: at twice the capacity an unbounded queue delivers
a few per cent of its answers in time, a short one nearly all that the server can do. `AdmissionQueue`
puts the bound and the refusal in one place, `CoDel` decides by waiting time instead of by length, a
`Bulkhead` bounds what is in progress. Every refusal raises or returns False, and is counted.
"""

from __future__ import annotations

from velvet_concurrency.pressure.bulkhead import Bulkhead, BulkheadFull, BulkheadStats
from velvet_concurrency.pressure.codel import CoDel
from velvet_concurrency.pressure.queue import AdmissionQueue, QueueClosed, QueueStats, Refused

__all__ = ["AdmissionQueue", "Bulkhead", "BulkheadFull", "BulkheadStats", "CoDel"]
__all__ += ["QueueClosed", "QueueStats", "Refused"]
