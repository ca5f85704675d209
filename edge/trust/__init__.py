"""Keys, signed messages and trusted time: what lets a site believe something without a network."""
