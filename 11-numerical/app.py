"""The dashboard of 11-numerical."""

from velvet_numerical.dashboard import main

main()
