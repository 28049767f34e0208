"""Existing clients, unmodified, against a running server: public_clients.py PORT.

Needs tritonclient[all] and openai. The server has the models adder (x float[n,4] + 10), echo (texts) and minilm (a
sentence-embedding bundle). Prints a line for each thing that a client can do; any difference ends it with a trace.
"""
import sys

import numpy as np
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from openai import BadRequestError, NotFoundError, OpenAI
from tritonclient.utils import InferenceServerException

url = f"127.0.0.1:{sys.argv[1]}"
x = np.arange(8, dtype=np.float32).reshape(2, 4)
texts = np.array([["a", "ü€"]], dtype=object)


def fails(call, text):
    try:
        call()
    except InferenceServerException as e:
        assert text in str(e), e
        return
    raise AssertionError(f"no error that says {text}")


def common(client, module, kind):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("adder") and client.is_model_ready("adder", "1")
    assert not client.is_model_ready("nobody")
    print(kind, "health")

    tensor = module.InferInput("x", x.shape, "FP32")
    tensor.set_data_from_numpy(x)
    result = client.infer("adder", [tensor], request_id="7")
    assert np.array_equal(result.as_numpy("y"), x + 10)
    first = client.infer("adder", [tensor], model_version="1", outputs=[module.InferRequestedOutput("y")])
    assert np.array_equal(first.as_numpy("y"), x + 1)
    print(kind, "infer, versions, requested outputs")

    top = client.infer("adder", [tensor], outputs=[module.InferRequestedOutput("y", class_count=2)])
    assert [t.decode().split(":")[1] for t in top.as_numpy("y")[0]] == ["3", "2"]
    print(kind, "classification")

    words = module.InferInput("x", texts.shape, "BYTES")
    words.set_data_from_numpy(texts)
    echoed = client.infer("echo", [words]).as_numpy("y")
    assert [w.decode() for w in echoed[0]] == ["a", "ü€"], echoed
    print(kind, "texts")

    client.infer("adder", [tensor], timeout=5_000_000, priority=2, parameters={"mine": "1"})
    print(kind, "timeout, priority, parameters")

    for algorithm in ("gzip", "deflate"):
        if kind == "http":
            result = client.infer("adder", [tensor], request_compression_algorithm=algorithm,
                                  response_compression_algorithm=algorithm)
        else:
            result = client.infer("adder", [tensor], compression_algorithm=algorithm) if algorithm == "gzip" else result
        assert np.array_equal(result.as_numpy("y"), x + 10)
    print(kind, "compression")

    fails(lambda: client.infer("nobody", [tensor]), "no model 'nobody'")
    wrong = module.InferInput("x", [1, 3], "FP32")
    wrong.set_data_from_numpy(x[:1, :3])
    fails(lambda: client.infer("adder", [wrong]), "x")
    fails(lambda: client.load_model("adder"), "--admin")
    print(kind, "errors")


http = triton_http.InferenceServerClient(url, concurrency=4)
common(http, triton_http, "http")
assert "binary_tensor_data" in http.get_server_metadata()["extensions"]
assert http.get_model_metadata("adder")["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}]
assert http.get_model_config("adder")["max_batch_size"] > 0
assert http.get_inference_statistics("adder", "2")["model_stats"][0]["inference_count"] > 0
assert {m["name"] for m in http.get_model_repository_index()} == {"adder", "echo", "minilm"}
print("http metadata, config, statistics, index")
plain = triton_http.InferInput("x", x.shape, "FP32")
plain.set_data_from_numpy(x, binary_data=False)
result = http.infer("adder", [plain], outputs=[triton_http.InferRequestedOutput("y", binary_data=False)])
assert np.array_equal(result.as_numpy("y"), x + 10)
print("http JSON tensors")
waiting = [http.async_infer("adder", [plain]) for _ in range(8)]
assert all(np.array_equal(w.get_result().as_numpy("y"), x + 10) for w in waiting)
print("http async")
http.close()

grpc = triton_grpc.InferenceServerClient(url)
common(grpc, triton_grpc, "grpc")
assert "classification" in grpc.get_server_metadata().extensions
assert list(grpc.get_model_metadata("adder").versions) == ["1", "2"]
assert grpc.get_model_config("adder").config.max_batch_size > 0
assert grpc.get_inference_statistics("adder", "2").model_stats[0].inference_count > 0
assert len(grpc.get_model_repository_index().models) == 4
print("grpc metadata, config, statistics, index")
import queue

tensor = triton_grpc.InferInput("x", x.shape, "FP32")
tensor.set_data_from_numpy(x)
answers = queue.Queue()
for _ in range(8):
    grpc.async_infer("adder", [tensor], lambda result, error: answers.put((result, error)))
for _ in range(8):
    result, error = answers.get(timeout=20)
    assert error is None and np.array_equal(result.as_numpy("y"), x + 10)
print("grpc async")
grpc.start_stream(lambda result, error: answers.put((result, error)))
for i in range(8):
    grpc.async_stream_infer("adder" if i % 4 else "nobody", [tensor], request_id=str(i))
got = [answers.get(timeout=20) for _ in range(8)]
grpc.stop_stream()
assert sum(error is not None for _, error in got) == 2
assert {r.get_response().id for r, e in got if e is None} == {"1", "2", "3", "5", "6", "7"}
print("grpc stream")
grpc.close()

openai = OpenAI(base_url=f"http://{url}/v1", api_key="none", max_retries=0)
assert "minilm" in [m.id for m in openai.models.list()]
for form in ("float", "base64"):
    answer = openai.embeddings.create(model="minilm", input=["a large feline", "a big cat", "tax law"], encoding_format=form)
    vectors = [d.embedding for d in answer.data]
    vectors = np.array([np.frombuffer(__import__("base64").b64decode(v), np.float32) if isinstance(v, str) else v for v in vectors])
    assert vectors.shape == (3, 384) and np.allclose((vectors**2).sum(1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert answer.usage.prompt_tokens > 9
assert len(openai.embeddings.create(model="minilm", input="one text").data[0].embedding) == 384
for call, error in ((dict(model="nobody", input="x"), NotFoundError), (dict(model="minilm", input=[]), BadRequestError)):
    try:
        openai.embeddings.create(**call)
        raise AssertionError("no error")
    except error:
        pass
print("openai embeddings")
