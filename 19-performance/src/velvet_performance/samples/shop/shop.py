"""The order service: signed requests in, JSON out, SQLite behind; it works, and it is slow.

Nothing in it is silly on its own. Every function was right when it was written, for ten products,
one tax table and a handful of requests. `handle` is the way of a request: who is it, may it, which
handler, answer. The clock is injected, so that two runs give equal bytes.
"""

import copy
import csv
import hashlib
import hmac
import io
import json
import random
import re
import sqlite3
import unicodedata
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

SECRET, SALT, ROUNDS = b"a secret of this demonstration", b"orders", 8_000
KINDS = ("book", "food", "music", "tool", "toy")
COUNTRIES = ("AT", "BE", "DE", "DK", "ES", "FR", "IT", "SE")
CENT = Decimal("0.01")
PAGE = 5
WINDOW_S, BURST = 60.0, 100_000

TAX_CSV = "country,kind,rate\n" + "".join(
    f"{country},{kind},{4 + (number * 7 + place * 3) % 22}\n"
    for number, country in enumerate(
        ["AT", "BE", "DE", "DK", "ES", "FI", "FR", "GB", "IE", "IT", "NL", "NO", "PL", "PT", "SE"]
    )
    for place, kind in enumerate(["book", "food", "music", "tool", "toy"])
)
SETTINGS = {
    "shop": {"name": "The Orchard", "currency": "EUR", "languages": ["de", "en", "fr"]},
    "limits": {"lines": 50, "quantity": 1_000, "page": PAGE},
    "shipping": {f"zone-{number}": {"base": 3 + number, "per_kilo": 1} for number in range(12)},
    "features": {f"feature-{number}": number % 3 == 0 for number in range(30)},
}
LOG_LEVEL = "info"


class Request(NamedTuple):
    """A request as it comes off the wire."""

    method: str
    target: str
    customer: int
    signature: str
    body: str = ""


class Response(NamedTuple):
    """Status and JSON text."""

    status: int
    body: str


