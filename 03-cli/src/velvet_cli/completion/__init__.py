"""Completion made from the contract: no framework has to be imported for it at Tab time."""
