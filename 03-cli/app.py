"""The dashboard of 03-cli."""

from velvet_cli.dashboard import main

main()
