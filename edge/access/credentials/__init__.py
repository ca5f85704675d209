"""What is shown at a reader: who it stands for, and whether it still counts."""
