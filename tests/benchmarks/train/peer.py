"""The peer of the training benchmark: a Bradley-Terry reward model trained in plain PyTorch.

It reads the model folder and the tokenized pairs that RewardKit's side of the benchmark reads, and does
what a usual reward trainer does with them: random batches of N pairs, the two texts of each pair
(prompt + chosen, prompt + rejected) padded to the longest of the batch, a causal mask over all of it.
With --mode row a pair is one row (prompt, chosen, rejected) in which the responses do not see each other.
With --mode packed all pairs of a batch lie end to end without padding, each prompt once, and attention runs
stretch by stretch: RewardKit's batching in Python. With --score it evaluates instead of training.

It needs torch and nothing else, and runs with Debian's python3-torch (1.13). One JSON line comes out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import NamedTuple


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder with config.json and model.safetensors")
    parser.add_argument("--pairs", type=Path, required=True,
                        help='JSON Lines: {"prompt": [ids], "chosen": [ids], "rejected": [ids]}')
    parser.add_argument("--mode", choices=["padded", "row", "packed"], default="padded")
    parser.add_argument("--batch", type=int, default=16, help="pairs a batch")
    parser.add_argument("--steps", type=int, default=10, help="measured steps")
    parser.add_argument("--warmup", type=int, default=1, help="steps before the measured ones")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1, help="order of the pairs")
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--score", action="store_true", help="rewards only: no gradients, no optimiser")
    parser.add_argument("--gradients", type=Path, metavar="FILE",
                        help="train nothing; write the gradients of the file's first N pairs as safetensors")
    return parser.parse_args()


options = parse_options()
# OpenBLAS reads its number of threads when it is loaded, that is when torch is imported.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(options.threads)

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
MASKED = torch.finfo(torch.float32).min

Pair = dict[str, list[int]]


class RmsNorm(nn.Module):
    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of x [rows, heads, tokens, head width], the two halves of a head as pairs."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class Attention(nn.Module):
    def __init__(self, config: dict) -> None:
        super().__init__()
        width = config["hidden_size"]
        self.heads = config["num_attention_heads"]
        self.kv_heads = config.get("num_key_value_heads") or self.heads
        self.head_width = config.get("head_dim") or width // self.heads
        self.q_proj = nn.Linear(width, self.heads * self.head_width, bias=False)
        self.k_proj = nn.Linear(width, self.kv_heads * self.head_width, bias=False)
        self.v_proj = nn.Linear(width, self.kv_heads * self.head_width, bias=False)
        self.o_proj = nn.Linear(self.heads * self.head_width, width, bias=False)

    def forward(self, x: Tensor, mask: Tensor | list, cos: Tensor, sin: Tensor) -> Tensor:
        rows, tokens, _ = x.shape

        def split(y: Tensor, heads: int) -> Tensor:
            return y.view(rows, tokens, heads, self.head_width).transpose(1, 2)

        q = rotate(split(self.q_proj(x), self.heads), cos, sin)
        k = rotate(split(self.k_proj(x), self.kv_heads), cos, sin)
        v = split(self.v_proj(x), self.kv_heads)
        if self.kv_heads < self.heads:
            k = k.repeat_interleave(self.heads // self.kv_heads, dim=1)
            v = v.repeat_interleave(self.heads // self.kv_heads, dim=1)
        attended = self.by_stretch(q, k, v, mask) if isinstance(mask, list) else self.attend(q, k, v, mask)
        return self.o_proj(attended.transpose(1, 2).reshape(rows, tokens, -1))

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        return torch.softmax(q @ k.transpose(2, 3) / self.head_width**0.5 + mask, dim=-1) @ v

    def by_stretch(self, q: Tensor, k: Tensor, v: Tensor, stretches: list["Stretch"]) -> Tensor:
        def keys(x: Tensor, s: Stretch) -> Tensor:
            own = x[:, :, s.start : s.end]
            return own if s.prefix == s.prefix_end else torch.cat((x[:, :, s.prefix : s.prefix_end], own), dim=2)

        return torch.cat([self.attend(q[:, :, s.start : s.end], keys(k, s), keys(v, s), s.mask) for s in stretches], dim=2)


class Stretch(NamedTuple):
    """Packed tokens that attend to themselves, causally, and to all of a prefix."""

    start: int
    end: int
    prefix: int
    prefix_end: int
    mask: Tensor


class Mlp(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, config: dict) -> None:
        super().__init__()
        width, eps = config["hidden_size"], config["rms_norm_eps"]
        self.self_attn = Attention(config)
        self.mlp = Mlp(width, config["intermediate_size"])
        self.input_layernorm = RmsNorm(width, eps)
        self.post_attention_layernorm = RmsNorm(width, eps)

    def forward(self, x: Tensor, mask: Tensor | list, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), mask, cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, config: dict) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.layers = nn.ModuleList(Layer(config) for _ in range(config["num_hidden_layers"]))
        self.norm = RmsNorm(config["hidden_size"], config["rms_norm_eps"])
        head_width = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        steps = torch.arange(0, head_width, 2, dtype=torch.float32) / head_width
        self.frequencies = 1.0 / config.get("rope_theta", 10000.0) ** steps

    def forward(self, ids: Tensor, positions: Tensor, mask: Tensor | list) -> Tensor:
        angles = positions[:, None, :, None] * self.frequencies
        angles = torch.cat((angles, angles), dim=-1)
        cos, sin = angles.cos(), angles.sin()
        x = self.embed_tokens(ids)
        for layer in self.layers:
            x = layer(x, mask, cos, sin)
        return self.norm(x)


class RewardModel(nn.Module):
    """Parameters carry the names of a Hugging Face LlamaForSequenceClassification with one label."""

    def __init__(self, config: dict) -> None:
        super().__init__()
        self.model = Body(config)
        self.score = nn.Linear(config["hidden_size"], 1, bias=False)


def read_safetensors(path: Path) -> dict[str, Tensor]:
    data = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in DTYPES:
            sys.exit(f"{path}: tensor {name} is {entry['dtype']}; expected one of {', '.join(DTYPES)}")
        begin, end = entry["data_offsets"]
        raw = torch.frombuffer(data, dtype=torch.uint8, count=end - begin, offset=start + begin).clone()
        tensors[name] = raw.view(DTYPES[entry["dtype"]]).reshape(entry["shape"]).float()
    return tensors


def write_safetensors(path: Path, tensors: dict[str, Tensor]) -> None:
    header, chunks, offset = {}, [], 0
    for name, tensor in tensors.items():
        chunk = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(chunk)]}
        chunks.append(chunk)
        offset += len(chunk)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(chunks))


def load_model(folder: Path) -> RewardModel:
    config = json.loads((folder / "config.json").read_text())
    if config.get("model_type") != "llama" or config.get("rope_scaling") or config.get("attention_bias"):
        sys.exit(f"{folder}: expected a plain Llama (no rope_scaling, no attention_bias)")
    model = RewardModel(config)
    missing, _ = model.load_state_dict(read_safetensors(folder / "model.safetensors"), strict=False)
    if missing:
        sys.exit(f"{folder}: model.safetensors lacks {', '.join(missing)}")
    return model


def padded_rewards(model: RewardModel, pairs: list[Pair]) -> Tensor:
    """Rewards [pairs, 2]; two rows a pair, all padded on the right to the longest."""
    texts = [pair["prompt"] + pair[side] for side in ("chosen", "rejected") for pair in pairs]
    lengths = torch.tensor([len(text) for text in texts])
    longest = int(lengths.max())
    ids = torch.zeros(len(texts), longest, dtype=torch.long)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.tensor(text)
    positions = torch.arange(longest).expand(len(texts), -1)
    causal = torch.ones(longest, longest, dtype=torch.bool).tril()
    real = torch.arange(longest) < lengths[:, None]
    visible = causal & real[:, None, :]
    mask = torch.zeros(visible.shape).masked_fill(~visible, MASKED)[:, None]
    hidden = model.model(ids, positions, mask)
    last = hidden[torch.arange(len(texts)), lengths - 1]
    return model.score(last).view(2, len(pairs)).T


def row_rewards(model: RewardModel, pairs: list[Pair]) -> Tensor:
    """Rewards [pairs, 2]; one row a pair, the rejected response in the positions of the chosen one."""
    longest = max(sum(len(pair[part]) for part in ("prompt", "chosen", "rejected")) for pair in pairs)
    ids = torch.zeros(len(pairs), longest, dtype=torch.long)
    positions = torch.zeros(len(pairs), longest, dtype=torch.long)
    part = torch.full((len(pairs), longest), 3)  # 0 prompt, 1 chosen, 2 rejected, 3 padding
    last = torch.zeros(len(pairs), 2, dtype=torch.long)
    for row, pair in enumerate(pairs):
        prompt = len(pair["prompt"])
        middle = prompt + len(pair["chosen"])
        end = middle + len(pair["rejected"])
        ids[row, :end] = torch.tensor(pair["prompt"] + pair["chosen"] + pair["rejected"])
        positions[row, :middle] = torch.arange(middle)
        positions[row, middle:end] = torch.arange(prompt, prompt + end - middle)
        part[row, :prompt], part[row, prompt:middle], part[row, middle:end] = 0, 1, 2
        last[row] = torch.tensor([middle - 1, end - 1])
    causal = torch.ones(longest, longest, dtype=torch.bool).tril()
    visible = causal & ((part[:, None, :] == 0) | (part[:, None, :] == part[:, :, None]))
    mask = torch.zeros(visible.shape).masked_fill(~visible, MASKED)[:, None]
    hidden = model.model(ids, positions, mask)
    return model.score(hidden[torch.arange(len(pairs))[:, None], last]).squeeze(-1)


def packed_rewards(model: RewardModel, pairs: list[Pair]) -> Tensor:
    """Rewards [pairs, 2]; no padding, each prompt once, its two responses behind it."""
    ids: list[int] = []
    positions: list[int] = []
    stretches: list[Stretch] = []
    last: list[int] = []

    def add(tokens: list[int], prefix: int, prefix_length: int) -> None:
        start = len(ids)
        ids.extend(tokens)
        positions.extend(range(prefix_length, prefix_length + len(tokens)))
        hidden_part = torch.ones(len(tokens), len(tokens), dtype=torch.bool).triu(1)
        mask = torch.zeros(len(tokens), prefix_length + len(tokens))
        mask[:, prefix_length:].masked_fill_(hidden_part, MASKED)
        stretches.append(Stretch(start, len(ids), prefix, prefix + prefix_length, mask))

    for pair in pairs:
        prompt = len(ids)
        add(pair["prompt"], prompt, 0)
        for side in ("chosen", "rejected"):
            if pair[side]:
                add(pair[side], prompt, len(pair["prompt"]))
            last.append(len(ids) - 1 if pair[side] else prompt + len(pair["prompt"]) - 1)
    hidden = model.model(torch.tensor([ids]), torch.tensor([positions]), stretches)
    return model.score(hidden[0, torch.tensor(last)]).view(len(pairs), 2)


REWARDS = {"padded": padded_rewards, "row": row_rewards, "packed": packed_rewards}


def bradley_terry(rewards: Tensor) -> Tensor:
    return -functional.logsigmoid(rewards[:, 0] - rewards[:, 1]).mean()


def peak_bytes() -> int:
    """High-water mark of this process's memory. Unlike ru_maxrss it does not count who started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmHWM line")


