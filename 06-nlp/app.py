"""The dashboard of 06-nlp."""

from velvet_nlp.dashboard import main

main()
