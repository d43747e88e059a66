"""Record the two films of training that come with the course, with the reference solution on `mini`.

    python -m data_scripts.record_films            # about five minutes on one core

Writes into helpers/assets: film_learning.npz, the homework's own recipe, and film_blank_collapse.npz, the same with a
learning rate fifty times smaller, which finds the blank and nothing else.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from functools import partial

import torch

from autograder.judging import homework3_reference as solution
from autograder.label_looping import recognize_batch
from data_scripts.command import one_sentence
from helpers.corpora import Utterance, corpus
from helpers.features import FeatureCache
from helpers.filming import Camera
from helpers.lattice.film import PRESETS
from helpers.model import ASSETS, TransducerConfig
from helpers.training import Recipe, train

RECIPES = {
    "learning": Recipe.preset("cpu"),
    "blank collapse": replace(Recipe.preset("cpu"), learning_rate=2e-4, schedule="constant", epochs=4),
}


def main() -> int:
    """Run the command; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("films", nargs="*", default=list(RECIPES), help="which; both without a name")
    wanted = parser.parse_args().films
    with one_sentence() as outcome:
        for name in wanted:
            if name not in RECIPES:
                raise ValueError(f"There is no film {name!r}: take one of {', '.join(map(repr, RECIPES))}.")
            film = record(name)
            film.save(ASSETS / PRESETS[name])
            print(f"{PRESETS[name]}: {film}, {film.loss[-1]:.2f} nats per label at the end, “{film.written[-1]}”")
    return outcome.code


def shortest(utterances) -> Utterance:
    """A short sentence makes a small lattice, in which one can see."""
    return min(utterances, key=lambda one: one.seconds)


def record(name: str):
    """The film of one training."""
    torch.set_num_threads(1)
    torch.manual_seed(7)
    model = solution.RNNTransducer(**TransducerConfig.preset("cpu").arguments())
    # Enough steps for the filmed sentence. Longer ones are cut off in the error rates on the way, which nobody needs.
    decode, recipe = partial(recognize_batch, max_steps=60), RECIPES[name]
    train_set, dev_set = corpus("mini", "train"), corpus("mini", "dev")
    camera = Camera(shortest(dev_set), stack=recipe.stack, decode=decode, name=f"the course's film “{name}”")
    settings = {"features": FeatureCache(), "decode": decode, "camera": camera, "device": "cpu"}
    with tempfile.TemporaryDirectory() as folder:
        train(model, train_set, dev_set, recipe, folder=folder, **settings)
    return camera.film


if __name__ == "__main__":
    sys.exit(main())
