"""Record the reference recogniser's greedy walks over the recordings that come with it, with the reference solution.

    python -m data_scripts.record_walks

Writes helpers/assets/greedy_walks.json: where each walk stood, what the joiner liked best there, and where the
probability of the true transcript lies. Run it again after `train_reference`.
"""

import argparse
import json
import sys

import torch
from tqdm.auto import tqdm

from autograder.judging.homework3_reference import greedy_decode
from data_scripts.command import one_sentence
from data_scripts.train_reference import Trainable
from helpers.decoding import watch
from helpers.features import LogMel, collate
from helpers.lattice.walking import RECORDED
from helpers.loss import posteriors
from helpers.model import ASSETS, REFERENCE_TRANSCRIPTS, load_reference, reference_utterance
from helpers.text import tokenizer

SECONDS_PER_HOP = 0.0125


def main() -> int:
    """Run the command; the exit status."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    with one_sentence() as outcome:
        facts = json.loads(REFERENCE_TRANSCRIPTS.read_text("utf-8"))
        numbers = range(1, len(facts["utterances"]) + 1)
        walks = [record(number).to_json() for number in tqdm(numbers, desc="walks", unit="walk", disable=None)]
        command = "python -m data_scripts.record_walks"
        content = {"command": command, "weights": facts["sha256"], "walks": walks}
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        (ASSETS.parent / RECORDED).write_text(text.replace('{"T"', '\n{"T"') + "\n", "utf-8")
    return outcome.code


@torch.no_grad()
def record(number: int):
    """The walk over one of the reference recogniser's recordings."""
    reference, spoken = load_reference(), reference_utterance(number)
    batch = collate([spoken], features=LogMel(), stack=reference.config.stack)
    frames, _ = reference.encoder(batch.spectrograms, batch.input_lengths)
    trainable = Trainable(reference.config).eval()
    trainable.load_state_dict(reference.state_dict())
    logits = trainable(batch.spectrograms, batch.input_lengths, batch.labels, batch.label_lengths)
    blank, label, _ = posteriors(logits[0], batch.labels[0], tokenizer.blank)
    blank[:, :-1] += label
    return watch(
        greedy_decode,
        reference,
        frames[0],
        truth=spoken.text,
        occupancy=blank,
        seconds_per_frame=SECONDS_PER_HOP * reference.config.stack,
        name="the reference recogniser",
    )


if __name__ == "__main__":
    sys.exit(main())
