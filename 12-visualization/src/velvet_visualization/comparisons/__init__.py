"""What is measured: one file a subject, each with `add_to(suite)`."""

from __future__ import annotations

from velvet_visualization.contenders import NAMES

# What each library needs installed.
NEEDS: dict[str, tuple[str, ...]] = {
    "altair": ("altair", "vl-convert-python"),
    "bokeh": ("bokeh",),
    "matplotlib": ("matplotlib",),
    "plotly": ("plotly", "kaleido"),
}
assert set(NEEDS) == set(NAMES)
BROWSER = ("browser", "kaleido")
