// Sums gradients over processes while the backward pass goes on, in the way of PyTorch's DistributedDataParallel (Li et al.,
// arXiv:2006.15704). libtorch's own reducer is not used: Debian's package lacks a header that it needs.
#include "distributed.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <exception>
#include <mutex>

#if RK_C10D
namespace {

using torch::autograd::variable_list;

// Parameters that follow each other in the model, from the last to the first, in one flat tensor: gradients come about in
// that order, and few large sums are faster than many small ones.
struct Bucket {
    at::Tensor flat;
    std::vector<size_t> parameters;
    size_t missing = 0;
    rk::Work work;
};

struct Buckets {
    struct Slot {
        at::Tensor parameter;
        // The leaf holds it only weakly, and the hook with it.
        std::shared_ptr<torch::autograd::Node> accumulator;
        uintptr_t hook = 0;
        size_t bucket = 0;
        at::Tensor place;  // a view of the bucket, in the parameter's shape
        bool arrived = false;
    };

    rk::Group group;
    std::vector<Slot> slots;
    std::vector<Bucket> buckets;
    at::Tensor used;  // per parameter: how many processes have a gradient
    size_t next = 0;  // the buckets before this one are on their way; all processes must start them in the same order
    size_t started_early = 0;
    bool armed = false;
    std::exception_ptr failure;
    std::mutex mutex;  // the engine has a thread per device

    Buckets(rk::Group group, const std::vector<at::Tensor>& parameters, int64_t first_bytes, int64_t bytes);
    ~Buckets();
    void arrive(size_t index);
    void start_ready();
    void finish();
    void take(size_t index);
};

struct Hook : torch::autograd::FunctionPostHook {
    Hook(Buckets* buckets, size_t index) : buckets(buckets), index(index) {}
    variable_list operator()(const variable_list& outputs, const variable_list&) override {
        buckets->arrive(index);
        return outputs;
    }
    Buckets* const buckets;
    const size_t index;
};

Buckets::Buckets(rk::Group group, const std::vector<at::Tensor>& parameters, int64_t first_bytes, int64_t bytes)
    : group(std::move(group)), slots(parameters.size()) {
    at::NoGradGuard no_grad;
    int64_t filled = 0;
    std::vector<int64_t> sizes;
    for (size_t k = parameters.size(); k-- > 0;) {
        const auto& parameter = parameters[k];
        TORCH_CHECK(parameter.is_leaf() && parameter.requires_grad(), "only leaves that require a gradient can be in a bucket");
        const int64_t limit = buckets.size() <= 1 ? first_bytes : bytes;
        const bool fits = !buckets.empty() && filled < limit &&
                          slots[buckets.back().parameters.back()].parameter.options().type_equal(parameter.options()) &&
                          slots[buckets.back().parameters.back()].parameter.device() == parameter.device();
        if (!fits) {
            buckets.emplace_back();
            sizes.push_back(0);
            filled = 0;
        }
        slots[k].parameter = parameter;
        slots[k].bucket = buckets.size() - 1;
        buckets.back().parameters.push_back(k);
        sizes.back() += parameter.numel();
        filled += static_cast<int64_t>(parameter.nbytes());
    }
    for (size_t b = 0; b < buckets.size(); b++) {
        auto& bucket = buckets[b];
        bucket.flat = at::zeros({sizes[b]}, slots[bucket.parameters.front()].parameter.options());
        int64_t from = 0;
        for (const size_t k : bucket.parameters) {
            const auto& parameter = slots[k].parameter;
            slots[k].place = bucket.flat.narrow(0, from, parameter.numel()).view(parameter.sizes());
            from += parameter.numel();
        }
    }
    TORCH_CHECK(!parameters.empty(), "there is no parameter to sum gradients of");
    used = at::zeros({static_cast<int64_t>(parameters.size())}, parameters[0].options().dtype(at::kInt));
    for (size_t k = 0; k < slots.size(); k++) {
        slots[k].accumulator = torch::autograd::impl::grad_accumulator(slots[k].parameter);
        slots[k].hook = slots[k].accumulator->add_post_hook(std::make_unique<Hook>(this, k));
    }
}

Buckets::~Buckets() {
    for (auto& slot : slots)
        if (slot.accumulator) slot.accumulator->del_post_hook(slot.hook);
}

// Moves a parameter's gradient to its place in the bucket, which stands for it from then on.
void Buckets::take(size_t index) {
    auto& slot = slots[index];
    auto& gradient = slot.parameter.mutable_grad();
    if (gradient.defined()) {
        slot.place.copy_(gradient);
        gradient = slot.place;
    } else {
        slot.place.zero_();
    }
    slot.arrived = true;
    buckets[slot.bucket].missing--;
}

// A gradient is complete. Runs within the backward pass; what fails is told at its end.
void Buckets::arrive(size_t index) {
    std::lock_guard<std::mutex> lock(mutex);
    if (!armed || failure) return;
    try {
        at::NoGradGuard no_grad;
        if (slots[index].arrived) {
            // Added to its place, which is right as long as that is not on its way.
            TORCH_CHECK(slots[index].bucket >= next, "the backward pass came to a parameter twice, after its gradient was sent off");
            return;
        }
        take(index);
        const size_t before = next;
        start_ready();
        started_early += next - before;
    } catch (...) {
        failure = std::current_exception();
    }
}

void Buckets::start_ready() {
    for (; next < buckets.size() && buckets[next].missing == 0; next++)
        buckets[next].work = rk::start_sum(group, buckets[next].flat);
}

// Sends off what is left, and waits for the sums. A parameter without a gradient in all processes has none afterwards, too.
void Buckets::finish() {
    at::NoGradGuard no_grad;
    std::unique_lock<std::mutex> lock(mutex);
    armed = false;
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    auto have = at::zeros({used.numel()}, at::kInt);
    for (size_t k = 0; k < slots.size(); k++) have.data_ptr<int32_t>()[k] = slots[k].parameter.grad().defined();
    for (size_t k = slots.size(); k-- > 0;)
        if (!slots[k].arrived) take(k);
    start_ready();
    used.copy_(have);
    auto last = rk::start_sum(group, used);
    lock.unlock();
    for (auto& bucket : buckets) bucket.work->wait();
    last->wait();
    have = used.cpu();
    for (size_t k = 0; k < slots.size(); k++)
        slots[k].parameter.mutable_grad() = have.data_ptr<int32_t>()[k] > 0 ? slots[k].place : at::Tensor();
    for (auto& bucket : buckets) bucket.work.reset();
}

}  // namespace
#else
namespace {
struct Buckets {};
}  // namespace
#endif

