"""Makes src/test/resources/dev/hasten/measure/boxes.jsonl: what pycocotools and scikit-learn say.

    python -m venv venv && venv/bin/pip install numpy pycocotools==2.0.11 scikit-learn==1.9.1
    venv/bin/python hasten-measure/src/test/python/boxes_golden.py hasten-measure/src/test/resources/dev/hasten/measure

Each line of boxes.jsonl is a set of images: `found` (rows of left, top, right, bottom, score, class),
`truth` (left, top, right, bottom, class, crowd), `map`, `map50`, `map75`. Each line of masks.jsonl is
a mask: `label`, `scores` (class by class), `iou`.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import jaccard_score

rng = np.random.default_rng(3)
folder = Path(sys.argv[1])


def boxes(count):
    # Multiples of a quarter: exact in every arithmetic.
    corner = rng.integers(0, 200, (count, 2)) / 4
    size = rng.integers(8, 120, (count, 2)) / 4
    return np.hstack([corner, corner + size])


def scene(crowds, classes, most):
    truth = boxes(rng.integers(0, most))
    types = rng.integers(0, classes, len(truth))
    crowd = (rng.random(len(truth)) < 0.2).astype(int) if crowds else np.zeros(len(truth), int)
    shifted = truth + rng.integers(-6, 7, truth.shape) / 4
    shifted = shifted[rng.random(len(truth)) < 0.8]
    wild = boxes(rng.integers(0, 4))
    found = np.vstack([shifted, wild, shifted[: len(shifted) // 2] + 0.25])
    found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 0.25)
    # Few different scores: ties are where implementations differ.
    scores = rng.integers(1, 33, len(found)) / 32
    kinds = np.concatenate([types[: len(found)], rng.integers(0, classes, max(0, len(found) - len(types)))])
    return (
        np.column_stack([truth, types, crowd]).tolist(),
        np.column_stack([found, scores, kinds[: len(found)]]).tolist(),
    )


def coco(scenes, classes):
    images = [{"id": i} for i in range(len(scenes))]
    annotations, results = [], []
    for i, (truth, found) in enumerate(scenes):
        for l, t, r, b, c, crowd in truth:
            annotations.append(
                {"id": len(annotations) + 1, "image_id": i, "category_id": int(c), "iscrowd": int(crowd),
                 "bbox": [l, t, r - l, b - t], "area": (r - l) * (b - t)})
        for l, t, r, b, s, c in found:
            results.append({"image_id": i, "category_id": int(c), "bbox": [l, t, r - l, b - t], "score": s})
    with contextlib.redirect_stdout(io.StringIO()):
        right = COCO()
        right.dataset = {"images": images, "annotations": annotations, "categories": [{"id": c} for c in range(classes)], "info": {}}
        right.createIndex()
        run = COCOeval(right, right.loadRes(results), "bbox")
        run.params.areaRng, run.params.areaRngLbl = [[0, 1e10]] * 4, ["all", "small", "medium", "large"]
        run.evaluate()
        run.accumulate()
        run.summarize()
    return {"map": run.stats[0], "map50": run.stats[1], "map75": run.stats[2]}


with open(folder / "boxes.jsonl", "w") as out:
    for images, classes, most, crowds in [(1, 1, 5, False), (6, 2, 6, False), (12, 4, 9, False), (20, 3, 8, True), (5, 2, 40, True), (4, 1, 160, False)]:
        scenes = [scene(crowds, classes, most) for _ in range(images)]
        line = {"truth": [s[0] for s in scenes], "found": [s[1] for s in scenes], **coco(scenes, classes)}
        out.write(json.dumps(line) + "\n")

with open(folder / "masks.jsonl", "w") as out:
    for classes in (1, 2, 2, 3, 5, 8):
        label = rng.integers(0, max(2, classes), (12, 9))
        scores = rng.random((classes, 12, 9)).round(3)
        answer = scores.argmax(0) if classes > 1 else (scores[0] > 0.5).astype(int)
        iou = jaccard_score(label.ravel(), answer.ravel(), average="macro")
        out.write(json.dumps({"label": label.tolist(), "scores": scores.ravel().tolist(), "iou": iou}) + "\n")
