"""The page of all runs: table, card, bin, export and sentences."""
