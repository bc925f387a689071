"""The dashboard of 01-environments."""

from velvet_environments.dashboard import main

main()
