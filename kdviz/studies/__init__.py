"""What the lessons run: each study is a recipe carried out from its first image to its last figure."""
