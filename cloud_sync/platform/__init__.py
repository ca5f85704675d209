"""The reference platform: its own process, its own database, its own figures."""
