"""Trains the convolution net of bench/repair.sh and writes it three times:

    repair.py DATA OUT     DATA: MNIST's four IDX files; OUT/plain.onnx, mild.onnx, uneven.onnx

plain.onnx is the net as trained. The others are the same function with uneven weights: each channel
between two layers is multiplied by a factor and divided by it again in the layer after, which a ReLU
lets pass; by up to 2 in mild.onnx, by up to 16 in uneven.onnx. Trained nets look like that after batch normalization went into the weights (Nagel et al.
2019, figure 2); a small net on MNIST does so only a little.
"""

import copy
import pathlib
import sys

import numpy as np
import torch
from torch import nn

EPOCHS = 3
BATCH = 128
OCTAVES = {"mild": 1.0, "uneven": 4.0}  # factors from 1/2 to 2, from 1/16 to 16


def idx(path):
    raw = path.read_bytes()
    dims = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * len(dims)).reshape(dims)


def split(folder, name):
    images = idx(folder / f"{name}-images-idx3-ubyte").astype(np.float32) / 255
    labels = idx(folder / f"{name}-labels-idx1-ubyte").astype(np.int64)
    return torch.from_numpy((images - 0.1307) / 0.3081)[:, None], torch.from_numpy(labels)


def step(wide_in, wide_out, kernel, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(wide_in, wide_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(wide_out),
        nn.ReLU(),
    )


def separable(wide_in, wide_out, stride=1):
    return [step(wide_in, wide_in, 3, stride, wide_in), step(wide_in, wide_out, 1)]


class Net(nn.Module):
    """Howard et al. 2017, MobileNets, in small: 9 convolutions, 1 to 96 channels."""

    def __init__(self):
        super().__init__()
        self.steps = nn.Sequential(
            step(1, 16, 3, 2),
            *separable(16, 32),
            *separable(32, 64, 2),
            *separable(64, 64),
            *separable(64, 96),
        )
        self.head = nn.Linear(96, 10)

    def forward(self, x):
        return self.head(self.steps(x).mean((2, 3)))


def train(net, images, labels):
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    batches = len(labels) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, EPOCHS * batches)
    for epoch in range(EPOCHS):
        order = torch.randperm(len(labels))
        for b in range(batches):
            rows = order[b * BATCH : (b + 1) * BATCH]
            loss = nn.functional.cross_entropy(net(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {loss.item():.4f}", flush=True)


@torch.no_grad()
def accuracy(net, images, labels):
    right = sum((net(images[i : i + 500]).argmax(1) == labels[i : i + 500]).sum().item() for i in range(0, len(labels), 500))
    return right / len(labels)


@torch.no_grad()
def make_uneven(net, octaves):
    for before, after in zip(net.steps, [*net.steps[1:], None]):
        factors = 2 ** ((torch.rand(before[1].num_features) * 2 - 1) * octaves)
        before[1].weight *= factors
        before[1].bias *= factors
        weight = net.head.weight if after is None else after[0].weight
        if after is not None and after[0].groups > 1:  # depthwise: channel = first axis
            weight /= factors[:, None, None, None]
        else:
            weight /= factors.reshape(1, -1, *[1] * (weight.dim() - 2))


def export(net, path):
    torch.onnx.export(
        net,
        (torch.zeros(1, 1, 28, 28),),
        str(path),
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "n"}, "logits": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )


def main():
    data, out = map(pathlib.Path, sys.argv[1:3])
    torch.manual_seed(42)
    torch.set_num_threads(int(sys.argv[3]) if len(sys.argv) > 3 else 2)
    net = Net()
    train(net, *split(data, "train"))
    net.eval()
    test = split(data, "t10k")
    export(net, out / "plain.onnx")
    print(f"plain: accuracy {accuracy(net, *test):.4f} on {len(test[1])} test images")
    for name, octaves in OCTAVES.items():
        uneven = copy.deepcopy(net)
        make_uneven(uneven, octaves)
        export(uneven, out / f"{name}.onnx")
        print(f"{name}: accuracy {accuracy(uneven, *test):.4f}")


main()
