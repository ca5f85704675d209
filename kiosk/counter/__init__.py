"""The counter's pages for staff: open payments, releases, returns, receipts, cases, the match of a day."""
