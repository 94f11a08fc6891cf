#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

namespace rewardkit {

/// Runs work(0) .. work(count - 1) on ATen's threads; a thread that is done takes the next. Each piece writes its own
/// memory, so that the result does not depend on which thread ran it. A waiting thread takes tens of microseconds to wake:
/// where all of it takes less, `worth` is false and the caller does it alone.
template <typename F>
void parallel_tasks(int64_t count, const F& work, bool worth = true) {
  std::atomic<int64_t> next{0};
  at::parallel_for(0, worth ? std::min<int64_t>(at::get_num_threads(), count) : 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t lane = begin; lane < end; lane++)
      for (int64_t task = next++; task < count; task = next++) work(task);
  });
}

}  // namespace rewardkit
