"""The one place that touches espeak-ng, a speech synthesiser; and the process that does so.

espeak-ng is a program of its own under the GPL, version 3. The package `espeakng-loader` brings its library; we load it
at run time, only to synthesise `mini`, and ship nothing made from its code. Nothing else imports this module: `mini`
runs it as a process, `python -m helpers.making.espeak`, one for each speaker, because espeak-ng has memory. What it
says depends on everything it has said before, so the same samples come out only if the same process says the same list.

The process reads a `Task` as JSON from its input, writes FLAC files, and prints one line per file.
"""

import ctypes
import json
import sys
from pathlib import Path

import numpy as np

from . import sound

_SPEED, _PITCH, _PITCH_RANGE = 1, 3, 4  # numbers of parameters in espeak-ng's speak_lib.h
_RETRIEVAL, _UTF8, _CHARACTERS = 1, 1, 1  # synchronous output to a callback; text encoding; unit of positions
_RETURNED_SAMPLES = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Synthesiser:
    """A running espeak-ng. One per process: the library keeps global state. RuntimeError when it does not start."""

    def __init__(self):
        import espeakng_loader

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int,
            ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p,
        ]  # fmt: skip
        self._pieces: list[np.ndarray] = []
        self._callback = _RETURNED_SAMPLES(self._receive)  # kept alive: the library holds only a pointer
        self._data = Path(espeakng_loader.get_data_path())
        self.rate = self._library.espeak_Initialize(_RETRIEVAL, 0, str(self._data).encode(), 0)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng does not start: install the package espeakng-loader again.")
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples, count, _events) -> int:
        if samples and count > 0:
            self._pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def use(self, voice: str) -> None:
        """Choose the voice, for example "en-us+f2". Raises ValueError when espeak-ng has none of that name."""
        _, _, variant = voice.partition("+")
        # It takes a variant that does not exist for none at all, without a word.
        known = not variant or (self._data / "voices" / "!v" / variant).is_file()
        if not known or self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}.")

    def say(self, text: str, *, speed: int, pitch: int, liveliness: int) -> np.ndarray:
        """int16 samples at `self.rate` Hz.

        Args:
            text: what to say.
            speed: words per minute, 80 to 450.
            pitch: 0 to 99, relative to the voice.
            liveliness: range of the pitch, 0 (monotone) to 99.
        """
        for parameter, value in ((_SPEED, speed), (_PITCH, pitch), (_PITCH_RANGE, liveliness)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._pieces.clear()
        data = text.encode() + b"\0"
        if self._library.espeak_Synth(data, len(data), 0, _CHARACTERS, 0, _UTF8, None, None) != 0:
            raise RuntimeError(f"espeak-ng could not say {text!r}.")
        self._library.espeak_Synchronize()
        return np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int16)


def main() -> None:
    """Say the utterances of one task."""
    task = json.load(sys.stdin)
    synthesiser = Synthesiser()
    synthesiser.use(task["voice"])
    source = np.random.RandomState(task["seed"])  # the generator whose stream numpy promises to keep
    for path, text in task["utterances"]:
        spoken = synthesiser.say(
            text,
            speed=task["speed"] + source.randint(-12, 13),
            pitch=task["pitch"] + source.randint(-6, 7),
            liveliness=source.randint(40, 61),
        )
        speech = sound.trimmed(sound.resample(spoken, synthesiser.rate))
        samples = sound.recorded(
            speech,
            source,
            level=source.uniform(-30, -22),
            snr=source.uniform(*task["snr"]),
            tilt=source.uniform(0, 1),
        )
        sound.write_flac(Path(path), samples)
        print(path, flush=True)


if __name__ == "__main__":
    main()
