"""Sentence embeddings behind MLServer: a runtime as its users write one, with the model and tokenizer of a Hasten bundle.

The model-settings.json of each model names the bundle's folder in parameters.uri and how MLServer batches.
"""

import asyncio
import json
import pathlib

import numpy as np
import onnxruntime
import tokenizers
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class MiniLm(MLModel):
    async def load(self) -> bool:
        bundle = pathlib.Path(self.settings.parameters.uri)
        pipeline = json.loads((bundle / "bundle.json").read_text())["pipeline"]
        assert pipeline["pooling"] == "mean" and pipeline["normalize"], pipeline
        self.tokenizer = tokenizers.Tokenizer.from_file(str(bundle / pipeline["tokenizer"]))
        self.tokenizer.enable_truncation(pipeline["maxLength"])
        self.tokenizer.enable_padding()  # to the longest of the batch
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(str(bundle / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self.names = {i.name for i in self.session.get_inputs()}
        return True

    def embed(self, texts):
        encoded = self.tokenizer.encode_batch(texts)
        ids = np.array([e.ids for e in encoded], dtype=np.int64)
        mask = np.array([e.attention_mask for e in encoded], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self.session.run(None, {n: v for n, v in feeds.items() if n in self.names})[0]
        pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        return (pooled / np.linalg.norm(pooled, axis=1, keepdims=True)).astype(np.float32)

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        texts = StringCodec.decode_input(payload.inputs[0])
        # In a thread, so that requests are taken, and batches fill, while the model runs.
        vectors = await asyncio.to_thread(self.embed, texts)
        return InferenceResponse(
            id=payload.id, model_name=self.name, outputs=[NumpyCodec.encode_output("embedding", vectors)]
        )
