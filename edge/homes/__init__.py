"""Homes: rooms and residents, bills with penalties and their payment, notices, directory."""
