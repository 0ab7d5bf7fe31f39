"""A policy at an address: requests go there as msgpack over HTTP, and nobody there is a PolicyError.

`GET /policy` describes the policy: {protocol, name, action_spec, skills, pictures, image_size,
asks}. `POST /answer` takes {protocol, kind, request} and gives {protocol, answer}, or {protocol, error,
message} with any status. Sizes are bounded on both sides, see `encoding`.
"""

from __future__ import annotations

import http.client
import threading
from typing import Any, TypeVar
from urllib.parse import urlsplit

from hybridctl.messages.action import ActionSpec
from hybridctl.messages.policy import (
    ActAnswer,
    ActRequest,
    AskAnswer,
    AskRequest,
    LocateAnswer,
    LocateRequest,
    PlanAnswer,
    PlanRequest,
    PolicyError,
    Request,
)
from hybridctl.vla.backends.encoding import (
    ANSWER_LIMIT,
    PROTOCOL,
    REQUEST_LIMIT,
    ProtocolError,
    answer_from,
    check_version,
    kind_of,
    pack,
    request_fields,
    spec_from,
    unpack,
)

_A = TypeVar("_A", PlanAnswer, ActAnswer, LocateAnswer, AskAnswer)


class RemotePolicy:
    """A VlaPolicy at `http://HOST:PORT`; one request at a time, on one connection that is kept.

    Attributes:
        name: What the service calls its policy.
        skills: Words of the skills that it can plan with.
        pictures: What it is shown, in order.
        image_size: Edge of the square that it brings pictures to [px].
        asks: Whether it answers questions.

    Args:
        address: Of the service.
        timeout: For connecting and for each answer [s].

    Raises:
        PolicyError: the address is of another form, or nobody answers there.
        ProtocolError: whoever answers speaks another protocol or version.
    """

    def __init__(self, address: str, *, timeout: float = 5.0) -> None:
        host, port = _host_and_port(address)
        self._address = address
        self._connection = http.client.HTTPConnection(host, port, timeout=timeout)
        self._lock = threading.Lock()
        described = self._exchanged("GET", "/policy", None)
        self._spec = spec_from(described.get("action_spec"))
        self.name = str(described.get("name", "a policy"))
        self.skills = tuple(map(str, _listed(described, "skills")))
        self.pictures = tuple(map(str, _listed(described, "pictures")))
        size = described.get("image_size")
        if type(size) is not int or size < 1:
            raise ProtocolError(f"the service's image_size is {size!r}, expected a number of pixels")
        self.image_size: int = size
        self.asks = described.get("asks") is True

    @property
    def action_spec(self) -> ActionSpec:
        """What its actions mean, as the service said when it was first asked."""
        return self._spec

    def plan(self, request: PlanRequest) -> PlanAnswer:
        """See VlaPolicy; PolicyError where no answer comes."""
        return self._answered(request, PlanAnswer)

    def act(self, request: ActRequest) -> ActAnswer:
        """See VlaPolicy; PolicyError where no answer comes."""
        return self._answered(request, ActAnswer)

    def locate(self, request: LocateRequest) -> LocateAnswer:
        """See VlaPolicy; PolicyError where no answer comes."""
        return self._answered(request, LocateAnswer)

    def ask(self, request: AskRequest) -> AskAnswer:
        """See QuestionAnswerer; PolicyError where no answer comes."""
        return self._answered(request, AskAnswer)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _answered(self, request: Request, of: type[_A]) -> _A:
        kind = kind_of(request)
        message = {"protocol": PROTOCOL, "kind": kind, "request": request_fields(request)}
        answer = answer_from(
            kind,
            self._exchanged("POST", "/answer", pack(message, limit=REQUEST_LIMIT)).get("answer"),
            request,
        )
        assert isinstance(answer, of)
        return answer

    def _exchanged(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        with self._lock:
            try:
                status, answered = self._sent(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                raise PolicyError(
                    f"no policy answers at {self._address} ({type(error).__name__}: {error}): is the service "
                    "running there?"
                ) from error
        try:
            message = unpack(answered, limit=ANSWER_LIMIT)
        except ProtocolError as error:
            raise ProtocolError(
                f"what answers at {self._address} with status {status} is no policy service: {error}"
            ) from error
        check_version(message, who=f"the service at {self._address}")
        if "error" in message:
            raise PolicyError(f"{self._address}: {message['error']}: {message.get('message', '')}")
        return message

    def _sent(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        kept = self._connection.sock is not None
        headers = {"Content-Type": "application/msgpack"} if body is not None else {}
        try:
            self._connection.request(method, path, body=body, headers=headers)
            response = self._connection.getresponse()
        except (ConnectionError, http.client.RemoteDisconnected):
            # A service may drop a connection that has been idle: once, and only then, it is opened anew.
            self._connection.close()
            if not kept:
                raise
            self._connection.request(method, path, body=body, headers=headers)
            response = self._connection.getresponse()
        answered = response.read(ANSWER_LIMIT + 1)
        if len(answered) > ANSWER_LIMIT:
            self._connection.close()
        return response.status, answered


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None or parts.scheme != "http" or parts.path not in ("", "/"):
        raise PolicyError(f"{address!r} is no address of a policy service, expected http://HOST:PORT")
    return host, port


def _listed(described: dict[str, Any], name: str) -> list[Any]:
    value = described.get(name, [])
    if not isinstance(value, list):
        raise ProtocolError(f"the service's {name} is a {type(value).__name__}, expected a list")
    return value
