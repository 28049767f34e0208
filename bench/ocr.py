"""Compares OcrCheck's tensors and texts with RapidOCR's own on the same lines and model.

    python -m venv venv && venv/bin/pip install rapidocr_onnxruntime==1.4.4
    bench/ocr.sh && venv/bin/python bench/ocr.py bench/target/ocr
"""

import csv
import sys

import cv2
import numpy as np
from rapidocr_onnxruntime.ch_ppocr_rec import TextRecognizer

folder = sys.argv[1]
recognizer = TextRecognizer(
    {
        "intra_op_num_threads": 1,
        "inter_op_num_threads": 1,
        "use_cuda": False,
        "use_dml": False,
        "model_path": f"{folder}/model.onnx",
        "rec_keys_path": f"{folder}/keys.txt",
        "rec_img_shape": [3, 48, 320],
        "rec_batch_num": 6,
    }
)
rows = list(csv.DictReader(open(f"{folder}/labels.csv", encoding="utf-8")))
images = [cv2.imread(f"{folder}/{row['file']}") for row in rows]

ours = np.load(f"{folder}/tensors.npz")
largest = 0.0
for name in ours.files:
    image = images[int(name.split("-")[1])]
    ratio = max(image.shape[1] / image.shape[0], 320 / 48)
    theirs = recognizer.resize_norm_img(image, ratio)[None]
    if theirs.shape != ours[name].shape:
        sys.exit(f"{name}: {ours[name].shape}, RapidOCR's is {theirs.shape}")
    largest = max(largest, float(np.abs(ours[name] - theirs).max()))
print(f"tensors of {len(ours.files)} lines: largest difference {largest:.1e}")


def edits(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(diagonal + (x != y), row[j] + 1, row[j - 1] + 1)
    return row[-1]


texts = [result[0] for result in recognizer(images)[0]]
read = open(f"{folder}/read.txt", encoding="utf-8").read().split("\n")[: len(rows)]
right = [row["text"] for row in rows]
length = sum(map(len, right))
print(f"cer: RapidOCR {100 * sum(map(edits, texts, right)) / length:.2f} %, "
      f"Hasten {100 * sum(map(edits, read, right)) / length:.2f} %; "
      f"{sum(a == b for a, b in zip(texts, read))} of {len(rows)} texts are equal")
