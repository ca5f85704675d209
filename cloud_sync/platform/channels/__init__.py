"""Payment channels: one port, simulated channels, real ones."""
