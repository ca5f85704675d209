"""Drivers of devices on the site's broker."""
