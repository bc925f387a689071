"""The service: strict rows in, probabilities out, and the model changed under it without a stop.

What `/predict` answers was written before: a line of the prediction log is in the kernel's hands when
the answer leaves, so a worker that is killed takes no acknowledged prediction with it. A batch of rows
has no ids and is not logged. The model follows the registry's alias; a request in flight keeps the
model that it began with.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from velvet_ml import artifacts
from velvet_ml.contracts import Contract
from velvet_ml.errors import (
    DataContractError,
    IntegrityError,
    MlError,
    ModelUnavailable,
    Overloaded,
    in_range,
)
from velvet_ml.registry import Manifest, Registry
from velvet_ml.serving.engine import PREDICTORS, MicroBatcher, Predictor, Row

VARIABLE = "VELVET_ML_SERVING"
MAX_BODY = 1_000_000
MAX_ROWS = 1_000
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True)
class Settings:
    """Where the models are and how to serve; travels to the workers as JSON.

    Attributes:
        key: of the registry, as hexadecimal digits.
        batched: share calls by micro-batches.
        log: the file of predictions; empty for none.
    """

    root: str
    name: str
    key: str
    alias: str = "production"
    batched: bool = False
    log: str = ""

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self))


class ModelSlot:
    """The model that an alias names, loaded anew when the registry's state changes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._registry = Registry(Path(settings.root), bytes.fromhex(settings.key))
        self._seen: tuple[int, int] = (0, 0)
        self._held: tuple[Manifest, Contract, Predictor] | None = None
        self.refused = 0

    def current(self) -> tuple[Manifest, Contract, Predictor]:
        """Return manifest, contract and predictor; one `stat` when nothing changed.

        A version that cannot be loaded, or has other columns, is counted, and the one before goes on
        serving.

        Raises:
            ModelUnavailable: there is none yet.
        """
        try:
            stat = (Path(self._settings.root) / "state.json").stat()
            seen = (stat.st_mtime_ns, stat.st_ino)
        except FileNotFoundError:
            seen = (0, 0)
        if seen != self._seen:
            self._seen = seen
            try:
                self._load()
            except Exception as error:  # noqa: BLE001 - a bad model raises what it likes
                self.refused += 1
                if isinstance(error, OSError):  # it may pass, a bad file does not: look again
                    self._seen = (0, 0)
        if self._held is None:
            raise ModelUnavailable(f"nothing is {self._settings.alias} of {self._settings.name}")
        return self._held

    def _load(self) -> None:
        manifest, content = self._registry.read(self._settings.name, self._settings.alias)
        if self._held is not None and self._held[0] == manifest:
            return
        contract = Contract.from_json(manifest.contract)
        if contract.sha256 != manifest.contract_sha256:
            raise IntegrityError("contract", manifest.contract_sha256, contract.sha256)
        if self._held is not None and _columns(contract) != _columns(self._held[1]):
            raise DataContractError(["other columns than the service was started with"])
        model = artifacts.loads(content, manifest.name)
        self._held = manifest, contract, PREDICTORS[manifest.format](model, contract)


def _columns(contract: Contract) -> list[tuple[str, str]]:
    return [(one.name, one.dtype) for one in contract.fields]


class PredictionLog:
    """Lines that are in the kernel's hands before an answer leaves; a killed process loses none."""

    def __init__(self, path: str) -> None:
        flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY
        self._file = os.open(path, flags, 0o600) if path else None

    def append(self, id: str, probability: float, version: int) -> None:
        """Write one line in one call; raises OSError where the disk does not take all of it."""
        if self._file is not None:
            about = {"id": id, "p": round(probability, 6), "version": version}
            line = f"{json.dumps(about, allow_nan=False)}\n".encode()
            if (written := os.write(self._file, line)) != len(line):
                raise OSError(f"{written} of {len(line)} bytes of the prediction log were written")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def row_model(contract: Contract) -> type[BaseModel]:
    """Return the strict type of a row: no text for numbers, nothing extra, nothing infinite."""
    fields: dict[str, Any] = {}
    for one in contract.fields:
        kind: Any = float if one.dtype == "number" else Annotated[str, Field(max_length=200)]
        fields[one.name] = (kind | None, None) if one.nullable else (kind, ...)
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    return create_model("Row", __config__=config, **fields)


