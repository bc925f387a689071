"""What stores share: how they open and, over SQL, the order of things in a transaction.

The rules of the shop (who is refused, what is checked first, what is locked in which order) stand
here once. What a library does in its own way stands in its file, so that two such files differ by
their libraries and by nothing else.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from velvet_databases.domain import DDL, DROP, Dataset
from velvet_databases.sqlcapture import QueryLog, capture
from velvet_databases.stores import base
from velvet_databases.stores.address import Address, read_address
from velvet_databases.stores.base import Opened, Store, TransferHow
from velvet_databases.stores.failures import connecting, translated


class Connected(Opened, Store):
    """A store on an address; `opened` is the library's connection, engine or client."""

    backend = ""

    @abstractmethod
    def _connect(self, address: Address) -> Any:
        """Return the library's own object; it need not have connected yet."""

    def _check(self) -> None:
        """Use `opened` once, to see that it works; it is closed where this fails."""

    def open(self, url: str) -> None:
        """Connect, as `Store.open`."""
        address = read_address(url, self.backends)
        with connecting(address):
            self._opened = self._connect(address)
            try:
                self._check()
            except BaseException:
                self.close()
                raise
        self.backend = address.backend


class Relational(Connected):
    """A synchronous store over SQL.

    Each library says what its `session` is: the object on which statements of one transaction are
    executed. Accounts that it returns have `id`, `balance_cents` and `version`.
    """

    backends: ClassVar[frozenset[str]] = frozenset({"sqlite", "postgresql"})
    # How customers, products and accounts go in, where it is not the last of `bulk_methods`.
    _reference_method: ClassVar[str] = ""

    @abstractmethod
    def _transaction(self, *, reads_first: bool = False) -> AbstractContextManager[Any]:
        """Open a transaction and give its session; `reads_first` where it does not write at once."""

    @abstractmethod
    def _execute(self, session: Any, statement: str) -> None:
        """Execute a statement as it is written."""

    @abstractmethod
    def _insert(self, session: Any, table: str, items: Sequence[Any], method: str) -> None:
        """Insert rows of a table, one or more, by a bulk method."""

    @abstractmethod
    def _add(self, session: Any, account: int, change: int) -> int:
        """Change a balance inside the server, if it stays above zero; return the rows changed."""

    @abstractmethod
    def _accounts(
        self, session: Any, keys: Sequence[int], *, locked: bool = False
    ) -> dict[int, Any]:
        """Return the accounts that are there, read (and locked) by ascending key."""

    @abstractmethod
    def _put(self, session: Any, account: Any, balance: int, *, checked: bool) -> int:
        """Write a balance, `checked` if the version is still the same; return the rows changed."""

    @abstractmethod
    def _change_status(self, order_id: int, status: str, expected_version: int) -> int:
        """Set a status, if the order is at that version; return the rows changed."""

    def _execute_each(self, session: Any, statements: Sequence[str]) -> None:
        for statement in statements:
            self._execute(session, statement)

    def create_schema(self) -> None:
        with self._transaction() as session:
            self._execute_each(session, DDL[self.backend])

    def drop_schema(self) -> None:
        with self._transaction() as session:
            self._execute_each(session, DROP)

    def _insert_each(self, session: Any, tables: dict[str, Sequence[Any]], method: str) -> None:
        for table, items in tables.items():
            if items:
                self._insert(session, table, items, method)

    def insert_reference(self, data: Dataset) -> None:
        method = self._reference_method or self.bulk_methods()[-1]
        with translated(self.backend, data), self._transaction() as session:
            self._insert_each(session, data.reference, method)

    def insert_orders(self, data: Dataset, method: str) -> int:
        base.check_method(method, self.bulk_methods())
        with translated(self.backend, data), self._transaction() as session:
            self._insert_each(session, data.ordered, method)
        return data.order_rows

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        with translated(self.backend):
            changed = self._change_status(order_id, status, expected_version)
        if not changed:
            raise base.stale_order(order_id, self.get_order(order_id).version, expected_version)

    def _balance(self, session: Any, account: int) -> int:
        found = self._accounts(session, [account])
        if account not in found:
            raise base.no_account(account)
        return int(found[account].balance_cents)

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        changes = base.moves(source, target, cents, how, self.backend)
        reads_first = how is not TransferHow.ATOMIC
        with translated(self.backend), self._transaction(reads_first=reads_first) as session:
            self._move(session, changes, how)

    def _move(self, session: Any, changes: list[tuple[int, int]], how: TransferHow) -> None:
        if how is TransferHow.ATOMIC:
            for key, change in changes:
                if not self._add(session, key, change):
                    raise base.overdraft(key, self._balance(session, key), -change)
            return
        keys, checked = [key for key, _ in changes], how is TransferHow.VERSION
        found = self._accounts(session, keys, locked=how is TransferHow.FOR_UPDATE)
        balances = {key: account.balance_cents for key, account in found.items()}
        for key, balance in base.after(changes, balances):
            version = found[key].version
            if not self._put(session, found[key], balance, checked=checked):
                raise base.stale_account(key, version)

    def capture(self) -> AbstractContextManager[QueryLog]:
        return capture(self.opened)
