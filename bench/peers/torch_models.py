"""Networks of the usual kinds, with random weights: what exporters make of them is what matters.

Each is written from its paper's description, small enough to run in seconds, with batch
normalization statistics that are not the initial 0 and 1.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al. 2016)."""

    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(c_out),
            nn.ReLU(),
            nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(c_out),
        )
        same = c_in == c_out and stride == 1
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))
        )

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


class ResNet18(nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        c = 64
        for width, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
            layers += [BasicBlock(c, width, stride), BasicBlock(width, width, 1)]
            c = width
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(512, classes)

    def forward(self, x):
        return self.head(F.adaptive_avg_pool2d(self.features(x), 1).flatten(1))


class InvertedResidual(nn.Module):
    """1x1 up, 3x3 depthwise, 1x1 down without activation (Sandler et al. 2018)."""

    def __init__(self, c_in, c_out, stride, expand):
        super().__init__()
        mid = c_in * expand
        layers = []
        if expand != 1:
            layers += [nn.Conv2d(c_in, mid, 1, bias=False), nn.BatchNorm2d(mid), nn.ReLU6()]
        layers += [
            nn.Conv2d(mid, mid, 3, stride, 1, groups=mid, bias=False),
            nn.BatchNorm2d(mid),
            nn.ReLU6(),
            nn.Conv2d(mid, c_out, 1, bias=False),
            nn.BatchNorm2d(c_out),
        ]
        self.body = nn.Sequential(*layers)
        self.skip = stride == 1 and c_in == c_out

    def forward(self, x):
        return x + self.body(x) if self.skip else self.body(x)


class MobileNetV2(nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        layers = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()]
        c = 32
        for expand, width, repeat, stride in [
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
            (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
        ]:
            for i in range(repeat):
                layers.append(InvertedResidual(c, width, stride if i == 0 else 1, expand))
                c = width
        layers += [nn.Conv2d(c, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6()]
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))

    def forward(self, x):
        return self.head(self.features(x).mean([2, 3]))


class SeparableSwish(nn.Module):
    """The activations of later mobile networks: SiLU, Hardswish, Mish, squeeze and excitation."""

    def __init__(self, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.Hardswish())
        self.up = nn.Sequential(nn.Conv2d(16, 64, 1, bias=False), nn.BatchNorm2d(64), nn.SiLU())
        self.squeeze = nn.Sequential(nn.Conv2d(64, 16, 1), nn.SiLU(), nn.Conv2d(16, 64, 1), nn.Hardsigmoid())
        self.down = nn.Sequential(nn.Conv2d(64, 32, 1, bias=False), nn.BatchNorm2d(32), nn.Mish())
        self.head = nn.Linear(32, classes)

    def forward(self, x):
        x = self.up(self.stem(x))
        x = x * self.squeeze(F.adaptive_avg_pool2d(x, 1))
        x = self.down(x)
        return self.head(x.mean((2, 3)))


class LstmTagger(nn.Module):
    """Embedding, two bidirectional LSTM layers, a projection per token."""

    def __init__(self, words=2000, width=64, hidden=96, tags=12):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.lstm = nn.LSTM(width, hidden, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(2 * hidden, tags)

    def forward(self, tokens):
        states, _ = self.lstm(self.embedding(tokens))
        return F.log_softmax(self.head(states), -1)


class Attention(nn.Module):
    """Multi-head self-attention, spelled out as most research code has it."""

    def __init__(self, width, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(x).reshape(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        scores = (q @ k.transpose(-2, -1)) / math.sqrt(width // self.heads)
        if self.causal:
            mask = torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
            scores = scores.masked_fill(~mask, float("-inf"))
        y = F.softmax(scores, dim=-1) @ v
        return self.out(y.transpose(1, 2).reshape(batch, length, width))


class FusedAttention(Attention):
    """The same through PyTorch's own function."""

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (t.reshape(batch, length, self.heads, -1).transpose(1, 2) for t in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out(y.transpose(1, 2).reshape(batch, length, width))


class RmsNorm(nn.Module):
    """Zhang and Sennrich 2019, as large language models spell it."""

    def __init__(self, width, epsilon=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width) + 0.1 * torch.randn(width))
        self.epsilon = epsilon

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon))


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, width, heads, causal, norm, gelu, attention):
        super().__init__()
        self.norm1, self.norm2 = norm(width), norm(width)
        self.attention = attention(width, heads, causal)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate=gelu), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class SmallVit(nn.Module):
    """Patches of 16x16, a class token, four blocks (Dosovitskiy et al. 2021)."""

    def __init__(self, width=192, heads=3, depth=4, classes=100, size=128):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 16, 16)
        self.token = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.position = nn.Parameter(0.02 * torch.randn(1, (size // 16) ** 2 + 1, width))
        self.blocks = nn.Sequential(
            *[Block(width, heads, False, nn.LayerNorm, "none", FusedAttention) for _ in range(depth)]
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.position
        return self.head(self.norm(self.blocks(x))[:, 0])


class Gpt(nn.Module):
    """Token and position embeddings, causal blocks, tied output weights (Radford et al. 2019)."""

    def __init__(self, words=1000, width=128, heads=4, depth=3, longest=256, norm=nn.LayerNorm):
        super().__init__()
        self.tokens = nn.Embedding(words, width)
        self.positions = nn.Embedding(longest, width)
        self.blocks = nn.Sequential(
            *[Block(width, heads, True, norm, "tanh", Attention) for _ in range(depth)]
        )
        self.norm = norm(width)
        self.head = nn.Linear(width, words, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, tokens):
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.tokens(tokens) + self.positions(positions)
        return self.head(self.norm(self.blocks(x)))


class UNet(nn.Module):
    """Three levels down and up with skips (Ronneberger et al. 2015); odd sizes are padded."""

    def __init__(self, classes=2, width=16):
        super().__init__()

        def double(c_in, c_out):
            return nn.Sequential(
                nn.Conv2d(c_in, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.LeakyReLU(0.1),
                nn.Conv2d(c_out, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.LeakyReLU(0.1),
            )

        self.d1, self.d2, self.d3 = double(3, width), double(width, 2 * width), double(2 * width, 4 * width)
        self.u2 = nn.Sequential(nn.ConvTranspose2d(4 * width, 2 * width, 2, 2), nn.BatchNorm2d(2 * width))
        self.c2 = double(4 * width, 2 * width)
        self.c1 = double(3 * width, width)
        self.head = nn.Conv2d(width, classes, 1)

    @staticmethod
    def join(x, skip):
        dy, dx = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
        x = F.pad(x, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return torch.cat([skip, x], dim=1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(F.max_pool2d(a, 2))
        c = self.d3(F.max_pool2d(b, 2))
        b = self.c2(self.join(self.u2(c), b))
        up = F.interpolate(b, scale_factor=2, mode="bilinear", align_corners=False)
        return self.head(self.c1(self.join(up, a)))


def randomize(model):
    """Statistics and scales as training would leave them: not all 0 and 1."""
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(module.running_mean, 0.0, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.6, 1.4)
            nn.init.normal_(module.bias, 0.0, 0.1)
    return model.eval()
