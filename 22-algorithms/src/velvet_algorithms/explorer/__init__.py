"""What the dashboard shows, as plain data: requests, what a child told, curves and searches.

Everything that takes longer than a redraw runs in `python -m velvet_algorithms.explorer.child`, whose
JSON lines are read here; everything else is computed at once from a seed.
"""

from velvet_algorithms.explorer.assault import AssaultRun
from velvet_algorithms.explorer.assault import AttackRequest as AttackRequest
from velvet_algorithms.explorer.assault import quick_assault, read_assault
from velvet_algorithms.explorer.hit_curves import (
    POLICIES,
    TRACES,
    TraceRequest,
    hit_curves,
    sizes_for,
)
from velvet_algorithms.explorer.lab import FAMILIES, MOST_CURVES, Family, LabRequest, family_of
from velvet_algorithms.explorer.lab_run import Crossing, Curve, LabRun, crossings, read_lab
from velvet_algorithms.explorer.lab_run import read_recording as read_recording
from velvet_algorithms.explorer.roads import (
    ALGORITHMS,
    Search,
    Town,
    read_hierarchy,
    searches,
    town,
    unpacked,
)
from velvet_algorithms.explorer.sieve_steps import SieveStep, sieve_story
from velvet_algorithms.explorer.streams import Checkpoint, WordCount, stream_checkpoints

__all__ = [
    "ALGORITHMS",
    "FAMILIES",
    "MOST_CURVES",
    "POLICIES",
    "TRACES",
    "AssaultRun",
    "AttackRequest",
    "Checkpoint",
    "Crossing",
    "Curve",
    "Family",
    "LabRequest",
    "LabRun",
    "Search",
    "SieveStep",
    "Town",
    "TraceRequest",
    "WordCount",
    "crossings",
    "family_of",
    "hit_curves",
    "quick_assault",
    "read_assault",
    "read_hierarchy",
    "read_lab",
    "read_recording",
    "searches",
    "sieve_story",
    "sizes_for",
    "stream_checkpoints",
    "town",
    "unpacked",
]
