"""kdviz: see what a network knows. An interactive course about knowledge distillation."""

__version__ = "0.1.0"
