"""What each study of a lesson asks: its arms, what is measured, whom each arm is judged against. Torch-free."""
