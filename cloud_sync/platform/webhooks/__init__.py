"""Webhooks: events out of custody pushed to other systems, signed, in order of each device, tried again."""
