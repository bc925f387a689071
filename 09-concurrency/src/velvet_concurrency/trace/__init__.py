"""What a concurrent program did and when: spans, recorded cheaply enough to leave on.

`Tracer` measures every step of every asyncio task, so running and waiting are observed and not
guessed; `TracedExecutor` does the same for pools of threads and processes; `span` marks a piece of
code for whichever tracer is in charge. `LoopLag` and `Resources` sample what spans cannot show.
"""

from __future__ import annotations

from velvet_concurrency.trace.executor import TracedExecutor
from velvet_concurrency.trace.sampling import LoopLag, Resources, Sample
from velvet_concurrency.trace.tracer import Tracer, in_charge, span, tracing
from velvet_concurrency.trace.views import Kind, Span, chrome_trace, concurrency, self_time

__all__ = ["Kind", "LoopLag", "Resources", "Sample", "Span", "TracedExecutor", "Tracer"]
__all__ += ["chrome_trace", "concurrency", "in_charge", "self_time", "span", "tracing"]
