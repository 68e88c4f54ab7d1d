"""Carry a recipe out: train what it asks for, yield records; where it runs and what is kept stands elsewhere."""
