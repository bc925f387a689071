"""The dashboard of 02-packaging."""

from velvet_packaging.dashboard import main

main()
