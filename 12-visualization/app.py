"""The dashboard of 12-visualization."""

from velvet_visualization.dashboard import main

main()
