"""Progress that a loop does not feel, and the well-known bars behind the same surface."""

from velvet_cli.progress.bars import ClickBar, Naive, Null, Progress, RichBar, Tqdm
from velvet_cli.progress.choice import BARS, pick
from velvet_cli.progress.formatting import format_count, format_interval
from velvet_cli.progress.throttled import Throttled

__all__ = [
    "BARS",
    "ClickBar",
    "Naive",
    "Null",
    "Progress",
    "RichBar",
    "Throttled",
    "Tqdm",
    "format_count",
    "format_interval",
    "pick",
]
