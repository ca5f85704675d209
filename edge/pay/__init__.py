"""Payment attempts and refunds, receipts, payees, the contract's figures and the business date."""
