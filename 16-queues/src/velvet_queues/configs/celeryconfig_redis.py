"""Celery on Redis for tasks that must not be lost. `velvet bench 16 --filter kill9` measures them."""

# Acknowledge after the task, not before it: without this a killed worker takes its tasks along.
task_acks_late = True
# A child of the pool that dies returns its task instead of failing it.
task_reject_on_worker_lost = True
# Hold no more than what runs: what is prefetched comes back only after the visibility timeout.
worker_prefetch_multiplier = 1
# After this long an unacknowledged task is given to another worker. The default is an hour. It must
# be longer than the longest task, or tasks run twice; here it is short enough to be watched.
# Redelivery is looked for at the worker's start and then at every tenth tick of 10 seconds, so that
# it may take 100 seconds more; the other two options make each tick look.
broker_transport_options = {
    "visibility_timeout": 5,
    "unacked_restore_throttle": 1,
    "unacked_restore_interval": 5,
}
# JSON only: a pickle would let every client that can write to the broker run code in the worker.
accept_content = ["json"]
task_serializer = "json"
task_ignore_result = True
