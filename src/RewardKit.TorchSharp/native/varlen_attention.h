// Packed attention by the kernels of libtorch that take sequences of different lengths (FlashAttention, and the
// memory-efficient ones for float32). They know no shared prefixes, so each segment's keys are gathered, prefix first; a
// causal mask from the bottom right is then just what a segment attends to.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace rewardkit {

/// A segment's own tokens, and those of its prefix.
struct Row {
  int64_t start, length, prefix_start, prefix_length;
};

/// Which token stands where once the segments lie one after the other; sequence i ends before ends[i + 1].
struct Gathered {
  std::vector<int64_t> queries, keys;
  std::vector<int32_t> query_ends{0}, key_ends{0};
  int64_t most_queries = 0, most_keys = 0;

  explicit Gathered(const std::vector<Row>& rows) {
    const auto add = [](std::vector<int64_t>& list, int64_t start, int64_t length) {
      list.resize(list.size() + length);
      std::iota(list.end() - length, list.end(), start);
    };
    for (const Row& r : rows) {
      add(queries, r.start, r.length);
      add(keys, r.prefix_start, r.prefix_length);
      add(keys, r.start, r.length);
      query_ends.push_back(static_cast<int32_t>(queries.size()));
      key_ends.push_back(static_cast<int32_t>(keys.size()));
      most_queries = std::max(most_queries, r.length);
      most_keys = std::max(most_keys, r.prefix_length + r.length);
    }
  }
};

inline bool is_all_in_order(const std::vector<int64_t>& index, int64_t tokens) {
  if (static_cast<int64_t>(index.size()) != tokens) return false;
  for (int64_t i = 0; i < tokens; i++)
    if (index[i] != i) return false;
  return true;
}

/// Calls an operator by the names of its arguments, which stand in different places in different releases; the others
/// take their defaults.
inline at::Tensor first_result(const c10::OperatorHandle& op, const std::map<std::string, c10::IValue>& given) {
  torch::jit::Stack stack;
  size_t used = 0;
  for (const auto& argument : op.schema().arguments()) {
    const auto found = given.find(argument.name());
    if (found != given.end()) {
      stack.push_back(found->second);
      used++;
    } else {
      TORCH_CHECK(argument.default_value(), "the argument '", argument.name(), "' is new: ", op.schema());
      stack.push_back(*argument.default_value());
    }
  }
  TORCH_CHECK(used == given.size(), "an argument is missing: ", op.schema());
  op.callBoxed(stack);
  return stack.front().toTensor();
}

/// Deterministic algorithms while one node of the graph runs: left to themselves, these add up gradients in any order.
class Deterministic {
 public:
  ~Deterministic() { leave(); }  // where the node failed, with the graph

  void enter() {
    before_ = at::globalContext().deterministicAlgorithms();
    warn_only_ = at::globalContext().deterministicAlgorithmsWarnOnly();
    at::globalContext().setDeterministicAlgorithms(true, false);
    on_ = true;
  }

  void leave() {
    if (on_) at::globalContext().setDeterministicAlgorithms(before_, warn_only_);
    on_ = false;
  }

 private:
  bool on_ = false, before_ = false, warn_only_ = false;
};

/// Makes the backward pass of the operation that gave this result deterministic.
inline const at::Tensor& deterministic(const at::Tensor& result) {
  using torch::autograd::variable_list;
  struct Before : torch::autograd::FunctionPreHook {
    std::shared_ptr<Deterministic> mode;
    variable_list operator()(const variable_list& gradients) override {
      mode->enter();
      return gradients;
    }
  };
  struct After : torch::autograd::FunctionPostHook {
    std::shared_ptr<Deterministic> mode;
    variable_list operator()(const variable_list& gradients, const variable_list&) override {
      mode->leave();
      return gradients;
    }
  };
  if (const auto& node = result.grad_fn()) {
    auto before = std::make_unique<Before>();
    auto after = std::make_unique<After>();
    before->mode = after->mode = std::make_shared<Deterministic>();
    node->add_pre_hook(std::move(before));
    node->add_post_hook(std::move(after));
  }
  return result;
}

/// Attention over sequences one after the other: q [queries, heads, dim], k and v [keys, kv_heads, dim].
struct Varlen {
  at::Tensor q, k, v, query_ends, key_ends;
  int64_t most_queries, most_keys;
  double scale;
  int64_t window;
  bool causal;
};

