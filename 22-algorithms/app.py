"""The dashboard of 22-algorithms."""

from velvet_algorithms.dashboard import main

main()
