"""Sixteen refactorings that change nothing, and fourteen edits that break something."""

from __future__ import annotations

from velvet_testing.corpus import Edit

Patch = tuple[Edit, ...]

REFACTORINGS: dict[str, Patch] = {
    "charge by keyword": (
        Edit(
            'charge(f"order-{order.id}", order.cents)',
            'charge(key=f"order-{order.id}", cents=order.cents)',
        ),
    ),
    "mail by keyword": (
        Edit(
            'send(order.customer, f"Paid: {order.cents}")',
            'send(to=order.customer, text=f"Paid: {order.cents}")',
        ),
    ),
    "add by keyword": (Edit("self._repository.add(order)", "self._repository.add(order=order)"),),
    "read again before paying": (
        Edit(
            "        for attempt in range(ATTEMPTS):",
            "        order = self._repository.get(id)\n        for attempt in range(ATTEMPTS):",
        ),
    ),
    "look before placing": (
        Edit(
            "        self._repository.add(order)\n        return order",
            "        self._repository.of(customer)\n        self._repository.add(order)\n        return order",
        ),
    ),
    "rename a private attribute": (
        Edit(
            "self._repository, self._gateway = repository",
            "self._orders, self._gateway = repository",
        ),
        Edit("self._repository.add(order)", "self._orders.add(order)"),
        Edit(
            'order = self._repository.get(id)\n        if order.state == "paid":\n            return',
            'order = self._orders.get(id)\n        if order.state == "paid":\n            return',
        ),
        Edit("        self._repository.save(order)", "        self._orders.save(order)"),
        Edit(
            'order = self._repository.get(id)\n        if order.state == "paid":\n            self',
            'order = self._orders.get(id)\n        if order.state == "paid":\n            self',
        ),
        Edit("self._repository.save(replace", "self._orders.save(replace"),
        Edit("self._repository.of(customer)", "self._orders.of(customer)"),
    ),
    "extract a method": (
        Edit(
            'sum(order.cents for order in orders if order.state == "new")',
            "sum(map(self._open_cents, orders))",
        ),
        Edit(
            "    def owed(self",
            "    def _open_cents(self, order: Order) -> int:\n"
            '        return order.cents if order.state == "new" else 0\n\n    def owed(self',
        ),
    ),
    "look through the customer's orders": (
        Edit(
            '        order = self._repository.get(id)\n        if order.state == "paid":\n            self._gateway',
            "        order = next(o for o in self._repository.of(self._repository.get(id).customer)\n"
            '                     if o.id == id)\n        if order.state == "paid":\n            self._gateway',
        ),
    ),
    "read the clock first": (
        Edit(
            "        order = paid(order, receipt, self._clock())",
            "        order = paid(order, receipt, now)",
        ),
        Edit(
            "        for attempt in range(ATTEMPTS):",
            "        now = self._clock()\n        for attempt in range(ATTEMPTS):",
        ),
    ),
    "name the columns": (
        Edit(
            '"SELECT * FROM orders WHERE id = ?"',
            '"SELECT id, customer, cents, state, receipt, paid_at FROM orders WHERE id = ?"',
        ),
    ),
    "update instead of replace": (
        Edit(
            '        self._db.execute("REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?)", astuple(order))',
            '        self._db.execute("DELETE FROM orders WHERE id = ?", (order.id,))\n'
            '        self._db.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", astuple(order))',
        ),
    ),
    "commit by context": (
        Edit(
            '        self.get(order.id)\n        self._db.execute("REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?)", astuple(order))\n        self._db.commit()',
            '        self.get(order.id)\n        with self._db:\n            self._db.execute("REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?)", astuple(order))',
        ),
    ),
    "sort in Python": (
        Edit("WHERE customer = ? ORDER BY id", "WHERE customer = ?"),
        Edit(
            "return [Order(*row) for row in rows]",
            "return sorted((Order(*row) for row in rows), key=lambda o: o.id)",
        ),
    ),
    "request instead of post": (
        Edit('self._client.post("/charges", json', 'self._client.request("POST", "/charges", json'),
    ),
    "headers in a dict call": (
        Edit(
            'headers = {"Idempotency-Key": key}',
            'headers = dict({"Accept": "application/json"}, **{"Idempotency-Key": key})',
        ),
    ),
    "is_error of the client": (
        Edit(
            "        if answer.status_code >= 400:\n            raise GatewayError(receipt)",
            "        if answer.is_error:\n            raise GatewayError(receipt)",
        ),
    ),
}

BREAKAGES: dict[str, Patch] = {
    "free orders are taken": (Edit("if cents <= 0:", "if cents < 0:"),),
    "one attempt too few": (Edit("range(ATTEMPTS)", "range(ATTEMPTS - 1)"),),
    "a new key each attempt": (
        Edit('f"order-{order.id}", order', 'f"order-{order.id}-{attempt}", order'),
    ),
    "paid twice is charged twice": (
        Edit(
            'if order.state == "paid":\n            return order',
            'if order.state == "done":\n            return order',
        ),
    ),
    "payment is not saved": (Edit("        self._repository.save(order)\n", ""),),
    "mail goes to the order's id": (Edit("send(order.customer", "send(order.id"),),
    "no refund": (Edit("            self._gateway.refund(order.receipt)\n", "            pass\n"),),
    "refund by id": (Edit("refund(order.receipt)", "refund(order.id)"),),
    "cancelled orders are owed": (Edit('if order.state == "new")', 'if order.state != "paid")'),),
    "orders out of order": (
        Edit("WHERE customer = ? ORDER BY id", "WHERE customer = ? ORDER BY rowid DESC"),
    ),
    "a missing order is None": (
        Edit("            raise KeyError(id)\n", "            return None  # type: ignore\n"),
    ),
    "duplicates overwrite": (Edit('"INSERT INTO orders VALUES', '"REPLACE INTO orders VALUES'),),
    "a refusal is an error": (Edit("status_code == 402", "status_code == 403"),),
    "the key is not sent": (
        Edit('headers = {"Idempotency-Key": key}', "headers: dict[str, str] = {}"),
    ),
}
