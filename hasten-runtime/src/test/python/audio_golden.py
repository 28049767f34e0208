"""Makes src/test/resources/audio.npz: what SciPy, librosa and Hugging Face make of short sounds.

    python -m venv venv && venv/bin/pip install librosa==0.11.0 scipy==1.17.1 soundfile==0.14.0 transformers==5.23.0
    venv/bin/python hasten-runtime/src/test/python/audio_golden.py hasten-runtime/src/test/resources/audio.npz

Names: `file/…` are whole WAV files, `decoded/…` their samples mixed to one channel, `sound` a
second's third at 16 kHz, `resampled/<from>-<to>`, `mel/…` spectrograms, `normalized` a wave.
"""

import io
import math
import sys

import librosa
import numpy as np
import soundfile
from scipy.signal import resample_poly
from transformers import Wav2Vec2FeatureExtractor, WhisperFeatureExtractor

rng = np.random.default_rng(20)
golden = {}


def sound(samples, rate):
    t = np.arange(samples) / rate
    tones = 0.4 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * (200 + 4000 * t) * t)
    return np.clip(tones + rng.normal(0, 0.05, samples), -1, 1)


stereo = np.stack([sound(301, 8000), sound(301, 8000)], axis=-1)
for name, data, subtype, kind in [
    ("pcm-8", stereo[:, 0], "PCM_U8", "WAV"),
    ("pcm-16", stereo[:, 0], "PCM_16", "WAV"),
    ("pcm-16-stereo", stereo, "PCM_16", "WAV"),
    ("pcm-24", stereo, "PCM_24", "WAV"),
    ("pcm-32", stereo, "PCM_32", "WAV"),
    ("float-32", stereo, "FLOAT", "WAV"),
    ("float-64", stereo[:, 1], "DOUBLE", "WAV"),
    ("extensible-24", stereo, "PCM_24", "WAVEX"),
    ("extensible-float", stereo, "FLOAT", "WAVEX"),
]:
    out = io.BytesIO()
    soundfile.write(out, data, 8000, subtype=subtype, format=kind)
    golden[f"file/{name}"] = np.frombuffer(out.getvalue(), np.uint8)
    read, rate = soundfile.read(io.BytesIO(out.getvalue()), always_2d=True)
    golden[f"decoded/{name}"] = read.mean(axis=1)

wave = golden["sound"] = sound(5333, 16000).astype(np.float32)
for source, target in [(44100, 16000), (8000, 16000), (22050, 16000), (48000, 16000), (16000, 44100)]:
    divisor = math.gcd(source, target)
    golden[f"resampled/{source}-{target}"] = resample_poly(
        wave[:700].astype(np.float64), target // divisor, source // divisor
    )

whisper = WhisperFeatureExtractor(feature_size=80, sampling_rate=16000, chunk_length=1)
features = whisper(wave, sampling_rate=16000, return_tensors="np")
golden["mel/whisper"] = features.input_features.astype(np.float32)
power = librosa.feature.melspectrogram(
    y=wave.astype(np.float64), sr=16000, n_fft=512, hop_length=160, n_mels=40, fmin=50, fmax=7000
)
golden["mel/librosa"] = librosa.power_to_db(power).astype(np.float32)[None]
short = librosa.feature.melspectrogram(y=wave[:900].astype(np.float64), sr=16000)
golden["mel/librosa-short"] = librosa.power_to_db(short).astype(np.float32)[None]

normalizer = Wav2Vec2FeatureExtractor(do_normalize=True, sampling_rate=16000)
golden["normalized"] = normalizer(wave, sampling_rate=16000, return_tensors="np").input_values

np.savez_compressed(sys.argv[1], **golden)
