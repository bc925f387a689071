"""Task queues judged by a ledger: what happens to the tasks when a worker is killed."""
