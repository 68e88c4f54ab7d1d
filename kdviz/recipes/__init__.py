"""What can be asked for, by name and within limits: recipes, methods, studies' facts; no results and no torch."""
