"""The dashboard of 17-validation."""

from velvet_validation.dashboard import main

main()