class Refused(Exception):
    """The request cannot be served: a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Service(NamedTuple):
    """A service: its database, its recent requests, its log, its clock."""

    db: sqlite3.Connection
    recent: list[tuple[float, int]]
    log: list[str]
    clock: Callable[[], float]


# ------------------------------------------------------------------ who is it, may it


def signing_key() -> bytes:
    """Return the key that signatures are made with, derived from the secret."""
    return hashlib.pbkdf2_hmac("sha256", SECRET, SALT, ROUNDS)


def sign(method: str, target: str, customer: int, body: str) -> str:
    """Return the signature of a request."""
    told = f"{method} {target} {customer} {body}".encode()
    return hmac.new(signing_key(), told, "sha256").hexdigest()


def authenticate(request: Request) -> None:
    """Refuse a request whose signature is not the one of its customer."""
    expected = sign(request.method, request.target, request.customer, request.body)
    if not hmac.compare_digest(expected, request.signature):
        raise Refused(401, "the signature does not match")


def allow(service: Service, customer: int) -> None:
    """Refuse a customer who sent too much within the last minute."""
    now = service.clock()
    service.recent.append((now, customer))
    mine = [at for at, who in service.recent if who == customer and at > now - WINDOW_S]
    if len(mine) > BURST:
        raise Refused(429, "too many requests within a minute")


# ------------------------------------------------------------------ settings, log


def settings() -> dict[str, Any]:
    """Return the settings, as a copy that a caller may change."""
    return copy.deepcopy(SETTINGS)


def audit(service: Service, request: Request, response: Response) -> None:
    """Write what happened to the log; all of it while a fault is looked for."""
    details = json.dumps(
        {"request": request._asdict(), "answer": json.loads(response.body)},
        indent=2,
        sort_keys=True,
    )
    if LOG_LEVEL == "debug":
        service.log.append(details)
    service.log.append(f"{request.method} {request.target} {response.status}")


# ------------------------------------------------------------------ money


def tax_rate(country: str, kind: str) -> Decimal:
    """Return the tax of a country on a kind of goods, in percent."""
    for row in csv.DictReader(io.StringIO(TAX_CSV)):
        if row["country"] == country and row["kind"] == kind:
            return Decimal(row["rate"])
    raise Refused(422, f"no tax rate for {kind} in {country}")


def price(cents: int, quantity: int, rate: Decimal) -> Decimal:
    """Return what a line costs with tax, rounded to the cent."""
    net = Decimal(cents) / 100 * quantity
    return (net * (1 + rate / 100)).quantize(CENT, ROUND_HALF_UP)


# ------------------------------------------------------------------ orders


def product_of(service: Service, product: int) -> tuple[str, str, int]:
    """Return name, kind and price in cents of a product."""
    found = service.db.execute(
        "SELECT name, kind, cents FROM product WHERE id = ?", (product,)
    ).fetchone()
    if found is None:
        raise Refused(422, f"there is no product {product}")
    return found[0], found[1], found[2]


def lines_of(service: Service, order: int, country: str) -> list[dict[str, Any]]:
    """Return the lines of an order with names and prices."""
    lines = []
    for product, quantity in service.db.execute(
        "SELECT product, quantity FROM line WHERE orders = ? ORDER BY id", (order,)
    ).fetchall():
        name, kind, cents = product_of(service, product)
        cost = price(cents, quantity, tax_rate(country, kind))
        lines.append({"product": name, "quantity": quantity, "price": str(cost)})
    return lines


def order_of(service: Service, order: int) -> dict[str, Any]:
    """Return an order with its lines and its sum."""
    found = service.db.execute(
        "SELECT orders.customer, country FROM orders JOIN customer"
        " ON customer.id = orders.customer WHERE orders.id = ?",
        (order,),
    ).fetchone()
    if found is None:
        raise Refused(404, f"there is no order {order}")
    customer, country = found
    lines = lines_of(service, order, country)
    total = sum((Decimal(line["price"]) for line in lines), Decimal(0))
    return {"id": order, "customer": customer, "lines": lines, "total": str(total)}


def get_order(service: Service, _request: Request, number: str) -> dict[str, Any]:
    """GET /orders/NUMBER."""
    return order_of(service, int(number))


def orders_of_customer(service: Service, request: Request, number: str) -> dict[str, Any]:
    """GET /customers/NUMBER/orders?page=N, the newest first."""
    asked = parse_qs(urlsplit(request.target).query)
    page = int(asked.get("page", ["0"])[0])
    limit = settings()["limits"]["page"]
    rows = service.db.execute(
        "SELECT id FROM orders WHERE customer = ? ORDER BY id DESC", (int(number),)
    ).fetchall()
    every = [order_of(service, order) for (order,) in rows]
    return {"orders": every[page * limit : (page + 1) * limit], "count": len(every)}


def post_order(service: Service, request: Request) -> dict[str, Any]:
    """POST /orders with lines of product and quantity."""
    asked = json.loads(request.body)["lines"]
    limits = settings()["limits"]
    if not 0 < len(asked) <= limits["lines"]:
        raise Refused(422, "an order has 1 to 50 lines")
    made = service.db.execute("INSERT INTO orders (customer) VALUES (?)", (request.customer,))
    for line in asked:
        if not 0 < line["quantity"] <= limits["quantity"]:
            raise Refused(422, "a quantity is 1 to 1,000")
        product_of(service, line["product"])
        service.db.execute(
            "INSERT INTO line (orders, product, quantity) VALUES (?, ?, ?)",
            (made.lastrowid, line["product"], line["quantity"]),
        )
    return order_of(service, int(made.lastrowid or 0))


# ------------------------------------------------------------------ search


def plain(text: str) -> str:
    """Return text without accents and case, for comparing."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def search_names(service: Service, wanted: str) -> list[tuple[int, str, int]]:
    """Return the products whose name has the wanted text in it."""
    rows = service.db.execute("SELECT id, name, cents FROM product ORDER BY id").fetchall()
    return [row for row in rows if plain(wanted) in plain(row[1])]


def search(service: Service, request: Request) -> dict[str, Any]:
    """GET /products?q=TEXT."""
    wanted = parse_qs(urlsplit(request.target).query).get("q", [""])[0]
    found = search_names(service, wanted)
    shown = [{"id": number, "name": name, "cents": cents} for number, name, cents in found[:20]]
    return {"products": shown, "count": len(found)}


# ------------------------------------------------------------------ the way of a request


def health(_service: Service, _request: Request) -> dict[str, Any]:
    """GET /health."""
    return {"name": settings()["shop"]["name"], "ok": True}


ROUTES: list[tuple[str, str, Callable[..., dict[str, Any]]]] = [
    ("GET", "/health", health),
    *(("GET", f"/old/{number}/{{number}}", get_order) for number in range(40)),
    ("GET", "/orders/{number}", get_order),
    ("GET", "/customers/{number}/orders", orders_of_customer),
    ("POST", "/orders", post_order),
    ("GET", "/products", search),
]


