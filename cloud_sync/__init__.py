"""Keeps the site in step with the platform: uplink, downlink, commands, time, payments."""
