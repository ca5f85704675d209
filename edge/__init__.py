"""The core of community-edge: what the site knows and decides, without any screen, wire or device."""
