"""The platform's store: one port, SQLite or PostgreSQL behind it, numbered migrations for both."""
