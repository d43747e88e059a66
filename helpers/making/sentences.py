"""The sentences of `mini`: small mishaps in a town where the animals borrow things.

A pattern is a sentence with gaps; a gap is filled from the list of that name. The words are common, the spelling is
English: "quilt", "neighbor's", "o'clock" and "eight" cannot be guessed sound by sound.
"""

import random
import re

PATTERNS = (
    "the {kind} {animal} {did} {whose} {thing}",
    "the {animal} {did} {whose} {thing} {when}",
    "the {animal} {did} the {look} {thing} {where}",
    "{whose} {thing} isn't {where}",
    "don't {do} the {look} {thing} {when}",
    "it's {number} o'clock and the {animal} is {doing}",
    "who {did} {whose} {look} {thing}",
    "let's {do} {number} {things} {when}",
    "we can't {do} {whose} {thing} {where}",
    "is the {kind} {animal} {doing} {where}",
    "i saw {number} {animals} {doing}",
    "they're {doing} {where} {when}",
    "please {do} {whose} {things}",
    "you'll {do} the {look} {thing} {where}",
    "it's {weather} {where} {when}",
    "the {animals} won't {do} {number} {things}",
    "what did the {kind} {animal} {do}",
    "{number} {kind} {animals} {did} the {thing}",
)


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",")]


LISTS = {
    "animal": _entries("fox, owl, zebra, jaguar, whale, yak, badger, rabbit, tiger, goose, mouse, penguin"),
    "animals": _entries("foxes, owls, zebras, whales, badgers, rabbits, tigers, mice, penguins"),
    "kind": _entries("quiet, lazy, brave, hungry, clever, purple, fuzzy, tiny, grumpy, polite, sleepy, jolly"),
    "did": _entries("found, painted, borrowed, watched, hid, fixed, washed, dropped, followed, moved, kicked, juggled"),
    "do": _entries("find, paint, borrow, hide, fix, wash, drop, carry, share, juggle, bring"),
    "doing": _entries("dancing, singing, sleeping, waiting, laughing, snoring, jumping, whispering, knitting"),
    "whose": _entries(
        "grandma's, my uncle's, the queen's, the wizard's, our neighbor's, the doctor's, the pilot's, jack's, zoe's, "
        "her, their"
    ),
    "thing": _entries(
        "violin, lamp, kite, piano, pizza, umbrella, quilt, map, box, bicycle, jacket, camera, sandwich, telescope, "
        "key, hat, trumpet, bridge"
    ),
    "things": _entries("apples, cookies, spoons, drums, pencils, candles, buttons, feathers"),
    "look": _entries("old, new, yellow, broken, heavy, golden, round, silver, empty"),
    "where": _entries(
        "in the kitchen, under the stairs, behind the school, by the river, near the harbor, on the roof, "
        "at the market, in the garden, beyond the village, across the valley, outside the museum, through the forest"
    ),
    "when": _entries(
        "at noon, before lunch, every friday, after dinner, tonight, this morning, until midnight, on sunday, "
        "in winter, again, tomorrow"
    ),
    "number": _entries("two, three, four, five, six, seven, eight, nine, ten, eleven, twelve"),
    "weather": _entries("raining, snowing, foggy, windy, very dark, quite warm, extremely cold"),
}

_GAP = re.compile(r"\{(\w+)\}")


def vocabulary() -> list[str]:
    """Every word that can occur, sorted."""
    texts = [_GAP.sub(" ", pattern) for pattern in PATTERNS] + [
        entry for entries in LISTS.values() for entry in entries
    ]
    return sorted({word for text in texts for word in text.split()})


def draw(seed: int, count: int) -> list[str]:
    """`count` sentences in random order, no two equal. The first n of them are the same for every count from n on."""
    source = random.Random(seed)

    def pick(entries):
        # random() is the one method whose stream Python promises to keep.
        return entries[int(source.random() * len(entries))]

    drawn: dict[str, None] = {}
    while len(drawn) < count:
        drawn[_GAP.sub(lambda gap: pick(LISTS[gap[1]]), pick(PATTERNS))] = None
    return list(drawn)
