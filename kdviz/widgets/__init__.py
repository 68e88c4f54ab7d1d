"""What a page is made of: its furniture, its controls, and the components that are drawn in the browser."""
