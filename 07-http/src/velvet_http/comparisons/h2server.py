"""HTTP/2 for the fault server: the same answers, many at once on one connection, and GOAWAY."""

from __future__ import annotations

import asyncio
import ssl

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from velvet_http.faults.server import FaultServer
from velvet_http.model import Headers

GOAWAY = b"GOAWAY"  # a step that ends the connection politely, without an answer


class _Conversation:
    def __init__(self, server: H2Server, writer: asyncio.StreamWriter, number: int) -> None:
        self._server, self._writer, self._number = server, writer, number
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self._requests: dict[int, tuple[dict[str, str], bytearray]] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def receive(self, data: bytes) -> None:
        """Feed what arrived, and start an answer for each request that is complete."""
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                fields = {str(name): str(value) for name, value in event.headers or ()}
                self._requests[event.stream_id or 0] = (fields, bytearray())
            elif isinstance(event, h2.events.DataReceived):
                self._requests[event.stream_id or 0][1].extend(event.data or b"")
                self.h2.acknowledge_received_data(
                    event.flow_controlled_length or 0, event.stream_id or 0
                )
            elif isinstance(event, h2.events.StreamEnded):
                task = asyncio.create_task(self._respond(event.stream_id or 0))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
        self.flush()

    def flush(self) -> None:
        """Send what the state machine has queued."""
        if not self._writer.is_closing():
            self._writer.write(self.h2.data_to_send())

    async def _respond(self, stream: int) -> None:
        fields, body = self._requests.pop(stream)
        plain = Headers((name, value) for name, value in fields.items() if name[0] != ":")
        request = fields[":method"], fields[":path"], plain, bytes(body), self._number
        fault = self._server.answer(self._server.record(*request))
        wire = b"".join([step for step in fault.steps if isinstance(step, bytes)])
        await asyncio.sleep(sum(step for step in fault.steps if not isinstance(step, bytes)))
        try:
            if wire == GOAWAY:
                self.h2.close_connection(last_stream_id=max(0, stream - 2))
                self.flush()
                self._writer.close()
                return
            await self._send(stream, wire)
        except (h2.exceptions.H2Error, OSError):
            return  # the client has cancelled the stream, or left

    async def _send(self, stream: int, wire: bytes) -> None:
        first, _, payload = wire.partition(b"\r\n\r\n")
        lines = first.decode("latin-1").split("\r\n")
        headers = [(":status", lines[0].split(" ")[1])]
        headers += [
            (name.lower(), value.strip())
            for name, _, value in (s.partition(":") for s in lines[1:])
        ]
        self.h2.send_headers(stream, headers)
        size = self.h2.max_outbound_frame_size
        for start in range(0, len(payload), size):  # bodies here fit the window of 64 KiB
            self.h2.send_data(stream, payload[start : start + size])
        self.h2.end_stream(stream)
        self.flush()


class H2Server(FaultServer):
    """A `FaultServer` that speaks HTTP/2 alone, negotiated by TLS."""

    def __init__(self, *, tls: ssl.SSLContext) -> None:
        tls.set_alpn_protocols(["h2"])
        super().__init__(tls=tls)

    async def converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        """Hold one connection until the client leaves it."""
        conversation = _Conversation(self, writer, number)
        conversation.h2.initiate_connection()
        conversation.flush()
        try:
            while data := await reader.read(65_536):
                conversation.receive(data)
        except h2.exceptions.ProtocolError:
            pass
        finally:
            for task in list(conversation.tasks):
                task.cancel()
            await asyncio.gather(*conversation.tasks, return_exceptions=True)
