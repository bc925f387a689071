"""Advanced examples: offered load beyond capacity, the outbox, a stack that is deployed anew."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
import time
import urllib.request

from velvet.examples import example, main
from velvet_queues.contenders import Place, load
from velvet_queues.envelope import Envelope
from velvet_queues.fleet import Fleet
from velvet_queues.idempotency import SqlKeys
from velvet_queues.leasequeue import LeaseQueue
from velvet_queues.ledger import Delivery, Ledger
from velvet_queues.load import Histogram, arrivals, open_loop
from velvet_queues.metrics import Endpoint, Metrics, alerts, parse
from velvet_queues.outbox import Outbox
from velvet_queues.worker import Worker


@example("overload")
def overload() -> None:
    """Shows p95 and depth at half and at 130 % of measured capacity, sent on a fixed plan."""
    with tempfile.TemporaryDirectory() as folder, LeaseQueue(f"sqlite:///{folder}/q.db") as queue:
        waits = Histogram()

        def work(envelope: Envelope) -> None:
            time.sleep(0.01)
            waits.add(time.time() - float(envelope.payload))

        def serve(rate: float, seconds: float) -> tuple[int, float]:
            worker = Worker(queue, {"work": work}, poll_s=0.002)
            thread = threading.Thread(target=worker.run)
            thread.start()
            plan = arrivals(rate, seconds, seed=7)
            open_loop(lambda _, at: queue.put(Envelope("work", at)), plan)
            seen = queue.stats()
            while queue.stats().depth:
                time.sleep(0.01)
            worker.stop()
            thread.join()
            return seen.depth, seen.oldest_age_s

        queue.put_many([Envelope("work", time.time()) for _ in range(40)])
        begun = time.monotonic()
        serve(1, 0.01)
        capacity = 40 / (time.monotonic() - begun)
        print(f"capacity of one worker on tasks of 10 ms: {capacity:.0f} a second\n")
        for share in (0.5, 1.3):
            waits.buckets.clear()
            depth, age = serve(capacity * share, 2.0)
            p50, p95 = (waits.percentile(q) * 1e3 for q in (50, 95))
            print(f"{share:.0%} offered: p50 {p50:.0f} ms, p95 {p95:.0f} ms", end="")
            print(f"; at the end {depth} wait, the oldest for {age:.2f} s")
    print("why: beyond capacity the wait grows for as long as the load lasts")


@example("outbox")
def outbox() -> None:
    """Shows a crash between commit and enqueue: two writes lose a message, an outbox none."""
    sent: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        plain = sqlite3.connect(f"{folder}/orders.db")
        plain.execute("CREATE TABLE orders (id TEXT)")
        for number in range(3):
            plain.execute("INSERT INTO orders VALUES (?)", (f"order-{number}",))
            plain.commit()
            if number == 1:
                continue  # killed here, between the commit and the enqueue
            sent.append(f"order-{number}")
        print(f"dual write: 3 orders, {len(sent)} messages")
        plain.close()

        sent.clear()
        with LeaseQueue(f"sqlite:///{folder}/shop.db") as queue:
            store = queue.store
            box, keys = Outbox(store), SqlKeys(store)
            with store.transaction() as tx:
                tx.run("CREATE TABLE orders (id TEXT)")
            for number in range(3):
                with store.transaction() as tx:
                    tx.run("INSERT INTO orders VALUES (?)", (f"order-{number}",))
                    box.add(tx, Envelope("mail", id=f"order-{number}"))
                # A kill here loses nothing: the message is committed with the order.
            moved = box.relay(lambda envelope: sent.append(envelope.id))
            print(f"outbox:     3 orders, {moved} messages, {box.relay(print)} left to send")
            twice = [keys.once_in("order-1", lambda _: "mailed", 60).replayed for _ in range(2)]
            print(f"a relay that dies after sending sends again; replayed by the key: {twice}")
    print("why: one transaction holds both rows, so that no crash can part them")


@example("production_stack")
def production_stack() -> None:
    """Shows a worker process under load, its metrics, and a deploy that loses nothing."""
    with tempfile.TemporaryDirectory() as folder, Ledger(folder) as ledger:
        place = Place("lease", "sqlite", f"sqlite:///{folder}/q.db", folder)
        client = load("lease").client(place)
        with Fleet(place) as fleet, LeaseQueue(place.url, place.namespace) as queue:
            fleet.wait_ready(client, ledger)
            print("a worker process is ready")
            for _ in range(80):
                envelope = Envelope("effect", 40)
                client.send(envelope)
                ledger.record("sent", envelope.id)
            with Endpoint(queue, Metrics()) as endpoint:
                url = f"http://127.0.0.1:{endpoint.port}/metrics"
                with urllib.request.urlopen(url, timeout=10) as answer:
                    text = answer.read().decode()
            samples = parse(text)
            for name in ("depth", "inflight", "oldest_age_seconds"):
                print(f"velvet_queue_{name} {samples[f'velvet_queue_{name}']['']:g}"[:60])
            print(f"alerts: {alerts(samples) or 'none'}")
            fleet.start()
            print(f"deploy: new one started, old one ended by itself: {fleet.terminate(first=1)}")
            while queue.stats().depth:
                time.sleep(0.02)
        client.close()
        verdict = ledger.verdict()
        verdict.check(Delivery.AT_LEAST_ONCE)
        print(
            f"sent {verdict.sent}, finished {verdict.finished}, lost {len(verdict.lost)}, ", end=""
        )
        print(f"started twice {len(verdict.twice)}")
    print("why: SIGTERM means no new lease, finish what runs, then end")


if __name__ == "__main__":
    main()
