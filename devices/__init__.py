"""Peripherals: the gateway, the drivers behind it, the relay guard and the simulators."""
