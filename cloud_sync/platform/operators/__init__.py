"""The platform's operators: their accounts, and the pages on which they look after sites."""
