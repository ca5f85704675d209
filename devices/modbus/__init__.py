"""Doors on Modbus relay boards."""
