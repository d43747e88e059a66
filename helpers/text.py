"""The alphabet: text to class numbers and back. Imports nothing, so that it is there at once."""

from collections.abc import Iterable
from string import ascii_lowercase

BLANK_SYMBOL = "_"
BOS = "<BOS>"

LETTERS = ("'", " ", *ascii_lowercase)


class Tokenizer:
    """30 symbols: the apostrophe 0, the space 1, a to z 2..27, the blank "_" 28, and "<BOS>" 29.

    Attributes:
        char_map: symbol -> index.
        index_map: index -> symbol.
    """

    def __init__(self):
        symbols = (*LETTERS, BLANK_SYMBOL, BOS)
        self.char_map = {symbol: index for index, symbol in enumerate(symbols)}
        self.index_map = dict(enumerate(symbols))

    @property
    def blank(self) -> int:
        """Index of the blank: "nothing more in this frame". Also what label padding is made of."""
        return self.char_map[BLANK_SYMBOL]

    @property
    def bos(self) -> int:
        """Index of the symbol that the prediction network reads before the first label."""
        return self.char_map[BOS]

    def __len__(self) -> int:
        return len(self.char_map)

    def text_to_indices(self, text: str) -> list[int]:
        """Indices of the characters of `text`, lower-cased; an empty text gives an empty list.

        Raises ValueError for a character outside the alphabet. The blank and BOS are no text, so "_" is outside too.
        """
        indices = []
        for place, character in enumerate(text):
            letter = character.lower()
            if letter not in LETTERS:
                raise ValueError(
                    f"The character {character!r} at place {place} of {_shortened(text)} is outside the alphabet: "
                    "spell numbers out and keep only a to z, the space and the straight apostrophe (')."
                )
            indices.append(self.char_map[letter])
        return indices

    def indices_to_text(self, labels: Iterable[int]) -> str:
        """The text of a list, array or tensor of indices. The blank and BOS are dropped: they are not letters.

        Raises ValueError for an index that is not in [0, 30).
        """
        text = []
        for place, label in enumerate(labels):
            index = int(label)
            if index not in self.index_map:
                raise ValueError(f"Label {index} at place {place} is not one of the {len(self)} symbols, 0 to 29.")
            symbol = self.index_map[index]
            if symbol not in (BLANK_SYMBOL, BOS):
                text.append(symbol)
        return "".join(text)

    def get_symbol_index(self, sym: str) -> int:
        """Index of one symbol, BLANK_SYMBOL and BOS included. Raises ValueError when there is no such symbol."""
        if sym not in self.char_map:
            raise ValueError(f"There is no symbol {sym!r}: the alphabet is ', space, a to z, {BLANK_SYMBOL} and {BOS}.")
        return self.char_map[sym]


def _shortened(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else text[: most - 1] + "…")


tokenizer = Tokenizer()
"""The one that everybody shares; it has no state."""