inline at::Tensor flash(const c10::OperatorHandle& op, const Varlen& a) {
  std::map<std::string, c10::IValue> arguments{
      {"query", a.q}, {"key", a.k}, {"value", a.v}, {"cum_seq_q", a.query_ends}, {"cum_seq_k", a.key_ends}, {"max_q", a.most_queries},
      {"max_k", a.most_keys}, {"dropout_p", 0.0}, {"is_causal", a.causal}, {"return_debug_mask", false}, {"scale", a.scale}};
  if (a.window > 0) arguments.insert({{"window_size_left", a.window - 1}, {"window_size_right", int64_t(0)}});
  return deterministic(first_result(op, arguments));
}

inline at::Tensor memory_efficient(const c10::OperatorHandle& op, const Varlen& a) {
  const int64_t group = a.q.size(1) / a.k.size(1);
  const auto heads = [&](const at::Tensor& x) { return (group == 1 ? x : x.repeat_interleave(group, 1)).unsqueeze(0); };
  constexpr int64_t kNoMask = 0, kCausalFromBottomRight = 2;
  const at::Tensor out =
      first_result(op, {{"query", a.q.unsqueeze(0)}, {"key", heads(a.k)}, {"value", heads(a.v)}, {"bias", c10::IValue()},
                           {"cu_seqlens_q", a.query_ends}, {"cu_seqlens_k", a.key_ends}, {"max_seqlen_q", a.most_queries},
                           {"max_seqlen_k", a.most_keys}, {"dropout_p", 0.0},
                           {"custom_mask_type", a.causal ? kCausalFromBottomRight : kNoMask}, {"compute_log_sumexp", true},
                           {"scale", a.scale}});
  return deterministic(out).squeeze(0);
}

/// Tries one kernel; false where this libtorch or this device does not have it, of which it reminds itself.
template <typename Kernel>
bool try_varlen(const char* name, std::atomic<bool>& refused, const Kernel& kernel, const Varlen& a, at::Tensor& out) {
  if (refused) return false;
  const auto op = c10::Dispatcher::singleton().findSchema({name, ""});
  try {
    TORCH_CHECK(op, "no such operator");
    out = kernel(*op, a);
    return true;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error& error) {
    refused = true;
    TORCH_WARN("packed_attention goes without ", name, ": ", error.what_without_backtrace());
    return false;
  }
}

/// Whether kernels of this kind may be there: none caps scores, and before 2.5 none had a window.
inline bool may_have_varlen(const at::Tensor& q, int64_t window, double softcap) {
  // Before 2.4 the arguments were others, and causal masks not everywhere from the bottom right.
  return RK_TORCH_VERSION >= (window > 0 ? 205 : 204) && q.is_cuda() && q.scalar_type() != at::kDouble && q.size(2) <= 256 && softcap == 0;
}

/// False where no kernel takes it.
inline bool varlen_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::vector<Row>& rows, double scale,
                             int64_t window, bool causal, at::Tensor& out) {
  static std::atomic<bool> no_flash{false}, no_efficient{false};
  const int64_t tokens = q.size(0), dim = q.size(2), padding = (8 - dim % 8) % 8;
  const bool half = q.scalar_type() != at::kFloat;
  // The backward pass of wider heads runs on some GPUs only.
  const bool can_flash = half && dim + padding <= 192 && !no_flash;
  const bool can_efficient = window == 0 && !no_efficient;
  if (rows.empty() || (!can_flash && !can_efficient)) return false;

  const Gathered plan(rows);
  const auto here = [&](const std::vector<int64_t>& index) { return at::tensor(index, at::kLong).to(q.device()); };
  const auto ends = [&](const std::vector<int32_t>& index) { return at::tensor(index, at::kInt).to(q.device()); };
  const bool all_queries = is_all_in_order(plan.queries, tokens), all_keys = is_all_in_order(plan.keys, tokens);
  const auto padded = [&](const at::Tensor& x) { return padding == 0 ? x.contiguous() : at::constant_pad_nd(x, {0, padding}); };
  const at::Tensor query_index = all_queries ? at::Tensor() : here(plan.queries), key_index = all_keys ? at::Tensor() : here(plan.keys);
  const auto keys_of = [&](const at::Tensor& x) { return padded(all_keys ? x : deterministic(x.index_select(0, key_index))); };
  const Varlen a{padded(all_queries ? q : q.index_select(0, query_index)), keys_of(k), keys_of(v), ends(plan.query_ends),
                 ends(plan.key_ends), plan.most_queries, plan.most_keys, scale, window, causal};
  at::Tensor attended;
  if (!(can_flash && try_varlen("aten::_flash_attention_forward", no_flash, flash, a, attended)) &&
      !(can_efficient && try_varlen("aten::_efficient_attention_forward", no_efficient, memory_efficient, a, attended)))
    return false;
  if (padding > 0) attended = attended.narrow(2, 0, dim);
  out = all_queries ? attended : at::zeros_like(q).index_copy(0, query_index, attended);
  return true;
}

}  // namespace rewardkit
