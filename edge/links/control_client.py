"""A client of the hub's control socket, for the command line and the demo."""

import http.client
import json
import shutil
import socket
from pathlib import Path
from typing import IO, Any

from edge.errors import EdgeError

ANSWER_LIMIT_S = 3600.0
"""As long as a job may take; a hub that is gone closes the socket at once."""

CONTROL_SOCKET = "run/control.sock"
"""Where the hub listens, in the site's folder."""


class HubNotRunning(EdgeError):
    """No hub answers on the control socket."""


class ControlClient:
    """Asks a running hub. Raises HubNotRunning when there is none, or none that answers within the limit."""

    def __init__(self, socket_path: Path, *, limit_s: float = ANSWER_LIMIT_S) -> None:
        self._path = socket_path
        self._limit_s = limit_s

    def get(self, path: str) -> Any:
        """The JSON that `path` answers."""
        return json.loads(self.raw("GET", path)[1])

    def post(self, path: str, body: object) -> tuple[int, Any]:
        """Status and JSON."""
        status, text = self.raw("POST", path, json.dumps(body).encode())
        return status, json.loads(text)

    def download(self, path: str, body: object, sink: IO[bytes]) -> tuple[int, bytes]:
        """Post and write the answer's body to a file; status, and the body only where it is a refusal."""
        connection = _UnixConnection(self._path, self._limit_s)
        try:
            connection.request("POST", path, json.dumps(body).encode())
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                return answer.status, answer.read()
            shutil.copyfileobj(answer, sink)
            return answer.status, b""
        except (OSError, http.client.HTTPException) as error:
            raise HubNotRunning(f"no hub answers on {self._path}: {error}") from error
        finally:
            connection.close()

    def raw(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body."""
        connection = _UnixConnection(self._path, self._limit_s)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise HubNotRunning(f"no hub answers on {self._path}: {error}") from error
        finally:
            connection.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, limit_s: float) -> None:
        super().__init__("hub", timeout=limit_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
