"""From a trained network to a smaller one: pruning, quantisation, low rank, and what learns again afterwards.

Each is a function from a network and its settings to another network; the one that was given stays as it is. What runs
them for a stored run is `runners/compression.py`; how small, fast and right the result is says `engine/measure.py`.
"""
