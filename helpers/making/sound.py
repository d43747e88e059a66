"""Samples: another rate, a level, some noise. Numpy only, so that a worker starts at once."""

from pathlib import Path

import numpy as np

RATE = 16000
_STEPS = 32767  # int16


def resample(samples: np.ndarray, rate: int, wanted: int = RATE) -> np.ndarray:
    """(samples,) at `rate` Hz -> (ceil(samples * wanted / rate),) at `wanted` Hz, float64.

    The spectrum is cut, or padded with zeros: exact for what both rates can hold. The top of the band fades out, so
    that the cut does not ring. The ends should be near silence, for the transform sees the sound as a loop.
    """
    if rate == wanted:
        return np.asarray(samples, dtype=np.float64)
    shared = np.gcd(rate, wanted)
    up, down = wanted // shared, rate // shared
    blocks = -(-len(samples) // down) + 1
    spectrum = np.fft.rfft(samples, blocks * down)
    kept = min(len(spectrum), blocks * up // 2 + 1)
    fade = max(1, kept // 16)
    spectrum = spectrum[:kept]
    spectrum[-fade:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, fade + 1) / fade)
    resampled = np.fft.irfft(spectrum, blocks * up) * (up / down)
    return resampled[: -(-len(samples) * up // down)]


def coloured_noise(source: np.random.RandomState, count: int, tilt: float) -> np.ndarray:
    """Gaussian noise of power 1, (count,). Its power falls as 1 / frequency**tilt: 0 is white, 1 is pink."""
    length = -(-count // 4096) * 4096  # a transform of a prime length is slow
    spectrum = np.fft.rfft(source.standard_normal(length))
    spectrum[0] = 0
    spectrum[1:] *= np.arange(1, len(spectrum)) ** (-tilt / 2)
    noise = np.fft.irfft(spectrum, length)[:count]
    return noise / max(_rms(noise), 1e-12)


def recorded(
    speech: np.ndarray, source: np.random.RandomState, *, level: float, snr: float, tilt: float, margin: float = 0.1
) -> np.ndarray:
    """The speech as a microphone would have it, int16: silence before and behind, a level, noise, no clipping.

    Args:
        speech: (samples,) at 16 kHz, any scale.
        level: of the whole, in dB below full scale, for example -26.
        snr: speech over noise in dB.
        tilt: colour of the noise, see `coloured_noise`.
        margin: seconds of silence at each end, at most; drawn.
    """
    before, behind = (int(RATE * margin * (0.5 + 0.5 * part)) for part in source.random_sample(2))
    speech = np.concatenate([np.zeros(before), speech, np.zeros(behind)])
    speech = speech / max(_rms(speech), 1e-12)
    mixed = speech + 10 ** (-snr / 20) * coloured_noise(source, len(speech), tilt)
    mixed *= 10 ** (level / 20) / _rms(mixed)
    mixed *= min(1.0, 0.95 / np.abs(mixed).max())
    return np.round(mixed * _STEPS).astype(np.int16)


def trimmed(samples: np.ndarray, threshold: float = 0.01) -> np.ndarray:
    """Without what is below `threshold` of the peak at either end; a hundredth of the peak is -40 dB."""
    loud = np.flatnonzero(np.abs(samples) > threshold * np.abs(samples).max(initial=0))
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples


def write_flac(path: Path, samples: np.ndarray) -> None:
    """Writes int16 samples at 16 kHz."""
    import soundfile

    soundfile.write(path, samples, RATE, format="FLAC", subtype="PCM_16")


def _rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))
