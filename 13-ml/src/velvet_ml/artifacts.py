"""Model files that cannot run code: skops for training again, ONNX for serving, pickle never.

Loading a pickle *is* running a program that the file holds. So `load` looks at the bytes before any
library does: what is neither a skops archive nor an ONNX graph is refused unread. A skops archive
names the types that it would build; only those on the allow-list below are built. An ONNX graph has
no code of Python, but may name files elsewhere and claim any size; both are refused.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError

from velvet_ml.errors import IntegrityError, UntrustedArtifact

MAX_BYTES = 256 * 1024 * 1024
# Types that skops does not trust by itself, read by us once: they hold arrays and numbers only.
ALLOWED = frozenset(
    {
        "numpy.dtype",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
    }
)
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"
# gzip, bzip2, xz, and zlib at its four levels
_COMPRESSED = (b"\x1f\x8b", b"BZ", b"\xfd7", b"\x78\x9c", b"\x78\x5e", b"\x78\x01", b"\x78\xda")


def load(path: Path) -> Any:
    """Return a pipeline (skops) or the checked bytes of a graph (ONNX).

    Raises:
        UntrustedArtifact: a pickle, a type off the allow-list, a graph that reaches outside; nothing
            of it was run or built.
        IntegrityError: neither format, or damaged.
    """
    if path.stat().st_size > MAX_BYTES:
        raise UntrustedArtifact((), f"{path.name} is larger than {MAX_BYTES >> 20} MB")
    return loads(path.read_bytes(), path.name)


def loads(content: bytes, name: str = "artefact") -> Any:
    """Do as `load` with bytes."""
    if len(content) > MAX_BYTES:
        raise UntrustedArtifact((), f"{name} is larger than {MAX_BYTES >> 20} MB")
    if content.startswith(_PICKLE):
        raise UntrustedArtifact(("pickle",), f"{name} is a pickle: loading it would run its code")
    if content.startswith(_ZIP):
        return _skops(content, name)
    if content.startswith(_COMPRESSED):
        raise UntrustedArtifact(("joblib",), f"{name} is compressed, as joblib does with pickles")
    return check_onnx(content, name)


def _skops(content: bytes, name: str) -> Any:
    from skops import io as skops_io
    from skops.io.exceptions import UnsupportedTypeException

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(one.file_size for one in archive.infolist())
        if unpacked > MAX_BYTES:
            raise UntrustedArtifact((), f"{name} unpacks to more than {MAX_BYTES >> 20} MB")
        unknown = set(skops_io.get_untrusted_types(data=content))
    except (UntrustedArtifact, MemoryError):
        raise
    except UnsupportedTypeException as error:
        raise UntrustedArtifact((str(error),)) from error
    except Exception as error:  # a damaged schema raises whatever its reader stumbles over
        raise IntegrityError(name, "a skops archive", f"{type(error).__name__}: {error}") from error
    if strange := sorted(unknown - ALLOWED):
        raise UntrustedArtifact(strange)
    try:
        return skops_io.loads(content, trusted=sorted(unknown))
    except MemoryError:
        raise
    except Exception as error:
        raise IntegrityError(name, "a skops archive", f"{type(error).__name__}: {error}") from error


def check_onnx(content: bytes, name: str = "graph") -> bytes:
    """Return the bytes of a graph that is whole, of a sane size and without files elsewhere."""
    if len(content) > MAX_BYTES:
        raise UntrustedArtifact((), f"{name} is larger than {MAX_BYTES >> 20} MB")
    try:
        graph = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise IntegrityError(name, "an ONNX graph", "bytes of something else") from error
    outside = [
        entry.value
        for tensor in _tensors(graph.graph, *graph.functions)
        for entry in tensor.external_data
        if entry.key == "location"
    ]
    if outside:
        raise UntrustedArtifact(outside, f"{name} names files outside of itself: {outside[0]}")
    try:
        onnx.checker.check_model(graph)
    except onnx.checker.ValidationError as error:
        first = str(error).strip().splitlines()[0]
        raise IntegrityError(name, "a valid ONNX graph", first) from error
    return content


def _tensors(*graphs: Any) -> list[Any]:
    """Return the tensors of graphs and functions, those of the branches of their nodes, too."""
    found, left = list[Any](), list(graphs)
    while left:
        graph = left.pop()
        found += getattr(graph, "initializer", ())
        sparse = list(getattr(graph, "sparse_initializer", ()))
        for attribute in (one for node in graph.node for one in node.attribute):
            found += [attribute.t, *attribute.tensors]
            sparse += [attribute.sparse_tensor, *attribute.sparse_tensors]
            left += [attribute.g, *attribute.graphs]
        found += [part for one in sparse for part in (one.values, one.indices)]
    return found
