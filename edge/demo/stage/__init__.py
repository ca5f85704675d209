"""The stage: one page on which the whole demo is alive and can be hurt (ADR 36)."""
