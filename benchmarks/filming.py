"""What a camera costs beside a training."""

import torch

from .homework import new_model
from .measuring import Result, cpu_of_call, result


def film_frame() -> Result:
    """One frame of a training film, and one training step of the same model."""
    from helpers.corpora import corpus
    from helpers.features import LogMel, collate
    from helpers.filming import Camera
    from helpers.loss import rnnt_loss
    from helpers.text import tokenizer
    from helpers.training import Recipe

    torch.set_num_threads(1)
    recipe, features, model = Recipe.preset("cpu"), LogMel(), new_model()
    dev = corpus("mini", "dev")
    camera = Camera(min(dev, key=lambda one: one.seconds), stack=recipe.stack, features=features)
    T, rows = camera.film.occupancy.shape[1:]
    steps = iter(range(1, 1000))
    ours = cpu_of_call(lambda: camera.take(model, next(steps)), 20)

    batch = collate([dev[i] for i in range(recipe.batch_size)], features=features, stack=recipe.stack)

    def train() -> None:
        logits = model(batch.spectrograms, batch.input_lengths, batch.labels, batch.label_lengths)
        rnnt_loss(logits, batch.labels, batch.input_lengths, batch.label_lengths, tokenizer.blank).backward()

    baseline = cpu_of_call(train, 3)
    what = f"one frame of a film, T={T}, U={rows - 1}; a training step of {recipe.batch_size} utterances"
    return result("film_frame", ours * 1e3, baseline * 1e3, "ms CPU", what)


BENCHMARKS = (film_frame,)
