"""What a transducer is made of, sizes that work, and a trained recogniser to decode with before yours is trained.

A transducer is any object with three parts (see `helpers.decoding`): `.encoder`, `.decoder`, `.joiner`.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from .corpora import Utterance
from .text import tokenizer

ASSETS = Path(__file__).resolve().parent / "assets"
REFERENCE_WEIGHTS = ASSETS / "reference.safetensors"
REFERENCE_TRANSCRIPTS = ASSETS / "reference_transcripts.json"


@dataclass(frozen=True)
class TransducerConfig:
    """Sizes of the homework's model: `RNNTransducer(**config.arguments())`.

    Attributes:
        num_classes: V, the blank and BOS included.
        input_dim: mel bins times stacked frames.
        num_encoder_layers, num_decoder_layers: LSTM layers.
        encoder_hidden_state_dim: per direction.
        decoder_hidden_state_dim: also the size of the label embedding.
        output_dim: J, where encoder and prediction network meet in the joiner.
    """

    num_classes: int = len(tokenizer)
    input_dim: int = 80
    num_encoder_layers: int = 4
    num_decoder_layers: int = 1
    encoder_hidden_state_dim: int = 320
    decoder_hidden_state_dim: int = 512
    output_dim: int = 512
    encoder_is_bidirectional: bool = True
    encoder_dropout_p: float = 0.2
    decoder_dropout_p: float = 0.2

    @classmethod
    def preset(cls, name: str) -> "TransducerConfig":
        """ "seed": the sizes of the course's recogniser, 11 M parameters, for a GPU. "cpu": minutes on a laptop."""
        if name not in PRESETS:
            raise ValueError(f"There is no preset {name!r}: take one of {', '.join(PRESETS)}.")
        return PRESETS[name]

    def arguments(self) -> dict:
        """Keyword arguments of `RNNTransducer`."""
        return asdict(self)


PRESETS = {
    "seed": TransducerConfig(),
    "cpu": TransducerConfig(
        input_dim=80 * 3,
        num_encoder_layers=2,
        encoder_hidden_state_dim=96,
        decoder_hidden_state_dim=96,
        output_dim=96,
        encoder_dropout_p=0.1,
        decoder_dropout_p=0.1,
    ),
}
"""The sizes of "cpu" were chosen on the dev split of `mini`; they expect 3 stacked frames (37.5 ms)."""


class WeightsError(ValueError):
    """A file of weights that cannot be used; the message is one sentence for a person."""


