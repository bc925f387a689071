"""The dashboard of 21-desktop."""

from velvet_desktop.dashboard import main

main()
