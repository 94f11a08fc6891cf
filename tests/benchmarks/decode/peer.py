"""The peer of the benchmark `decode`: greedy decoding with a cache in PyTorch, as its users write it.

It reads the same model folder, needs nothing but PyTorch (1.13 or newer) and NumPy, and prints one JSON line.
"""

import argparse
import json
import math
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model", type=Path)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--device", default="cpu")
parser.add_argument("--runs", type=int, default=3)
options = parser.parse_args()

import numpy  # noqa: E402
import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn import functional  # noqa: E402

# The same as in Works.cs.
PROMPT_TOKENS, NEW_TOKENS, BATCHES = 32, 128, (1, 8)
device = torch.device(options.device)


def load(folder: Path) -> dict[str, Tensor]:
    weights = {}
    for file in sorted(folder.glob("*.safetensors")):
        data = file.read_bytes()
        size = int.from_bytes(data[:8], "little")
        for name, entry in json.loads(data[8 : 8 + size]).items():
            if name == "__metadata__":
                continue
            start, end = entry["data_offsets"]
            array = numpy.frombuffer(data[8 + size + start : 8 + size + end], numpy.float32)
            weights[name] = torch.from_numpy(array.copy()).view(entry["shape"]).to(device)
    return weights


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    if hasattr(functional, "rms_norm"):
        return functional.rms_norm(x, weight.shape, weight, eps)
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin


class Llama:
    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        weights = load(folder)
        self.layers = [
            {name.split(f"model.layers.{i}.")[1]: w for name, w in weights.items() if name.startswith(f"model.layers.{i}.")}
            for i in range(config["num_hidden_layers"])
        ]
        self.embed, self.norm, self.head = weights["model.embed_tokens.weight"], weights["model.norm.weight"], weights["lm_head.weight"]
        self.heads, self.kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
        self.width, self.eps = config["hidden_size"] // self.heads, config["rms_norm_eps"]
        half = self.width // 2
        positions = PROMPT_TOKENS + NEW_TOKENS
        angles = torch.outer(torch.arange(positions).float(), config["rope_theta"] ** (torch.arange(half).float() / -half))
        angles = torch.cat((angles, angles), -1)
        self.cos, self.sin = angles.cos().to(device), angles.sin().to(device)
        self.mask = torch.full((positions, positions), -math.inf, device=device).triu(1)

    def caches(self, batch: int) -> list[tuple[Tensor, Tensor]]:
        shape = (batch, self.kv_heads, PROMPT_TOKENS + NEW_TOKENS, self.width)
        return [(torch.zeros(shape, device=device), torch.zeros(shape, device=device)) for _ in self.layers]

    def attention(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if self.heads != self.kv_heads:
            k, v = (x.repeat_interleave(self.heads // self.kv_heads, 1) for x in (k, v))
        if hasattr(functional, "scaled_dot_product_attention"):
            return functional.scaled_dot_product_attention(q, k, v, is_causal=q.shape[2] > 1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.width)
        if q.shape[2] > 1:
            scores = scores + self.mask[: q.shape[2], : q.shape[2]]
        return scores.softmax(-1) @ v

    def next(self, tokens: Tensor, start: int, caches) -> Tensor:
        """Logits after the last of tokens [batch, length], which follow `start` others."""
        batch, length = tokens.shape
        end = start + length
        cos, sin = self.cos[start:end], self.sin[start:end]
        x = functional.embedding(tokens, self.embed)
        for w, (keys, values) in zip(self.layers, caches):
            y = rms_norm(x, w["input_layernorm.weight"], self.eps)
            q, k, v = (
                functional.linear(y, w[f"self_attn.{name}_proj.weight"]).view(batch, length, -1, self.width).transpose(1, 2)
                for name in "qkv"
            )
            keys[:, :, start:end] = rotate(k, cos, sin)
            values[:, :, start:end] = v
            attended = self.attention(rotate(q, cos, sin), keys[:, :, :end], values[:, :, :end])
            x = x + functional.linear(attended.transpose(1, 2).reshape(batch, length, -1), w["self_attn.o_proj.weight"])
            y = rms_norm(x, w["post_attention_layernorm.weight"], self.eps)
            gate, up = functional.linear(y, w["mlp.gate_proj.weight"]), functional.linear(y, w["mlp.up_proj.weight"])
            x = x + functional.linear(functional.silu(gate) * up, w["mlp.down_proj.weight"])
        return functional.linear(rms_norm(x[:, -1], self.norm, self.eps), self.head)


@torch.no_grad()
def generate(model: Llama, prompts: Tensor) -> tuple[Tensor, Tensor]:
    caches = model.caches(len(prompts))
    tokens, start = prompts, 0
    ids, log_probs = [], []
    for _ in range(NEW_TOKENS):
        logits = model.next(tokens, start, caches)
        start += tokens.shape[1]
        best, token = logits.max(-1)
        log_probs.append(best - logits.logsumexp(-1))
        ids.append(token)
        tokens = token.view(-1, 1)
    return torch.stack(ids, 1), torch.stack(log_probs, 1)


torch.set_num_threads(options.threads)
llama = Llama(options.model)
report = {"version": torch.__version__, "seconds": {}, "logProbs": {}, "ids": {}}
for batch in BATCHES:
    vocabulary = len(llama.embed)
    prompts = torch.tensor([[(row * 1009 + i * 7919 + 1) % vocabulary for i in range(PROMPT_TOKENS)] for row in range(batch)], device=device)
    generate(llama, prompts)
    seconds = []
    for _ in range(options.runs):
        begin = time.perf_counter()
        ids, log_probs = generate(llama, prompts)
        first = ids[0].tolist()
        seconds.append(time.perf_counter() - begin)
    report["seconds"][f"batch-{batch}"] = min(seconds)
    report["logProbs"][f"batch-{batch}"] = log_probs.double().sum(1).mean().item()
    report["ids"][f"batch-{batch}"] = first
print(json.dumps(report))
