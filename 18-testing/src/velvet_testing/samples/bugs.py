"""Sixty bugs, five in each program, and three more of `ttl_lru` for the evolution story.

`provenance` names a public class of bugs: a project of the BugsInPy collection, a CWE number, or
the name that the field has for it. Classes are taken from there and never code.
"""

from __future__ import annotations

from velvet_testing.corpus import Bug, BugKind, Edit


def _bug(id: str, kind: BugKind, old: str, new: str, provenance: str, shows: str) -> Bug:
    program = id.rpartition("-")[0]
    return Bug(id, program, kind, (Edit(old, new),), provenance, shows)


K = BugKind
BUGS: tuple[Bug, ...] = (
    # money_split
    _bug(
        "money_split-1", K.BOUNDARY, "order[:rest]", "order[: rest - 1]",
        "CWE-193 off-by-one", "split(100, [1, 1, 1]) == [34, 33, 33]",
    ),
    _bug(
        "money_split-2", K.ARITHMETIC, "[total * weight // whole for", "[int(total * weight / whole) for",
        "CWE-682 float in integer arithmetic", "sum(split(-5, [1, 1])) == -5",
    ),
    _bug(
        "money_split-3", K.ORDERING, "(-(total * weights[i] % whole), i)", "(total * weights[i] % whole, i)",
        "BugsInPy pandas: sort direction", "split(5, [1, 2]) == [2, 3]",
    ),
    _bug(
        "money_split-4", K.PARSING, "value = int(whole) * 100 + int(cents)\n    return -value if sign else value",
        "value = int(sign + whole) * 100\n    return value - int(cents) if value < 0 else value + int(cents)",
        "lost sign of a number between -1 and 0", 'parse("-0.50") == -50',
    ),
    _bug(
        "money_split-5", K.TYPO, "{abs(cents) % 100:02d}", "{abs(cents) % 100:2d}",
        "format specification typo", 'format_cents(105) == "1.05"',
    ),
    # csv_codec
    _bug(
        "csv_codec-1", K.PARSING, "                i += 1\n            else:", "            else:",
        "CWE-116 escape read twice", 'decode(encode([[\'a"b\']])) == [[\'a"b\']]',
    ),
    _bug(
        "csv_codec-2", K.BOUNDARY, "if field or row or closed:", "if row or closed:",
        "last record without an end of line", 'decode("a") == [["a"]]',
    ),
    _bug(
        "csv_codec-3", K.CONTRACT, "    if quoted:\n        raise ValueError", "    if False:\n        raise ValueError",
        "BugsInPy black: malformed input accepted", "raises(ValueError, decode, '\"a')",
    ),
    _bug(
        "csv_codec-4", K.PARSING, "',\"\\n\\r'", "',\"\\n'",
        "RFC 4180 carriage return not quoted", 'decode(encode([["a\\r"]])) == [["a\\r"]]',
    ),
    _bug(
        "csv_codec-5", K.UNICODE, 'elif char == "\\n":', 'elif char in "\\n\\u2028\\x85":',
        "str.splitlines splits at more than line feeds", 'decode("a\\x85b\\n") == [["a\\x85b"]]',
    ),
    # interval_set
    _bug(
        "interval_set-1", K.BOUNDARY, "if b < lo or hi < a:", "if b <= lo or hi < a:",
        "CWE-193 touching spans", 'play(World(program), "add 1 2; add 2 3; state")[2] == (2, True)',
    ),
    _bug(
        "interval_set-2", K.BOUNDARY, "x < self.spans[i][1]", "x <= self.spans[i][1]",
        "CWE-193 half-open end", 'play(World(program), "add 1 3; has 3")[1] is False',
    ),
    _bug(
        "interval_set-3", K.STATE, "max(hi, b)", "hi",
        "merged span swallows its neighbour", 'play(World(program), "add 1 9; add 2 3; has 8")[2] is True',
    ),
    _bug(
        "interval_set-4", K.ARITHMETIC, "kept.append((a, min(b, lo)))", "kept.append((a, lo))",
        "clamp forgotten", 'play(World(program), "add 1 3; remove 5 6; has 4")[2] is False',
    ),
    _bug(
        "interval_set-5", K.TYPO, "kept.append((max(a, hi), b))", "kept.append((min(a, hi), b))",
        "min for max", 'play(World(program), "add 1 9; remove 3 5; has 4")[2] is False',
    ),
    # ttl_lru
    _bug(
        "ttl_lru-1", K.TIME, "if self._clock() >= expires:", "if self._clock() > expires:",
        "expiry one tick late", 'play(World(program), "put a 1; tick 10; get a")[2] is None',
    ),
    _bug(
        "ttl_lru-2", K.STATE, "        self._items.move_to_end(key)\n        return value", "        return value",
        "recency not updated by reads",
        'play(World(program), "put a 1; put b 2; get a; put c 3; get a")[4] == 1',
    ),
    _bug(
        "ttl_lru-3", K.STATE, "        self._items.move_to_end(key)\n        if len", "        if len",
        "recency not updated by writes",
        'play(World(program), "put a 1; put b 2; put a 3; put c 4; get a")[4] == 3',
    ),
    _bug(
        "ttl_lru-4", K.STATE, "            if expires <= now:", "            if expires < 0:",
        "stale entry evicts a live one",
        'play(World(program), "put a 1; tick 6; put b 2; get a; tick 5; put c 3; get b")[6] == 2',
    ),
    _bug(
        "ttl_lru-5", K.CONTRACT, "return entry is not None and self._clock() < entry[1]", "return entry is not None",
        "success reported for what was not there", 'play(World(program), "put a 1; tick 10; delete a")[2] is False',
    ),
    # token_bucket
    _bug(
        "token_bucket-1", K.BOUNDARY, "if self._tokens < n:", "if self._tokens <= n:",
        "CWE-193 last token", 'play(World(program), "take 4") == [True]',
    ),
    _bug(
        "token_bucket-2", K.TIME, "max(0.0, now - self._at)", "now - self._at",
        "clock stepped back", 'play(World(program), "take 1; tick -9; take 1")[2] is True',
    ),
    _bug(
        "token_bucket-3", K.ARITHMETIC, "min(self.capacity, self._tokens + elapsed * self.rate)",
        "self._tokens + elapsed * self.rate",
        "saturation forgotten", 'play(World(program), "tick 9; take 4; take 1")[2] is False',
    ),
    _bug(
        "token_bucket-4", K.TIME, "        self._at = now\n\n", "        self._at = max(self._at, now)\n\n",
        "no refill until the old time is reached again",
        'play(World(program), "take 4; tick -9; take 1; tick 1; take 1")[4] is True',
    ),
    _bug(
        "token_bucket-5", K.ARITHMETIC, "(n - self._tokens) / self.rate", "(n - self._tokens) // self.rate",
        "floor division in a duration", 'play(World(program), "take 4; wait 1")[1] == 0.5',
    ),
    # semver_sort
    _bug(
        "semver_sort-1", K.ORDERING, '(False, int(part), "") if part.isdigit()', '(False, 0, part) if part.isdigit()',
        "numbers compared as text", 'ordered(["1.0.0-10", "1.0.0-9"])[0] == "1.0.0-9"',
    ),
    _bug(
        "semver_sort-2", K.ORDERING, "pre is None, tuple(parts)", "pre is not None, tuple(parts)",
        "pre-release above its release", 'ordered(["1.0.0", "1.0.0-a"])[0] == "1.0.0-a"',
    ),
    _bug(
        "semver_sort-3", K.PARSING, '_NUMBER = r"(0|[1-9]\\d*)"', '_NUMBER = r"(\\d+)"',
        "leading zeros accepted", 'raises(ValueError, key, "1.02.3")',
    ),
    _bug(
        "semver_sort-4", K.STATE, 'return f"{major}.{minor}.{patch + released}"', 'return f"{major}.{minor}.{patch + 1}"',
        "pre-release flag forgotten in a bump", 'bump("1.2.3-rc.1", "patch") == "1.2.3"',
    ),
    _bug(
        "semver_sort-5", K.TYPO, 'return f"{major}.{minor + 1}.0"', 'return f"{major}.{minor + 1}.{patch}"',
        "lower part not reset", 'bump("1.2.3", "minor") == "1.3.0"',
    ),
    # pager
    _bug(
        "pager-1", K.ORDERING, "if event > after]", "if event[0] > after[0]]",
        "ties lost between pages", 'page([(1, "a"), (1, "b")], 1, "1:a")[0] == [(1, "b")]',
    ),
    _bug(
        "pager-2", K.BOUNDARY, "if event > after]", "if event >= after]",
        "row repeated on the next page", 'page([(1, "a"), (2, "b")], 1, "1:a")[0] == [(2, "b")]',
    ),
    _bug(
        "pager-3", K.BOUNDARY, "if len(rest) <= size:", "if len(rest) < size:",
        "an empty page at the end", 'page([(1, "a")], 1)[1] is None',
    ),
    _bug(
        "pager-4", K.PARSING, 'cursor.partition(":")', 'cursor.rpartition(":")',
        "delimiter inside a field", 'page([(1, "a:b"), (2, "c")], 1, "1:a:b")[0] == [(2, "c")]',
    ),
    _bug(
        "pager-5", K.ORDERING, "rest = sorted(events)", "rest = list(events)",
        "order of insertion taken for order", 'page([(2, "b"), (1, "a")], 2)[0] == [(1, "a"), (2, "b")]',
    ),
    # ledger
    _bug(
        "ledger-1", K.TRANSACTION, "        db.execute(\"UPDATE account SET cents = cents + ?",
        "        db.commit()\n        db.execute(\"UPDATE account SET cents = cents + ?",
        "commit between two halves", "all_or_nothing(program)",
    ),
    _bug(
        "ledger-2", K.TRANSACTION, "        db.rollback()\n", "        db.commit()\n",
        "commit in the error path", "all_or_nothing(program)",
    ),
    _bug(
        "ledger-3", K.RESOURCE, "        db.rollback()\n        raise", "        raise",
        "transaction left open after an error", "all_or_nothing(program)",
    ),
    _bug(
        "ledger-4", K.BOUNDARY, "if balance(db, payer) < cents:", "if balance(db, payer) <= cents:",
        "CWE-193 last cent", 'books(program, "transfer a b 100") == [True]',
    ),
    _bug(
        "ledger-5", K.TRANSACTION, "(payer, payee, cents))\n        db.commit()", "(payer, payee, cents))",
        "commit forgotten", 'books(program, "transfer a b 1; books")[1][1] == 1',
    ),
    # retry_client
    _bug(
        "retry_client-1", K.BOUNDARY, "attempt == self._attempts - 1", "attempt >= self._attempts - 2",
        "one attempt too few", 'call(program, "503 503 200")["result"] == 200',
    ),
    _bug(
        "retry_client-2", K.CONTRACT, 'method != "POST" or key is not None', 'method != "DELETE" or key is not None',
        "unsafe request sent twice", 'call(program, "503 200", "POST")["tries"] == 1',
    ),
    _bug(
        "retry_client-3", K.RESOURCE, "                answer.close()\n", "",
        "BugsInPy httpie: response not closed", 'call(program, "503 200")["left_open"] == 0',
    ),
    _bug(
        "retry_client-4", K.PARSING, "if asked.isdecimal() else", "if asked else",
        "header that is no number", 'call(program, "503/soon 200")["result"] == 200',
    ),
    _bug(
        "retry_client-5", K.TIME, "return min(pause, self._longest)", "return pause",
        "unbounded wait by order of the peer", 'call(program, "503/99 200")["slept"] == [2.0]',
    ),
    # async_pool
    _bug(
        "async_pool-1", K.CONCURRENCY, "        self.used += 1\n", "        await self._turn.pause()\n        self.used += 1\n",
        "CWE-367 check then act", "schedules(program)",
    ),
    _bug(
        "async_pool-2", K.CONCURRENCY, "Slots(1, turn)", "Slots(2, turn)",
        "CWE-362 lost update", "schedules(program)",
    ),
    _bug(
        "async_pool-3", K.CONCURRENCY, "            self._loading.add(key)\n", "",
        "cache stampede", "schedules(program)",
    ),
    _bug(
        "async_pool-4", K.RESOURCE, "        finally:\n            self._lock.release()", "        except OSError:\n            self._lock.release()",
        "CWE-772 lock kept", "alone(program, 9, -1)[2] == 0",
    ),
    _bug(
        "async_pool-5", K.CONTRACT, "            finally:\n                self._loading.discard(key)",
        "            except LookupError:\n                raise\n            self._loading.discard(key)",
        "failure leaves the key loading for ever", 'raises(TimeoutError, loads, program, True) is False',
    ),
    # slug_wrap
    _bug(
        "slug_wrap-1", K.UNICODE, "unicodedata.normalize(\"NFKD\", text.casefold())", "text.casefold()",
        "precomposed letters dropped", 'slug("Caf\\u00e9") == "cafe"',
    ),
    _bug(
        "slug_wrap-2", K.UNICODE, "text.casefold()", "text.lower()",
        "sharp s and friends dropped", 'slug("Stra\\u00dfe") == "strasse"',
    ),
    _bug(
        "slug_wrap-3", K.UNICODE, "    return sum(not unicodedata.combining(char) for char in text)", "    return len(text)",
        "code points taken for columns", 'shorten("e\\u0301", 1) == "e\\u0301"',
    ),
    _bug(
        "slug_wrap-4", K.BOUNDARY, "+ 1 + width(word) <= columns", "+ 1 + width(word) < columns",
        "CWE-193 full line", 'wrap("ab cd", 5) == ["ab cd"]',
    ),
    _bug(
        "slug_wrap-5", K.TYPO, '"[^a-z0-9]+", "-"', '"[^a-z0-9]", "-"',
        "quantifier forgotten", 'slug("a  b") == "a-b"',
    ),
    # next_run
    _bug(
        "next_run-1", K.TIME, "local.replace(fold=0)", "local.replace(fold=1)",
        "repeated hour, second time", 'next_run(utc("2026-10-24 12:00"), 2, 30, BERLIN) == utc("2026-10-25 00:30")',
    ),
    _bug(
        "next_run-2", K.TIME, "after.astimezone(zone).date() - timedelta(days=1)", "after.date() + timedelta(days=0)",
        "day taken in the caller's zone", 'next_run(utc("2026-06-02 01:00"), 19, 0, "America/Los_Angeles") == utc("2026-06-02 02:00")',
    ),
    _bug(
        "next_run-3", K.BOUNDARY, "if run > after:", "if run >= after:",
        "job runs twice", 'next_run(utc("2026-06-01 09:00"), 9, 0, "UTC") == utc("2026-06-02 09:00")',
    ),
    _bug(
        "next_run-4", K.ARITHMETIC, "divmod(day.year * 12 + day.month - 1 + months, 12)", "divmod(day.year * 12 + day.month + months, 12)",
        "month counted from one", "add_months(date(2026, 5, 1), 1) == date(2026, 6, 1)",
    ),
    _bug(
        "next_run-5", K.TIME, "    last = calendar.monthrange(year, month + 1)[1]", "    last = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month]",
        "leap day forgotten", "add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)",
    ),
)

MORE_OF_TTL_LRU: tuple[Bug, ...] = (
    _bug(
        "ttl_lru-6", K.STATE, "self._items.popitem(last=False)", "self._items.popitem(last=True)",
        "newest entry evicted", 'play(World(program), "put a 1; put b 2; put c 3; get c")[3] == 3',
    ),
    _bug(
        "ttl_lru-7", K.STATE, "return sum(now < expires for _, expires in self._items.values())",
        "return len(self._items)",
        "expired entries counted", 'play(World(program), "put a 1; tick 10; size")[2] == 0',
    ),
    _bug(
        "ttl_lru-8", K.TIME, "        value, expires = entry\n        if self._clock()",
        "        value, expires = entry\n        self._items[key] = (value, expires + self._ttl * (len(self._items) == 1))\n        if self._clock()",
        "reads prolong a lonely entry", 'play(World(program), "put a 1; tick 9; get a; tick 1; get a")[4] is None',
    ),
)
