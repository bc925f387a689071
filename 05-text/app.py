"""The dashboard of 05-text."""

from velvet_text.dashboard import main

main()
