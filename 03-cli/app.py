"""The dashboard of 03-cli: composition only."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from velvet.bench.results import load
from velvet.bench.views import matrix
from velvet.errors import VelvetError
from velvet.ui import panels
from velvet.ui.frame import page, provenance

RESULTS = Path(__file__).parent / "benchmarks" / "results"

page("CLI Applications", "What does each command-line framework cost at every start, and what must I still add?")
measured = [name for name in ("local.json", "reference.json") if (RESULTS / name).exists()]
if measured:
    try:
        results = load(RESULTS / measured[0])
        st.plotly_chart(panels.heatmap(matrix(results, "unique"), title="unique"))
        st.caption(provenance(results))
    except VelvetError as error:
        st.error(str(error))
else:
    st.info("Nothing measured here yet: run `python benchmarks/measure.py --quick`.")
