"""Processes that play the world outside: doors, a locker board, cameras. For demo and tests."""
