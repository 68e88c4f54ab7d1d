"""What the lesson on language shares without torch: the novel, its alphabet, and the two networks that read it."""

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

NOVEL = "pride-and-prejudice"  # the data set of studies of letters
TEXTS: Mapping[str, str] = {NOVEL: "Pride and Prejudice"}  # data sets of letters, by name, with their titles
ALPHABET = "\n !\"'(),-.:;?ABCDEFGHIJKLMNOPRSTUVWYZabcdefghijklmnopqrstuvwxyz"  # all signs that occur in it
CONTEXT = 64  # letters that a network sees at most
STRIDE = 32  # windows overlap by as much: but at the beginning, no letter is read with less before it
CHAPTERS = 61
HELD_OUT = tuple(range(10, CHAPTERS + 1, 10))  # chapters that nothing learns from and nothing is chosen by
VALIDATION = tuple(range(5, CHAPTERS + 1, 10))  # chapters that nothing learns from, looked at on the way
IMPOSSIBLE = 1e-3  # a letter is called impossible where the teacher gives it less
SAMPLE_BEGUN = '\n"My dear '  # with which samples of students begin

# What typewriters and other books write otherwise.
_PLAIN = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\t": " ", "\u00a0": " ", "\r": None}
)
_NUMBERS: Mapping[str, int] = {letter: number for number, letter in enumerate(ALPHABET)}


@dataclass(frozen=True)
class Shape:
    """A character-level transformer: GPT's (Radford 2019), layer norms before attention and before the rest."""

    name: str
    width: int
    layers: int
    heads: int

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        layer = 12 * self.width**2 + 13 * self.width
        read = (len(ALPHABET) + CONTEXT) * self.width
        return read + self.layers * layer + 2 * self.width + len(ALPHABET) * (self.width + 1)


TEACHER = Shape("teacher", 128, 4, 4)
STUDENT = Shape("student", 52, 2, 4)
SHAPES: Mapping[str, Shape] = {shape.name: shape for shape in (TEACHER, STUDENT)}


def plain(text: str) -> str:
    """The text in letters of the alphabet where they have one: typographic quotes and accents become plain ones."""
    letters = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def encode(text: str) -> tuple[list[int], str]:
    """The numbers of the text's letters, and each letter left out, once: those that the alphabet has not."""
    letters = plain(text)
    unknown = "".join(dict.fromkeys(letter for letter in letters if letter not in _NUMBERS))
    return [_NUMBERS[letter] for letter in letters if letter in _NUMBERS], unknown


def decode(numbers: list[int]) -> str:
    """The text of the numbers."""
    return "".join(ALPHABET[number] for number in numbers)


def bits(nats: float) -> float:
    """Bits instead of nats."""
    return nats / math.log(2)
