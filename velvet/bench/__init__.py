"""The measuring harness: contenders are interleaved, paired and judged by their ratios.

A module's `benchmarks/measure.py` declares a `Suite` of comparisons and claims; everything
else (children, rounds, intervals, verdicts, result files) happens here. Importing this
package costs a few milliseconds, because every measured child pays for it.
"""

from velvet.bench.claims import across, geometric_mean, growth, order, ratio, speedup, value
from velvet.bench.model import Absent, Command, Comparison, Metric, Outcome, Timed, mode
from velvet.bench.stats import Estimate
from velvet.bench.suite import Suite

__all__ = ["Absent", "Command", "Comparison", "Estimate", "Metric", "Outcome", "Suite", "Timed"]
__all__ += ["across", "geometric_mean", "growth", "mode", "order", "ratio", "speedup", "value"]
