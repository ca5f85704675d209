"""The `[kiosk]` section of site.toml."""

import msgspec


class KioskSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the screen is served and how long a session lasts without a touch.

    session_s: seconds, 60 to 90 (design: the person is never hurried, and never left signed in).
    app_url: where the QR codes "in the app" lead; empty: no code is drawn.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    session_s: int = 60
    app_url: str = ""
