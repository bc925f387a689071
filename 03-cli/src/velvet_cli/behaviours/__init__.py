"""What a well-behaved command-line program does, as 26 rules that run against a real process."""

from velvet_cli.behaviours.matrix import Matrix, run_matrix
from velvet_cli.behaviours.rows import BEHAVIOURS
from velvet_cli.behaviours.subject import Behaviour, Seen, Subject

__all__ = ["BEHAVIOURS", "Behaviour", "Matrix", "Seen", "Subject", "run_matrix"]
