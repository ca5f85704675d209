"""Identify: shows how to show a resident code. A room number alone never shows anything."""

from kiosk.screens.base import Screen


class IdentifyScreen(Screen):
    """Waits for a resident code; the scan itself is taken by the session."""

    name = "identify"
    template = "identify.html"
    timeout_s = 90
