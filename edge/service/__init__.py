"""Due things as rows, and alarms."""
