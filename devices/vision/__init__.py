"""The vision process: cameras in, decoded codes out. Pictures stay in memory and are never stored."""
