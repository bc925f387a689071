"""What a desktop expects of an application: notifications, and files that open with it.

Nothing here writes a file: `associate` returns texts.
"""

from __future__ import annotations

import os
import plistlib
import re
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

_ID = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)+\Z")
_EXTENSION = re.compile(r"[a-z0-9]{1,16}\Z")
NOTIFY_TIMEOUT_S = 5.0


def notify(title: str, body: str, *, platform: str = sys.platform) -> str:
    """Show a notification; returns which way it took: ``dbus``, or ``banner`` for the status line.

    Needs jeepney and a session bus on Linux. Elsewhere Qt's tray icon shows messages; the other
    toolkits have nothing, and the board says it in its own window.
    """
    if platform != "linux" or not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return "banner"
    try:
        from jeepney import (  # type: ignore[import-untyped,unused-ignore]
            DBusAddress,
            MessageType,
            new_method_call,
        )
        from jeepney.io import blocking  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return "banner"
    service = DBusAddress(
        "/org/freedesktop/Notifications",
        bus_name="org.freedesktop.Notifications",
        interface="org.freedesktop.Notifications",
    )
    # The body may hold markup, and a task's title is text; the bus takes no NUL and no half letter.
    plain = [one.replace("\0", "").encode(errors="replace").decode() for one in (title, body)]
    arguments: tuple[Any, ...] = ("Velvet board", 0, "", plain[0], escape(plain[1]), [], {}, -1)
    call = new_method_call(service, "Notify", "susssasa{sv}i", arguments)
    try:
        with blocking.open_dbus_connection(bus="SESSION") as bus:
            reply = bus.send_and_get_reply(call, timeout=NOTIFY_TIMEOUT_S)
    except (OSError, TimeoutError, ValueError, RuntimeError):  # a bus that is gone or is none
        return "banner"
    return "dbus" if reply.header.message_type is MessageType.method_return else "banner"


def associate(identity: str, name: str, extension: str, program: Path) -> dict[str, str]:
    """Return the files that make a file type open with a program, by their names.

    Args:
        identity: in reverse-domain form, such as ``org.velvet.board``.
        extension: without the dot: 1 to 16 letters and digits.

    Raises:
        ValueError: a part would be written into a path or a registry key and is not plain.
    """
    if not _EXTENSION.match(extension):
        raise ValueError(f"bad extension {extension!r}: 1 to 16 letters and digits, without a dot")
    if not _ID.match(identity):
        raise ValueError(f"bad identity {identity!r}: reverse-domain, such as org.velvet.board")
    if re.search(r"[\x00-\x1f\x7f]", str(program)):  # a line of its own in a .reg file
        raise ValueError(f"bad program {str(program)!r}")
    mime = f"application/x-{extension}"
    entry = {
        "Type": "Application",
        "Name": _escaped(name),
        "Exec": f"{_quoted(str(program))} %f",
        "Icon": identity,
        "MimeType": f"{mime};",
        "Terminal": "false",
    }
    desktop = "[Desktop Entry]\n" + "".join(f"{key}={value}\n" for key, value in entry.items())
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">\n'
        f'  <mime-type type="{mime}"><comment>{escape(name)}</comment>'
        f'<glob pattern="*.{extension}"/></mime-type>\n</mime-info>\n'
    )
    plist = plistlib.dumps(
        {
            "CFBundleIdentifier": identity,
            "CFBundleName": name,
            "CFBundleDocumentTypes": [
                {"CFBundleTypeExtensions": [extension], "CFBundleTypeRole": "Editor"}
            ],
        }
    ).decode()
    command = f'"{program}" "%1"'.replace("\\", "\\\\").replace('"', '\\"')
    registry = (
        "Windows Registry Editor Version 5.00\r\n\r\n"
        f"[HKEY_CURRENT_USER\\Software\\Classes\\.{extension}]\r\n"
        f'@="{identity}"\r\n\r\n'
        f"[HKEY_CURRENT_USER\\Software\\Classes\\{identity}\\shell\\open\\command]\r\n"
        f'@="{command}"\r\n'
    )
    return {
        f"{identity}.desktop": desktop,
        f"{identity}.xml": xml,
        "Info.plist": plist,
        f"{identity}.reg": registry,
    }


def _escaped(text: str) -> str:
    for letter, value in (("\\", "\\"), ("n", "\n"), ("t", "\t"), ("r", "\r")):
        text = text.replace(value, f"\\{letter}")
    return text


def _quoted(argument: str) -> str:
    """Quote an argument of Exec: first for its own rules, then as a value of the file."""
    inner = re.sub(r'(["`$\\])', r"\\\1", argument).replace("%", "%%")
    return _escaped(f'"{inner}"')
