"""The peer of the benchmark `decode`: greedy decoding with a cache in PyTorch, as its users write it.

By one model alone, by the sum of two models' log-probabilities (GenARM), and by a reward model among the most probable
tokens (ARGS), whose cache has a row for each candidate and is re-ordered to the winner's, as in the released code. It
reads the same model folders, and needs nothing but PyTorch (1.13 or newer) and NumPy. For each line of its input, which
names a work, it prints a line of JSON.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=Path)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--device", default="cpu")
options = parser.parse_args()

import numpy  # noqa: E402
import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn import functional  # noqa: E402

given = json.loads((options.folder / "works.json").read_text())
PROMPT_TOKENS, NEW_TOKENS, CANDIDATES = len(given["prompts"][0]), given["newTokens"], given["candidates"]
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
        self.embed, self.norm = weights["model.embed_tokens.weight"], weights["model.norm.weight"]
        self.head = weights["score.weight"] if "score.weight" in weights else weights["lm_head.weight"]
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
        """Logits (a reward model's: rewards) after the last of tokens [batch, length], which follow `start` others."""
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


def plain(base: Llama):
    caches = None

    def step(tokens: Tensor, start: int):
        nonlocal caches
        caches = caches or base.caches(len(tokens))
        scores = base.next(tokens, start, caches)
        best, token = scores.max(-1)
        return token, best - scores.logsumexp(-1)

    return step


def guided(base: Llama, guide: Llama, weight: float):
    caches = None

    def step(tokens: Tensor, start: int):
        nonlocal caches
        caches = caches or (base.caches(len(tokens)), guide.caches(len(tokens)))
        scores = base.next(tokens, start, caches[0]).log_softmax(-1) + weight * guide.next(tokens, start, caches[1]).log_softmax(-1)
        best, token = scores.max(-1)
        return token, best - scores.logsumexp(-1)

    return step


def args(base: Llama, reward: Llama, weight: float):
    caches = None

    def step(tokens: Tensor, start: int):
        nonlocal caches
        batch, end = len(tokens), start + tokens.shape[1]
        if caches is None:
            caches = base.caches(batch), reward.caches(batch)
            reward.next(tokens, start, caches[1])
            caches = caches[0], [(keys.repeat_interleave(CANDIDATES, 0), values.repeat_interleave(CANDIDATES, 0)) for keys, values in caches[1]]
        logits, candidates = base.next(tokens, start, caches[0]).topk(CANDIDATES)
        scores = logits + weight * reward.next(candidates.view(-1, 1), end, caches[1]).view(batch, CANDIDATES)
        best, winner = scores.max(-1)
        rows = (torch.arange(batch, device=device) * CANDIDATES + winner).repeat_interleave(CANDIDATES)
        for cache in caches[1]:
            for x in cache:
                x[:, :, : end + 1] = x[rows, :, : end + 1]
        return candidates.gather(1, winner.view(-1, 1)).view(-1), best - scores.logsumexp(-1)

    return step


@torch.no_grad()
def generate(step, prompts: Tensor) -> tuple[Tensor, Tensor]:
    tokens, start = prompts, 0
    ids, log_probs = [], []
    for _ in range(NEW_TOKENS):
        token, log_prob = step(tokens, start)
        start += tokens.shape[1]
        log_probs.append(log_prob)
        ids.append(token)
        tokens = token.view(-1, 1)
    return torch.stack(ids, 1), torch.stack(log_probs, 1)


torch.set_num_threads(options.threads)
base, guide, reward = (Llama(options.folder / name) for name in ("base", "guide", "reward"))
rules = {
    "Plain": lambda: plain(base),
    "Guided": lambda: guided(base, guide, 1.0),
    "Args": lambda: args(base, reward, given["rewardWeight"]),
}
works = {work["name"]: work for work in given["works"]}
for line in sys.stdin:
    work = works[line.strip()]
    prompts = torch.tensor(given["prompts"][: work["batch"]], device=device)
    begin = time.perf_counter()
    ids, log_probs = generate(rules[work["rule"]](), prompts)
    first = ids[0].tolist()
    seconds = time.perf_counter() - begin
    report = {"version": torch.__version__, "seconds": seconds, "logProb": log_probs.double().sum(1).mean().item(), "ids": first}
    print(json.dumps(report), flush=True)
