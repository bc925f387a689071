"""Concurrency patterns: limiters, breakers, queues and pools, each measured."""
