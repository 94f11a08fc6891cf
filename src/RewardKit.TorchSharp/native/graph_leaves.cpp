// What a stretch of recorded operations depends on; for activation checkpointing.
#include "shim.h"

#include <ATen/SequenceNumber.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/variable.h>

#include <cstdlib>
#include <unordered_set>

// Nodes that this thread records from now on have this number or a higher one.
RK_API uint64_t rk_graph_mark() { return at::sequence_number::peek(); }

// The leaves that the outputs depend on, each once, in memory that rk_memory_free frees. Fails where the way leads to a
// node recorded before the mark: the outputs then depend on more than leaves.
RK_API int32_t rk_graph_leaves(const rk::Handle* outputs, int32_t count, uint64_t mark, rk::Handle** leaves, int32_t* leaves_count) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        std::vector<torch::autograd::Node*> open;
        std::unordered_set<torch::autograd::Node*> seen;
        std::vector<at::Tensor> found;
        const auto visit = [&](torch::autograd::Node* node) {
            if (node && seen.insert(node).second) open.push_back(node);
        };
        // The edges of a leaf lead to its accumulator, which the leaf holds only weakly.
        std::vector<torch::autograd::Edge> roots;
        for (const auto& output : rk::tensors(outputs, count))
            if (output.requires_grad()) roots.push_back(torch::autograd::impl::gradient_edge(output));
        for (const auto& root : roots) visit(root.function.get());
        while (!open.empty()) {
            auto* node = open.back();
            open.pop_back();
            if (auto* leaf = dynamic_cast<torch::autograd::AccumulateGrad*>(node)) {
                found.push_back(leaf->variable);
                continue;
            }
            TORCH_CHECK(node->sequence_nr() >= mark, "it depends on a tensor that ", node->name(), " made outside");
            for (const auto& edge : node->next_edges()) visit(edge.function.get());
        }
        *leaves = static_cast<rk::Handle*>(std::malloc(sizeof(rk::Handle) * (found.size() + 1)));
        if (*leaves == nullptr) throw std::bad_alloc();
        *leaves_count = static_cast<int32_t>(found.size());
        for (size_t k = 0; k < found.size(); k++) (*leaves)[k] = rk::give(std::move(found[k]));
        return 0;
    });
}
