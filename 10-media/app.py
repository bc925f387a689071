"""The dashboard of 10-media."""

from velvet_media.dashboard import main

main()
