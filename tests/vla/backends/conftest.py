"""A policy service of the standard library, as plain as the protocol allows, on a real socket."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from hybridctl.messages.policy import PolicyError, VlaPolicy
from hybridctl.vla.backends.encoding import (
    ANSWER_LIMIT,
    PROTOCOL,
    REQUEST_LIMIT,
    answer_fields,
    pack,
    request_from,
    spec_fields,
    unpack,
)
from hybridctl.vla.queue import ask


class PlainService(ThreadingHTTPServer):
    """Answers with a policy; `change` may spoil what is sent, `drop` hangs up after each answer."""

    def __init__(self, policy: VlaPolicy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.policy = policy
        self.change: Callable[[bytes], bytes] = lambda body: body
        self.drop = False
        self.connections = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: PlainService

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def do_GET(self) -> None:
        described = {
            "name": "a table", "action_spec": spec_fields(self.server.policy.action_spec),
            "skills": ["pick", "place_in"], "pictures": ["scene"], "image_size": 128, "asks": True,
        }  # fmt: skip
        self._send(200, described)

    def do_POST(self) -> None:
        message = unpack(self.rfile.read(int(self.headers["Content-Length"])), limit=REQUEST_LIMIT)
        try:
            request = request_from(message["kind"], message["request"])
            self._send(200, {"answer": answer_fields(ask(self.server.policy, request))})
        except PolicyError as error:
            self._send(422, {"error": type(error).__name__, "message": str(error)})

    def _send(self, status: int, message: dict[str, Any]) -> None:
        body = self.server.change(pack({"protocol": PROTOCOL, **message}, limit=ANSWER_LIMIT))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.server.drop

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def serve() -> Iterator[Callable[[VlaPolicy], PlainService]]:
    started: list[PlainService] = []

    def start(policy: VlaPolicy) -> PlainService:
        service = PlainService(policy)
        service.daemon_threads = True
        Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        started.append(service)
        return service

    yield start
    for service in started:
        service.shutdown()
        service.server_close()