def main() -> None:
    torch.set_num_threads(options.threads)
    pairs = [json.loads(line) for line in options.pairs.read_text().splitlines()]
    if len(pairs) < options.batch:
        sys.exit(f"{options.pairs}: {len(pairs)} pairs, but a batch is {options.batch}")
    model = load_model(options.model)
    rewards = REWARDS[options.mode]

    if options.gradients:
        loss = bradley_terry(rewards(model, pairs[: options.batch]))
        loss.backward()
        write_safetensors(options.gradients, {name: p.grad for name, p in model.named_parameters()})
        print(json.dumps({"mode": options.mode, "batch": options.batch, "loss": loss.item()}))
        return

    optimizer = torch.optim.AdamW(model.parameters(), lr=options.lr, weight_decay=0.0)
    generator = torch.Generator().manual_seed(options.seed)
    baseline = peak_bytes()
    queue: list[int] = []
    losses: list[float] = []
    started = 0.0
    for step in range(options.warmup + options.steps):
        if step == options.warmup:
            started = time.perf_counter()
        if len(queue) < options.batch:
            queue = torch.randperm(len(pairs), generator=generator).tolist()
        batch, queue = queue[: options.batch], queue[options.batch :]
        if options.score:
            with torch.no_grad():
                losses.append(bradley_terry(rewards(model, [pairs[i] for i in batch])).item())
            continue
        loss = bradley_terry(rewards(model, [pairs[i] for i in batch]))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    seconds = time.perf_counter() - started
    print(json.dumps({
        "mode": options.mode,
        "batch": options.batch,
        "steps": options.steps,
        "threads": options.threads,
        "seconds": seconds,
        "pairs_per_second": options.batch * options.steps / seconds,
        "peak_bytes": peak_bytes(),
        "baseline_bytes": baseline,
        "ru_maxrss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "loss": losses[-1],
        "losses": losses,
    }))


if __name__ == "__main__":
    main()
