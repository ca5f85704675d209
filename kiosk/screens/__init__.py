"""One module a screen; `table.py` lists them."""