class BodyLimit:
    """Answer 413 to a body that is larger than the limit, without reading it to its end."""

    def __init__(self, app: Any, limit: int = MAX_BODY) -> None:
        in_range("limit", limit, 0)
        self._app, self._limit = app, limit

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on what is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._limit:
            await JSONResponse({"detail": "body too large"}, 413)(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:  # chunked, so that no length was announced
                raise HTTPException(413, "body too large")
            return message

        await self._app(scope, counted, send)


class _Service:
    """What the routes share in one worker."""

    def __init__(self, settings: Settings) -> None:
        self.slot, self.log = ModelSlot(settings), PredictionLog(settings.log)
        self.counts: Counter[str] = Counter()
        self.batcher = MicroBatcher(together) if settings.batched else None

    def checked(self, contract: Contract, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row that keeps the contract, or answer 422 with its fields."""
        if problems := contract.row_problems(row):
            self.counts["quarantined"] += 1
            listed = [{"field": name, "problem": text} for name, text in problems.items()]
            raise HTTPException(422, listed)
        self.counts["unseen_categories"] += len(contract.unseen(row))
        return row

    async def predict(self, rows: Sequence[Row], predictor: Predictor) -> list[float]:
        """Predict rows at once, or together with those of other requests."""
        if self.batcher is None or len(rows) > 1:
            return predictor.predict(rows)
        return [await self.batcher.submit((predictor, rows[0]))]

    def metrics(self) -> str:
        """Return the counters as Prometheus reads them."""
        self.counts["models_refused"] = self.slot.refused
        if self.batcher is not None:
            self.counts["batches"] = self.batcher.stats.batches
            self.counts["shed"] = self.batcher.stats.shed
        lines = []
        for name, number in sorted(self.counts.items()):
            lines += [f"# TYPE velvet_ml_{name}_total counter", f"velvet_ml_{name}_total {number}"]
        return "\n".join(lines) + "\n"


def together(calls: Sequence[tuple[Predictor, Row]]) -> list[float]:
    """Predict rows in one call for each model; after a promotion a batch may hold two."""
    found = [0.0] * len(calls)
    for predictor in {id(one): one for one, _ in calls}.values():
        places = [at for at, (one, _) in enumerate(calls) if one is predictor]
        for at, p in zip(places, predictor.predict([calls[at][1] for at in places]), strict=True):
            found[at] = p
    return found


def create_app(settings: Settings) -> FastAPI:
    """Return the service for the model that an alias names.

    Raises:
        ModelUnavailable: the alias names nothing; the types of rows come from its contract.
    """
    service = _Service(settings)
    first, contract, _ = service.slot.current()
    row_type: Any = row_model(contract)
    strict = ConfigDict(extra="forbid", strict=True)
    id_type: Any = Annotated[str, Field(max_length=100)]
    rows_type: Any = Annotated[list[row_type], Field(max_length=MAX_ROWS)]
    one = create_model("One", __config__=strict, id=(id_type, ...), features=(row_type, ...))
    many = create_model("Many", __config__=strict, rows=(rows_type, ...))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if service.batcher is not None:
            await service.batcher.__aenter__()
        yield
        if service.batcher is not None:
            await service.batcher.__aexit__()
        service.log.close()

    app = FastAPI(title=f"{first.name}", lifespan=lifespan)
    app.add_middleware(BodyLimit)
    _explain(app, service)

    @app.post("/predict", openapi_extra=_documented(one))
    async def predict(request: Request) -> dict[str, Any]:
        body: Any = one.model_validate_json(await request.body())
        manifest, known, predictor = service.slot.current()
        row = service.checked(known, body.features.model_dump())
        probability = (await service.predict([row], predictor))[0]
        service.log.append(body.id, probability, manifest.version)
        service.counts["predictions"] += 1
        act = probability >= manifest.threshold
        return {"id": body.id, "probability": probability, "act": act, "version": manifest.version}

    @app.post("/predict/batch", openapi_extra=_documented(many))
    async def predict_batch(request: Request) -> dict[str, Any]:
        body: Any = many.model_validate_json(await request.body())
        manifest, known, predictor = service.slot.current()
        rows = [service.checked(known, row.model_dump()) for row in body.rows]
        found = await service.predict(rows, predictor) if rows else []
        service.counts["predictions"] += len(rows)
        return {"probabilities": found, "version": manifest.version}

    @app.get("/model")
    async def model() -> dict[str, Any]:
        manifest, known, _ = service.slot.current()
        about = {"name": manifest.name, "version": manifest.version, "sha256": manifest.sha256}
        return {**about, "contract_sha256": known.sha256, "worker": os.getpid()}

    return app


def _documented(body: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a body for the documentation page; pydantic itself reads the bytes."""
    content = {"application/json": {"schema": body.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}


def _explain(app: FastAPI, service: _Service) -> None:
    """Add health, metrics, and answers that name fields instead of echoing what was sent."""

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        service.slot.current()
        return {"status": "ready"}

    @app.get("/metrics")
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(service.metrics())

    @app.exception_handler(ValidationError)
    async def invalid(_: Request, error: ValidationError) -> JSONResponse:
        service.counts["invalid"] += 1
        listed = [
            {"field": ".".join(map(str, one["loc"])), "problem": one["msg"]}
            for one in error.errors()[:20]
        ]
        return JSONResponse({"detail": listed}, 422)

    @app.exception_handler(MlError)
    async def unavailable(_: Request, error: MlError) -> JSONResponse:
        expected = isinstance(error, (Overloaded, ModelUnavailable))
        return JSONResponse({"detail": str(error)}, 503 if expected else 500)


def from_environment() -> FastAPI:
    """Return the service as a worker process makes it."""
    return create_app(Settings(**json.loads(os.environ[VARIABLE])))