def match_route(method: str, path: str) -> tuple[Callable[..., dict[str, Any]], dict[str, str]]:
    """Return the handler of a path and what its pattern captured."""
    for verb, pattern, handler in ROUTES:
        expression = "^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern) + "$"
        found = re.match(expression, path)
        if found and verb == method:
            return handler, found.groupdict()
    raise Refused(404, f"nothing at {path}")


def render(status: int, content: dict[str, Any]) -> Response:
    """Return the response with its JSON text."""
    return Response(status, json.dumps(content, sort_keys=True))


def handle(service: Service, request: Request) -> Response:
    """Serve one request."""
    try:
        authenticate(request)
        allow(service, request.customer)
        handler, captured = match_route(request.method, urlsplit(request.target).path)
        response = render(200, handler(service, request, **captured))
    except Refused as error:
        response = render(error.status, {"error": str(error)})
    audit(service, request, response)
    return response


# ------------------------------------------------------------------ a day of it

HOT, WHERE, MEASURE, SIZE = "signing_key", "python", "cpu", 120
STUBS: dict[str, Callable[..., Any]] = {
    name: lambda *_given: None
    for name in (
        *("signing_key", "allow", "settings", "audit", "tax_rate", "product_of"),
        *("search_names", "match_route", "render"),
    )
}


def opened(seed: int) -> Service:
    """Return a service with 300 products, 40 customers and 1,000 orders; its clock counts."""
    draw = random.Random(seed)
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(
        "CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT, kind TEXT, cents INTEGER);"
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, country TEXT);"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER);"
        "CREATE TABLE line (id INTEGER PRIMARY KEY, orders INTEGER, product INTEGER,"
        " quantity INTEGER);"
        "CREATE INDEX line_orders ON line (orders);"
    )
    words = ("Äpfel", "Birne", "Café", "Dämmerung", "Été", "Frühling", "Garten", "Höhe", "Île")
    for _ in range(300):
        name = f"{draw.choice(words)} {draw.choice(words)} {draw.randrange(1_000)}"
        row = (name, draw.choice(KINDS), draw.randrange(99, 9_999))
        db.execute("INSERT INTO product (name, kind, cents) VALUES (?, ?, ?)", row)
    for _ in range(40):
        db.execute("INSERT INTO customer (country) VALUES (?)", (draw.choice(COUNTRIES),))
    for order in range(1, 1_001):
        db.execute("INSERT INTO orders (customer) VALUES (?)", (draw.randrange(1, 41),))
        for _ in range(draw.randrange(1, 7)):
            line = (order, draw.randrange(1, 301), draw.randrange(1, 9))
            db.execute("INSERT INTO line (orders, product, quantity) VALUES (?, ?, ?)", line)
    ticks = iter(range(1_000_000_000))
    return Service(db, [], [], lambda: next(ticks) * 0.05)


def requests(size: int, seed: int) -> list[Request]:
    """Return signed requests: orders, pages of orders, searches, new orders, some refused."""
    draw = random.Random(seed + 1)
    made = []
    for _ in range(size):
        customer, kind = draw.randrange(1, 41), draw.random()
        method, body = "GET", ""
        if kind < 0.3:
            target = f"/orders/{draw.randrange(1, 1_050)}"
        elif kind < 0.5:
            target = f"/customers/{customer}/orders?page={draw.randrange(2)}"
        elif kind < 0.7:
            target = f"/products?q={draw.choice(('cafe', 'hohe', 'apfel', 'x', 'gart'))}"
        elif kind < 0.85:
            method, target = "POST", "/orders"
            rows = [
                {"product": draw.randrange(1, 305), "quantity": draw.randrange(1, 5)}
                for _ in range(draw.randrange(1, 5))
            ]
            body = json.dumps({"lines": rows})
        else:
            target = "/health"
        signature = sign(method, target, customer, body)
        made.append(Request(method, target, customer, signature, body))
    return made


class Day(NamedTuple):
    """The input of one run."""

    service: Service
    requests: list[Request]


def build(size: int, seed: int) -> Day:
    """Return a fresh service and its requests; a run changes the database, so it is for one run."""
    return Day(opened(seed), requests(size, seed))


def run(day: Day) -> list[Response]:
    """Serve the day and return all answers."""
    return [handle(day.service, request) for request in day.requests]
