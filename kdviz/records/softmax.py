"""Softmax and its entropy with NumPy, for what never imports torch; `engine.losses` has the same for tensors."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def softmax(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    """softmax(logits / T) along the last axis."""
    powers = np.exp(_below_zero(logits, temperature))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def log_softmax(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    """log softmax(logits / T) along the last axis, exact where the softmax itself underflows."""
    shifted = _below_zero(logits, temperature)
    logs: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logs


def entropy(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    """Entropy of softmax(logits / T) in nats, with one axis less than the logits."""
    logs = log_softmax(logits, temperature)
    return np.asarray(-(np.exp(logs) * logs).sum(axis=-1))


def _below_zero(logits: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """logits / T less their maximum, so that no power overflows."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    shifted: NDArray[np.float64] = scaled - scaled.max(axis=-1, keepdims=True)
    return shifted
