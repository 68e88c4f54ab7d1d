"""What learns: data, networks, losses, batches, the training loop, evaluation; no store, no queue, no page."""
