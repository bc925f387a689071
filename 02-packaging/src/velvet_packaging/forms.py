"""The upload form, written and read: multipart/form-data with fields and one file (RFC 7578)."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message

from velvet_packaging.errors import UploadRefused


def body_of(form: Iterable[tuple[str, str]], filename: str, data: bytes, boundary: str) -> bytes:
    """Return fields and one file as multipart/form-data (RFC 7578)."""
    lines: list[bytes] = []
    for name, text in form:
        lines += [f"--{boundary}".encode()]
        lines += [f'Content-Disposition: form-data; name="{name}"'.encode(), b"", text.encode()]
    told = f'Content-Disposition: form-data; name="content"; filename="{filename}"'
    lines += [f"--{boundary}".encode(), told.encode()]
    lines += [b"Content-Type: application/octet-stream", b"", data]
    return b"\r\n".join([*lines, f"--{boundary}--".encode(), b""])


def multipart(content_type: str, body: bytes) -> tuple[dict[str, str], str, bytes]:
    """Split an upload form into its fields, the file's name and its content (RFC 7578).

    A field that stands twice keeps its first value.

    Raises:
        UploadRefused: it is no such form, or there is not exactly one file.
    """
    head = Message()
    head["Content-Type"] = content_type
    boundary = head.get_param("boundary")
    if head.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise UploadRefused(400, "send multipart/form-data")
    fields: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if len(parts) < 3 or not parts[-1].startswith(b"--"):
        raise UploadRefused(400, "the form is cut off")
    for part in parts[1:-1]:
        raw, blank, content = part.partition(b"\r\n\r\n")
        about = Message()
        for line in raw.decode("utf-8", "replace").strip().split("\r\n"):
            key, _, text = line.partition(":")
            about[key] = text.strip()
        name = about.get_param("name", header="content-disposition")
        filename = about.get_param("filename", header="content-disposition")
        if not blank or not isinstance(name, str):
            raise UploadRefused(400, "a part of the form has no name")
        if isinstance(filename, str):
            files.append((filename, content))
        else:
            fields.setdefault(name, content.decode("utf-8", "replace"))
    if len(files) != 1:
        raise UploadRefused(400, f"{len(files)} files in the form instead of 1")
    return fields, *files[0]
