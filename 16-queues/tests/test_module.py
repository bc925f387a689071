"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "first_task": (r"^lease +sqlite +1 waits, sent in", "started 1, ended 1$"),
        "what_is_on_the_wire": r"^huey +\d+ bytes in 1 keys: list$|^Redis is not here",
        "retries_and_backoff": (r"^4 attempts, ", r"^none +1280 calls", r"^full +967 calls"),
        "kill_a_worker": (r"^naive_thread +60 +\d+ +[1-9]", r"^production_lease +60 +60 +0 .* 0$"),
        "poison_and_dead_letters": (
            "^kills +dead: leased too often",
            "^old +dead: a message of version 0",
            "^redriven after the fix: 1 of 2$",
            "^done: 1, still dead: 3$",
        ),
        "idempotent_charge": (r"^2 starts, 1 charge$", "the lease of order-7 is lost"),
        "priorities_and_schedules": (
            "^priority 0: urgent is number 501$",
            "^priority 9: urgent is number 1$",
            "^2 schedulers, 20 ticks of 31 s: 11 slots of 60 s fired$",
            "^fired more than once: 0$",
        ),
        "overload": (r"^50% offered: p50 \d+ ms", r"^130% offered: .* the oldest for \d"),
        "outbox": ("^dual write: 3 orders, 2 messages$", "^outbox: +3 orders, 3 messages, 0 left"),
        "production_stack": ("^velvet_queue_depth ", "sent 80, finished 80, lost 0, started"),
    }