def load_weights(model: nn.Module, path: str | Path, sha256: str | None = None) -> nn.Module:
    """Fill `model` from a safetensors file and return it. Nothing in the file is executed.

    sha256: what the file's checksum has to be, if that is known.
    Raises WeightsError when the file is missing, damaged, another one than expected, made for another architecture,
    or holds numbers that are not finite. The model is changed only if all is well.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"There are no weights: the file {path} does not exist.")
    data = path.read_bytes()
    if sha256 is not None and (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise WeightsError(
            f"{path} is not the file it should be: its SHA-256 starts with {found[:12]}, not {sha256[:12]}."
        )
    try:
        stored = load(data)
    except (SafetensorError, ValueError, KeyError) as problem:
        raise WeightsError(f"{path} is no complete safetensors file ({problem}): save or download it again.") from None
    wanted = model.state_dict()
    for name, tensor in wanted.items():
        if name not in stored:
            raise WeightsError(
                f"{path} was saved from another architecture: {type(model).__name__} needs {name!r}, and it has none."
            )
        if stored[name].shape != tensor.shape:
            raise WeightsError(
                f"{path} was saved from another architecture: {name!r} has shape {tuple(stored[name].shape)} there, "
                f"and {tuple(tensor.shape)} in this {type(model).__name__}."
            )
        if stored[name].is_floating_point() and not torch.isfinite(stored[name]).all():
            raise WeightsError(f"{path} holds numbers that are not finite (in {name!r}): that training diverged.")
    if extra := sorted(set(stored) - set(wanted)):
        raise WeightsError(
            f"{path} was saved from another architecture: it holds {extra[0]!r}, which {type(model).__name__} has not."
        )
    model.load_state_dict(stored)
    return model


@dataclass(frozen=True)
class ReferenceConfig:
    """Sizes of the reference recogniser. `stack` frames of `mel_bins` bins make one input vector."""

    mel_bins: int = 80
    stack: int = 4
    channels: int = 128
    kernel: int = 5
    dilations: tuple[int, ...] = (1, 1, 2, 1, 2, 1)
    embedding: int = 96
    output_dim: int = 128
    num_classes: int = len(tokenizer)
    bos: int = tokenizer.bos
    dropout: float = 0.1


class ReferenceRecogniser(nn.Module):
    """A small transducer without recurrence: convolutions over frames, the last two labels as memory.

    Its parts are called like those of the homework and can be decoded the same way, although none is an LSTM. The
    weights come from `python -m data_scripts.train_reference`; `load_reference()` returns it ready for use.
    """

    def __init__(self, config: ReferenceConfig = ReferenceConfig()):
        super().__init__()
        self.config = config
        self.encoder = ConvolutionalEncoder(config)
        self.decoder = TwoLabelMemory(config)
        self.joiner = TanhJoiner(config)


class ConvolutionalEncoder(nn.Module):
    """(B, T, n) stacked log-mel -> (B, T, J): residual blocks of convolutions over time."""

    def __init__(self, config: ReferenceConfig):
        super().__init__()
        self.stem = nn.Linear(config.mel_bins * config.stack, config.channels)
        self.blocks = nn.ModuleList(ConvolutionBlock(config, dilation) for dilation in config.dilations)
        self.output_proj = nn.Linear(config.channels, config.output_dim)

    def forward(self, inputs: Tensor, input_lengths: Tensor) -> tuple[Tensor, None]:
        """Outputs (B, T, J), and None where a recurrent encoder has hidden states."""
        # A convolution looks across the end of an utterance: what it finds there must not depend on the batch.
        real = torch.arange(inputs.shape[1], device=inputs.device) < input_lengths.to(inputs.device)[:, None]
        real = real.unsqueeze(-1)
        hidden = self.stem(inputs)
        for block in self.blocks:
            hidden = block(hidden, real)
        return self.output_proj(hidden), None


class ConvolutionBlock(nn.Module):
    """x + Linear(SiLU(Conv(LayerNorm(x)))), with padding so that T stays."""

    def __init__(self, config: ReferenceConfig, dilation: int):
        super().__init__()
        self.norm = nn.LayerNorm(config.channels)
        padding = dilation * (config.kernel // 2)
        self.conv = nn.Conv1d(config.channels, config.channels, config.kernel, padding=padding, dilation=dilation)
        self.mix = nn.Linear(config.channels, config.channels)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, inputs: Tensor, real: Tensor) -> Tensor:
        """(B, T, C) -> (B, T, C). Frames that are not `real` (B, T, 1) are heard as zeros."""
        hidden = self.conv((self.norm(inputs) * real).transpose(1, 2)).transpose(1, 2)
        return inputs + self.dropout(self.mix(nn.functional.silu(hidden)))


class TwoLabelMemory(nn.Module):
    """Prediction network that remembers only the last two labels (Ghodsi et al., 2020: "stateless").

    After the same label twice it is where it was one label ago, so greedy decoding can repeat that label until its
    limit of steps. A network that is trained to the end seldom does; in the middle of training it shows.
    """

    def __init__(self, config: ReferenceConfig):
        super().__init__()
        self.bos = config.bos
        self.last = nn.Embedding(config.num_classes, config.embedding)
        self.before = nn.Embedding(config.num_classes, config.embedding)
        self.output_proj = nn.Linear(config.embedding, config.output_dim)

    def forward(
        self,
        inputs: Tensor,
        input_lengths: Tensor | None = None,
        hidden_states: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """inputs (B, U) labels -> outputs (B, U, J), and the label before the next one, (B, 1), as hidden state.

        It comes twice, for code that takes an LSTM's pair apart.
        """
        earlier = torch.full_like(inputs[:, :1], self.bos) if hidden_states is None else hidden_states[0]
        before = torch.cat([earlier.to(inputs.dtype), inputs[:, :-1]], dim=1)
        outputs = self.output_proj(torch.relu(self.last(inputs) + self.before(before)))
        if input_lengths is None:
            last = inputs[:, -1:]
        else:
            last = inputs.gather(1, input_lengths.to(inputs.device, torch.int64)[:, None] - 1)
        return outputs, (last, last)


class TanhJoiner(nn.Module):
    """Linear(tanh(f + g)) (Graves 2013)."""

    def __init__(self, config: ReferenceConfig):
        super().__init__()
        self.linear = nn.Linear(config.output_dim, config.num_classes)

    def forward(self, encoder_outputs: Tensor, decoder_outputs: Tensor) -> Tensor:
        """(B, T, J), (B, U, J) -> (B, T, U, V); or (J,), (J,) -> (V,)."""
        if encoder_outputs.dim() > 1:
            encoder_outputs, decoder_outputs = encoder_outputs[:, :, None], decoder_outputs[:, None]
        return self.linear(torch.tanh(encoder_outputs + decoder_outputs))


def load_reference() -> ReferenceRecogniser:
    """The trained reference recogniser, in eval mode, its file checked. Raises WeightsError."""
    if not REFERENCE_TRANSCRIPTS.is_file():
        raise WeightsError(f"There is no reference recogniser: the file {REFERENCE_TRANSCRIPTS} does not exist.")
    facts = json.loads(REFERENCE_TRANSCRIPTS.read_text("utf-8"))
    sizes = {**facts["config"], "dilations": tuple(facts["config"]["dilations"])}
    recogniser = ReferenceRecogniser(ReferenceConfig(**sizes))
    return load_weights(recogniser, REFERENCE_WEIGHTS, facts["sha256"]).eval()


def reference_utterance(number: int = 1) -> Utterance:
    """One of the recordings that come with the reference recogniser, counted from 1. Raises ValueError."""
    known = json.loads(REFERENCE_TRANSCRIPTS.read_text("utf-8"))["utterances"]
    if not 1 <= number <= len(known):
        raise ValueError(f"There are the recordings 1 to {len(known)}; {number} is none of them.")
    one = known[number - 1]
    return Utterance(one["id"], one["speaker"], one["ground_truth"], ASSETS / one["audio"])
