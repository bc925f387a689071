"""The dashboard of 09-concurrency."""

# Streamlit and Plotly load pandas late, and a second run of the script that meets it half-loaded
# fails inside of a figure; a whole import at the top makes that run wait instead.
import pandas  # type: ignore[import-untyped,unused-ignore]  # noqa: F401

from velvet_concurrency.dashboard import main

main()
