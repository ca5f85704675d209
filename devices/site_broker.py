"""How to reach the site's own broker, and as whom."""

import ssl
from typing import NamedTuple


class SiteBroker(NamedTuple):
    """`client_id` is the first part of every session's own; `tls` None: a broker on the same machine."""

    host: str
    port: int
    username: str | None
    password: str | None
    client_id: str
    tls: ssl.SSLContext | None = None
