"""Celery on RabbitMQ for tasks that must not be lost: quorum queue, confirms, late acks."""

task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
# Replicated where there are several nodes, and written to disk before the confirm.
task_default_queue_type = "quorum"
worker_detect_quorum_queues = True
# The publish returns when the broker has the message, not when it is in a socket's buffer.
broker_transport_options = {"confirm_publish": True}
accept_content = ["json"]
task_serializer = "json"
task_ignore_result = True