// Buckets for parameters in the order of the model; hooks on the parameters until they are freed. The first bucket is
// smaller, so that its sum starts early.
RK_API int32_t rk_buckets_new(rk::Group* group, const rk::Handle* parameters, int32_t count, int64_t first_bytes, int64_t bytes,
                              Buckets** buckets) {
    return rk::with_c10d([&] {
#if RK_C10D
        *buckets = new Buckets(*group, rk::tensors(parameters, count), first_bytes, bytes);
#endif
    });
}

RK_API void rk_buckets_free(Buckets* buckets) {
    rk::with_c10d([&] { delete buckets; });
}

// From now on gradients are sent off as they come.
RK_API int32_t rk_buckets_arm(Buckets* buckets) {
    return rk::with_c10d([&] {
#if RK_C10D
        std::lock_guard<std::mutex> lock(buckets->mutex);
        buckets->armed = true;
        buckets->failure = nullptr;
        buckets->next = 0;
        for (auto& bucket : buckets->buckets) bucket.missing = bucket.parameters.size();
        for (auto& slot : buckets->slots) slot.arrived = false;
#endif
    });
}

// Waits until all gradients are the sums over the processes.
RK_API int32_t rk_buckets_finish(Buckets* buckets) {
    return rk::with_c10d([&] {
#if RK_C10D
        buckets->finish();
#endif
    });
}

// How many buckets there are, and how many were sent off before the end of a backward pass since the start.
RK_API void rk_buckets_counts(Buckets* buckets, int64_t* count, int64_t* early) {
#if RK_C10D
    *count = static_cast<int64_t>(buckets->buckets.size());
    *early = static_cast<int64_t>(buckets->started_early);
#endif
}
