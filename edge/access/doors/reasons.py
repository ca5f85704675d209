"""Why staff open, hold or lock doors: codes for the journal, which holds no free text."""

OPEN_REASONS = ("known_visitor", "resident_without_pass", "delivery", "emergency", "device_failed", "other")
HOLD_REASONS = ("moving", "delivery", "event", "maintenance", "other")
LOCK_DOWN_REASONS = ("intruder", "police", "drill", "other")
NOTE_LIMIT = 200
"""Characters of the free text that may stand beside a reason, in a side table."""
