"""The dashboard of 13-ml."""

from velvet_ml.dashboard import main

main()
