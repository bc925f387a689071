"""The dashboard of 20-architecture."""

from velvet_architecture.dashboard import main

main()
