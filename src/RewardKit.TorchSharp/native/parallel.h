#pragma once

#include <ATen/Parallel.h>

#include <atomic>

namespace rewardkit {

/// Runs work(0) .. work(count - 1) on ATen's threads; a thread that is done takes the next. Each piece writes its own
/// memory, so that the result does not depend on which thread ran it.
template <typename F>
void parallel_tasks(int64_t count, const F& work) {
  std::atomic<int64_t> next{0};
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t lane = begin; lane < end; lane++)
      for (int64_t task = next++; task < count; task = next++) work(task);
  });
}

}  // namespace rewardkit
