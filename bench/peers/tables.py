#!/usr/bin/env python3
"""Makes the studies of docs/results/any-model-tables.md: models, data, workloads.

    tables.py FOLDER

Needs scikit-learn, lightgbm, skl2onnx, onnxmltools (requirements.txt). Data are scikit-learn's own:
breast cancer (569 rows, 30 numbers) and wine (178 rows, 13 numbers); models are trained on one half
of the rows, the study gets the other.
"""

import sys
from pathlib import Path

from lightgbm import LGBMClassifier
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType as LightFloat
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 20240607
top = Path(sys.argv[1])


def write(name, model, frame, columns, metric):
    folder = top / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    frame.to_csv(folder / "data.csv", index=False)
    lines = "".join(f"    - {{name: '{c}', input: '{i}'}}\n" for c, i in columns)
    (folder / "workload.yaml").write_text(
        f"""model: model.onnx
input:
  type: table
  output: probabilities
  columns:
{lines}data:
  path: data.csv
  label: target
  split: {{calibrate: 0.1, validate: 0.2, test: 0.7}}
quality: {{metric: {metric}, maxDrop: 2%}}
measure:
  rows: [{{batch: 1}}, {{batch: 64}}]
budget: 60s
output: bundle
"""
    )


def halves(loaded):
    return train_test_split(loaded.frame, test_size=0.5, random_state=SEED, stratify=loaded.frame["target"])


train, rest = halves(load_breast_cancer(as_frame=True))
names = [c for c in train.columns if c != "target"]
trees = LGBMClassifier(n_estimators=100, random_state=SEED, n_jobs=1, verbose=-1)
trees.fit(train[names].to_numpy("float32"), train["target"])
write(
    "lightgbm",
    convert_lightgbm(trees, initial_types=[("features", LightFloat([None, len(names)]))], zipmap=False, target_opset=15),
    rest,
    [(name, "features") for name in names],
    "top-1-agreement",
)

# A network, so that there is something to make smaller; one input per column, as from a data frame.
train, rest = halves(load_wine(as_frame=True))
names = [c for c in train.columns if c != "target"]
inside = ColumnTransformer([("numbers", make_pipeline(SimpleImputer(), StandardScaler()), names)])
pipeline = make_pipeline(inside, MLPClassifier((256, 256), max_iter=400, random_state=SEED))
pipeline.fit(train[names], train["target"])
model = to_onnx(
    pipeline, initial_types=[(c, FloatTensorType([None, 1])) for c in names],
    target_opset=17, options={"zipmap": False})
# The exporter replaces what no identifier may hold, such as the slash in a name.
inputs = [i.name for i in model.graph.input]
write("sklearn", model, rest, list(zip(names, inputs)), "top-1-agreement")

linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
train, rest = halves(load_breast_cancer(as_frame=True))
names = [c for c in train.columns if c != "target"]
linear.fit(train[names].to_numpy("float32"), train["target"])
write(
    "logistic",
    to_onnx(linear, train[names].to_numpy("float32")[:1], target_opset=17, options={"zipmap": False}),
    rest,
    [(name, "X") for name in names],
    "top-1-agreement",
)
