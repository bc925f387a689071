"""The dashboard of 19-performance."""

from velvet_performance.dashboard import main

main()
