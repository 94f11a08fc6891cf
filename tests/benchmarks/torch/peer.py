"""The peer of the benchmark `torch`: the same works in PyTorch, as its users write them.

It runs with any PyTorch from 1.13 on and needs nothing else. One JSON line comes out: the version, seconds a call by
name of the work (the median of several batches), and results that both sides must agree on.
"""

import argparse
import json
import math
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--device", default="cpu")
parser.add_argument("--only", default="", help="works whose name contains this")
options = parser.parse_args()

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

# The same as in Works.cs.
SEQUENCES, TOKENS, DECODED_TOKENS = 4, 256, 128
MODELS = [("1M", 128, 344, 4, 4, 1024), ("10M", 320, 864, 6, 5, 4096)]
BATCHES, BATCH_SECONDS = 9, 0.04

device = torch.device(options.device)
seconds: dict[str, float] = {}
results: dict[str, float] = {}


def wanted(name: str) -> bool:
    return options.only in name


def clock(work, count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def timed(name: str, calls: int, work) -> None:
    if not wanted(name):
        return
    work()
    count = max(1, int(BATCH_SECONDS / clock(work, 1)))
    for _ in range(3):
        clock(work, count)
        time.sleep(0.06)
    batches = sorted(clock(work, count) / count for _ in range(BATCHES))
    seconds[name] = batches[BATCHES // 2] / calls


def attention(q: Tensor, k: Tensor, v: Tensor, mask) -> Tensor:
    """Causal attention of [..., heads, tokens, dim]: the fused operator where there is one."""
    if hasattr(functional, "scaled_dot_product_attention"):
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    return (scores + mask).softmax(-1) @ v


def causal_mask(tokens: int) -> Tensor:
    return torch.full((tokens, tokens), -math.inf, device=device).triu(1)


@torch.no_grad()
def small() -> None:
    x, y = torch.ones(4, 4, device=device), torch.ones(4, 4, device=device)
    calls = 100

    def add():
        for _ in range(calls):
            z = x + y

    def view():
        for _ in range(calls):
            z = x.view(16)

    def index():
        for _ in range(calls):
            z = x[2]

    def cut():
        for _ in range(calls):
            z = x[:, 1:3]

    timed("add-4x4", calls, add)
    timed("view-4x4", calls, view)
    timed("index-4x4", calls, index)
    timed("slice-4x4", calls, cut)


def large() -> None:
    with torch.no_grad():
        a, b = torch.rand(2048, 256, device=device), torch.rand(256, 2048, device=device)
        timed("matmul-2048x256x2048", 1, lambda: a @ b)
        scores = torch.rand(2048, 2048, device=device)
        timed("softmax-2048x2048", 1, lambda: scores.softmax(-1))
        for rows, width in ((2048, 256), (16384, 1024)):
            x, gain, bias = torch.rand(rows, width, device=device), torch.ones(width, device=device), torch.zeros(width, device=device)
            timed(f"layer-norm-{rows}x{width}", 1, lambda: functional.layer_norm(x, [width], gain, bias))
    for tokens in (2048, 8192):
        q, k, v = (torch.rand(1, 4, tokens, 64, device=device, requires_grad=True) for _ in range(3))
        mask = causal_mask(tokens)
        with torch.no_grad():
            timed(f"attention-{tokens}", 1, lambda: attention(q, k, v, mask))
        if tokens == 2048:

            def backward():
                attention(q, k, v, mask).sum().backward()
                q.grad = k.grad = v.grad = None

            timed("attention-2048-backward", 1, backward)


class RmsNorm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        if hasattr(functional, "rms_norm"):
            return functional.rms_norm(x, self.weight.shape, self.weight, 1e-5)
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin


class Layer(nn.Module):
    def __init__(self, hidden: int, inner: int, heads: int, weights) -> None:
        super().__init__()
        self.heads, self.width = heads, hidden // heads
        self.q, self.k, self.v, self.o = (weights(hidden, hidden) for _ in range(4))
        self.gate, self.up = weights(inner, hidden), weights(inner, hidden)
        self.down = weights(hidden, inner)
        self.norm1, self.norm2 = RmsNorm(hidden), RmsNorm(hidden)

    def project(self, x: Tensor, cos: Tensor, sin: Tensor):
        x = self.norm1(x)
        split = lambda weight: functional.linear(x, weight).view(x.shape[0], -1, self.heads, self.width).transpose(1, 2)  # noqa: E731
        return rotate(split(self.q), cos, sin), rotate(split(self.k), cos, sin), split(self.v)

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + functional.linear(attended.transpose(1, 2).reshape(x.shape), self.o)
        y = self.norm2(x)
        return x + functional.linear(functional.silu(functional.linear(y, self.gate)) * functional.linear(y, self.up), self.down)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.project(x, cos, sin)
        return self.finish(x, attention(q, k, v, mask))

    def next(self, x: Tensor, cos: Tensor, sin: Tensor, cache, position: int) -> Tensor:
        q, k, v = self.project(x, cos, sin)
        keys, values = cache
        keys[:, :, position : position + 1] = k
        values[:, :, position : position + 1] = v
        keys, values = keys[:, :, : position + 1], values[:, :, : position + 1]
        if hasattr(functional, "scaled_dot_product_attention"):
            return self.finish(x, functional.scaled_dot_product_attention(q, keys, values))
        scores = q @ keys.transpose(-2, -1) / math.sqrt(self.width)
        return self.finish(x, scores.softmax(-1) @ values)


class Llama(nn.Module):
    def __init__(self, hidden: int, inner: int, layers: int, heads: int, vocabulary: int, positions: int) -> None:
        super().__init__()
        self.seed = 0
        self.embed = nn.Embedding(vocabulary, hidden, _weight=self.weights(vocabulary, hidden))
        self.layers = nn.ModuleList(Layer(hidden, inner, heads, self.weights) for _ in range(layers))
        self.norm = RmsNorm(hidden)
        self.head = self.weights(vocabulary, hidden)
        self.to(device)
        half = hidden // heads // 2
        angles = torch.outer(torch.arange(positions).float(), 10000.0 ** (torch.arange(half).float() / -half))
        angles = torch.cat((angles, angles), -1)
        self.cos, self.sin = angles.cos().to(device), angles.sin().to(device)
        self.mask = causal_mask(positions)

    def weights(self, rows: int, columns: int) -> nn.Parameter:
        values = torch.arange(rows * columns, dtype=torch.float64).add(1000.0 * self.seed).mul(0.7).sin().mul(0.05)
        self.seed += 1
        return nn.Parameter(values.float().view(rows, columns))

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x, self.cos, self.sin, self.mask)
        return functional.linear(self.norm(x), self.head)

    def next(self, token: Tensor, position: int, caches) -> Tensor:
        cos, sin = self.cos[position : position + 1], self.sin[position : position + 1]
        x = self.embed(token)
        for layer, cache in zip(self.layers, caches):
            x = layer.next(x, cos, sin, cache, position)
        return functional.linear(self.norm(x), self.head)[0, -1]


def train(name: str, *sizes: int) -> None:
    model = Llama(*sizes, TOKENS)
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": matrices}, {"params": vectors, "weight_decay": 0.0}], lr=1e-3, weight_decay=0.01)
    tokens = (torch.arange(SEQUENCES * (TOKENS + 1)) * 7919 % sizes[-1]).view(SEQUENCES, TOKENS + 1).to(device)
    loss = 0.0

    def step():
        nonlocal loss
        optimizer.zero_grad(set_to_none=True)
        value = functional.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
        value.backward()
        optimizer.step()
        loss = value.item()

    for _ in range(3):
        step()
    results[f"loss-{name}"] = loss
    timed(f"train-{name}", 1, step)


@torch.no_grad()
def decode(name: str, hidden: int, inner: int, layers: int, heads: int, vocabulary: int) -> None:
    model = Llama(hidden, inner, layers, heads, vocabulary, DECODED_TOKENS)
    caches = [tuple(torch.zeros(1, heads, DECODED_TOKENS, hidden // heads, device=device) for _ in range(2)) for _ in range(layers)]
    checksum = 0.0

    def run():
        nonlocal checksum
        token, total = torch.tensor([[1]], device=device), torch.zeros(1, device=device)
        for position in range(DECODED_TOKENS):
            logits = model.next(token, position, caches)
            token = logits.argmax().view(1, 1)
            total += logits.max()
        checksum = total.item() / DECODED_TOKENS

    timed(f"decode-{name}", DECODED_TOKENS, run)
    results[f"decoded-{name}"] = checksum


torch.set_num_threads(1)
small()
torch.set_num_threads(options.threads)
large()
for name, *sizes in MODELS:
    if wanted(f"train-{name}"):
        train(name, *sizes)
    if wanted(f"decode-{name}"):
        decode(name, *sizes)
print(json.dumps({"version": torch.__version__, "seconds": seconds, "results": results}))
