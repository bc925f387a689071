"""Advanced examples: the gap of a sequence, kill -9, a saga that undoes, the price of a change."""

from __future__ import annotations

import tempfile
from pathlib import Path

from velvet.examples import example, main
from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.bootstrap import build
from velvet_architecture.domain.orders import Money, OrderLine, PlaceOrder
from velvet_architecture.lab import crash, evolution, gap
from velvet_architecture.samples.acceptance import CHANGES

KILLED_AFTER = 25  # acknowledgements


@example("the_gap")
def the_gap() -> None:
    """A follower of a sequence loses events, and three remedies meet the same writers."""
    for step in gap.interleave("naive", writers=2, each=2, seed=6):
        if isinstance(step, gap.Step):
            seen = ",".join(map(str, step.seen)) or "-"
            print(f"  {step.action:18} {step.position}   visible {len(step.visible)}  seen {seen}")
        else:
            print(f"  lost for ever: {step.missed} of {step.events}\n")
    print(f"{'strategy':15}{'lost':>9}{'with 5 % rolled back':>23}{'writers wait':>14}")
    for name in gap.STRATEGIES:
        plain = [gap.play(name, seed=seed) for seed in range(10)]
        undone = [gap.play(name, seed=seed, rollbacks=0.05) for seed in range(10)]
        lost, more = sum(one.missed for one in plain), sum(one.missed for one in undone)
        waited = sum(one.waited for one in plain)
        print(f"{name:15}{lost:>9}{more:>23}{waited:>14}")
    print("why: a number is taken before the commit; one that was rolled back stays a gap;")
    print("     a lock lets the writers wait, xid the follower")


@example("kill_nine")
def kill_nine() -> None:
    """Programs are killed while they append and while they publish; what was promised is counted."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        here = Path(folder)
        print(f"{'killed after':>14}{'acknowledged':>14}{'stored':>8}{'lost':>6}{'torn':>6}")
        (here / "killed").mkdir()
        left = crash.kill_after(here / "killed", KILLED_AFTER)
        print(
            f"{KILLED_AFTER:>9} acks{left.acknowledged:>14}{left.stored:>8}"
            f"{left.lost:>6}{left.partial:>6}"
        )
        torn = crash.tear(here, places=10)
        print(f"log cut at 10 places: {sum(one.prefix for one in torn)} open as whole commits\n")
        print(
            f"{'messages by':14}{'kills':>6}{'orders':>8}{'lost':>6}{'sent twice':>12}{'wrong':>7}"
        )
        for mode in crash.MODES:
            (here / mode).mkdir()
            told = crash.deliver(here / mode, mode, rounds=2, total=12)
            print(
                f"{mode:14}{told.kills:>6}{told.orders:>8}{told.lost:>6}"
                f"{told.duplicate_sends:>12}{told.wrong_effects:>7}"
            )
    print("why: delivery is at least once; the inbox makes the effect exactly once")


@example("saga_with_compensation")
def saga_with_compensation() -> None:
    """Two lines are reserved, the payment is refused, and all is undone in reverse order."""
    store = MemoryEventStore()
    shop = build(store, payment_limit=5_000)
    for sku in ("lamp", "vase"):
        shop.receive(sku, "batch-1", 10)
    lines = tuple(OrderLine(sku, 3, Money(1_000, "EUR")) for sku in ("lamp", "vase"))
    progress = shop.place("o1", PlaceOrder(lines, "ada"))

    for event in store.read_all():
        if event.stream.startswith("process-"):
            told = shop.registry.decode(event)
            step = getattr(told, "step", getattr(told, "result", ""))
            print(f"  {type(told).__name__:13} {step:17} {getattr(told, 'why', '')}")
    print(f"order: {progress.result}; free: lamp {shop.available('lamp')}, ", end="")
    print(f"vase {shop.available('vase')}; payments taken: {len(shop.payments.authorised)}")
    again = shop.fulfilment.run("o1")
    print(f"run again: {again.result}, {len(store.read('process-o1'))} events as before")
    print("why: no transaction spans three aggregates; a log of steps does")


@example("price_of_change")
def price_of_change() -> None:
    """Eight changes reach three architectures; files, lines and broken tests are counted."""
    costs = {name: evolution.measure(name) for name in evolution.ARCHITECTURES}
    head = "".join(f"{name:>22}" for name in costs)
    print(f"{'':5}{head}")
    print(f"{'':5}" + f"{'files':>8}{'lines':>7}{'broke':>7}" * 3)
    for number, step in enumerate(next(iter(costs.values()))):
        cells = ""
        for name in costs:
            one = costs[name][number]
            lines = one.lines_added + one.changed_in_old
            cells += f"{one.files_touched:>8}{lines:>7}{one.own_tests_broken:>7}"
        print(f"{step.step:5}{cells}")
    for number, text in enumerate(CHANGES[1:], 1):
        print(f"c0{number}: {text}")
    for name, steps in costs.items():
        opens = sum(one.old_data_opens for one in steps)
        past = "yes" if steps[-1].history_answer else "no"
        print(f"{name}: {opens} of 8 open yesterday's data; knows the whole past: {past}")
    print("why: layers make a field dearer and a store cheaper; only a log has a past")


if __name__ == "__main__":
    main()
