"""Makes src/test/resources/tables.npz: what scikit-learn makes of a small table.

    python -m venv venv && venv/bin/pip install numpy pandas scikit-learn==1.9.1 skl2onnx
    venv/bin/python hasten-runtime/src/test/python/table_golden.py hasten-runtime/src/test/resources/tables.npz

Names: `file/rows.jsonl` are the rows; per case `file/<case>.json` is the `input:` section, written
from the fitted transformers' own numbers, and `<case>` what they make of the rows; `file/model.onnx`
is a pipeline with one input per column, of numbers, whole numbers and texts, and `probabilities`
what scikit-learn answers with it.
"""

import json
import sys

import numpy as np
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

rng = np.random.default_rng(7)
count, fitted = 300, 200
table = pd.DataFrame(
    {
        "age": np.where(rng.random(count) < 0.1, np.nan, rng.normal(40, 13, count)),
        "income": np.where(rng.random(count) < 0.2, np.nan, np.exp(rng.normal(10, 1, count))),
        "score": rng.normal(0, 1e-3, count),
        "rooms": rng.integers(1, 9, count),
        "city": rng.choice(["Berlin", "Paris", "São Paulo", "New York, NY"], count),
        "plan": rng.choice(["free", "pro"], count),
        "grade": rng.choice([1, 2, 3, 5], count),
        # As objects: pandas' own texts have NaN where these have None.
        "colour": pd.Series(np.where(rng.random(count) < 0.15, None, rng.choice(["red", "green"], count)), dtype=object),
        "floor": np.where(rng.random(count) < 0.1, np.nan, rng.choice([0, 1, 2.5], count)),
    }
)
# What the encoders have not seen comes in the last rows only.
table.loc[fitted:, "city"] = rng.choice(["Berlin", "Atlantis"], count - fitted)
table.loc[fitted:, "grade"] = rng.choice([1, 4], count - fitted)
train = table[:fitted]
golden = {}


def plain(value):
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


rows = [{k: plain(v) for k, v in row.items()} for row in table.to_dict("records")]
text = "".join(json.dumps(row) + "\n" for row in rows)
golden["file/rows.jsonl"] = np.frombuffer(text.encode(), np.uint8)


def case(name, transformer, columns):
    spec = {"type": "table", "columns": columns}
    golden[f"file/{name}.json"] = np.frombuffer(json.dumps(spec).encode(), np.uint8)
    golden[name] = np.asarray(transformer.transform(table), np.float64)


def number(name, imputer=None, index=0, **scale):
    column = {"name": name, "kind": "number"}
    if imputer is not None:
        column["fill"] = float(imputer.statistics_[index])
    if scale:
        column["scale"] = {k: float(v) for k, v in scale.items()}
    return column


mean = make_pipeline(SimpleImputer(strategy="mean"), StandardScaler())
median = make_pipeline(SimpleImputer(strategy="median"), MinMaxScaler())
constant = make_pipeline(SimpleImputer(strategy="constant", fill_value=-7), RobustScaler())
numbers = ColumnTransformer(
    [
        ("mean", mean, ["age", "income"]),
        ("median", median, ["income", "score"]),
        ("constant", constant, ["age"]),
        ("as it is", "passthrough", ["rooms"]),
        ("missing", MissingIndicator(features="all"), ["age", "income"]),
    ]
).fit(train)
m, d, c = (numbers.named_transformers_[k] for k in ("mean", "median", "constant"))
case(
    "numbers",
    numbers,
    [number(n, m[0], i, mean=m[1].mean_[i], std=m[1].scale_[i]) for i, n in enumerate(["age", "income"])]
    + [
        number(n, d[0], i, min=d[1].data_min_[i], max=d[1].data_max_[i])
        for i, n in enumerate(["income", "score"])
    ]
    + [number("age", c[0], 0, mean=c[1].center_[0], std=c[1].scale_[0]), number("rooms")]
    + [{"name": n, "kind": "missing"} for n in ("age", "income")],
)

frequent = make_pipeline(
    SimpleImputer(strategy="most_frequent", missing_values=None), OneHotEncoder(sparse_output=False)
)
categories = ColumnTransformer(
    [
        ("one-hot", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city"]),
        ("drop", OneHotEncoder(drop="first", sparse_output=False), ["plan"]),
        ("ordinal", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["grade"]),
        ("frequent", frequent, ["colour"]),
        ("null", OneHotEncoder(sparse_output=False), ["colour"]),
        ("null-code", OrdinalEncoder(), ["colour"]),
        ("nan", OrdinalEncoder(), ["floor"]),
    ]
).fit(train)
t = categories.named_transformers_
lists = {k: [plain(v) for v in t[k].categories_[0]] for k in ("one-hot", "drop", "ordinal", "null", "null-code", "nan")}
case(
    "categories",
    categories,
    [
        {"name": "city", "kind": "category", "categories": lists["one-hot"], "unknown": "ignore"},
        {"name": "plan", "kind": "category", "categories": lists["drop"], "drop": lists["drop"][0]},
        {"name": "grade", "kind": "category", "encode": "ordinal", "categories": lists["ordinal"], "unknown": -1},
        {
            "name": "colour",
            "kind": "category",
            "categories": [plain(v) for v in t["frequent"][1].categories_[0]],
            "fill": plain(t["frequent"][0].statistics_[0]),
        },
        {"name": "colour", "kind": "category", "categories": lists["null"]},
        {"name": "colour", "kind": "category", "encode": "ordinal", "categories": lists["null-code"]},
        {
            "name": "floor",
            "kind": "category",
            "encode": "ordinal",
            "categories": [v for v in lists["nan"] if v is not None],
            "keepMissing": True,
        },
    ],
)

inside = ColumnTransformer(
    [
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]),
        ("rooms", "passthrough", ["rooms"]),
        ("city", OneHotEncoder(handle_unknown="ignore"), ["city"]),
    ]
)
model = make_pipeline(inside, LogisticRegression(max_iter=500)).fit(train, train["plan"] == "pro")
types = [
    ("age", FloatTensorType([None, 1])),
    ("income", FloatTensorType([None, 1])),
    ("rooms", Int64TensorType([None, 1])),
    ("city", StringTensorType([None, 1])),
]
exported = to_onnx(model, initial_types=types, target_opset=17, options={"zipmap": False})
golden["file/model.onnx"] = np.frombuffer(exported.SerializeToString(), np.uint8)
golden["probabilities"] = model.predict_proba(table).astype(np.float32)

np.savez_compressed(sys.argv[1], **golden)
