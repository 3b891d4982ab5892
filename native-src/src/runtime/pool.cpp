#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "ir/error.h"
#include "ir/exec.h"

namespace ir {
namespace {

/// One parallelFor: items are taken by an atomic counter; the last thread to leave wakes the caller.
struct Job {
  const Exec& exec;
  const std::function<void(size_t)>& body;
  const size_t count;
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::condition_variable left;
  int inside = 0;
  std::exception_ptr failure;

  Job(const Exec& e, size_t n, const std::function<void(size_t)>& b) : exec(e), body(b), count(n) {}

  void work() {
    try {
      for (size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
        exec.checkAborted();
        body(i);
      }
    } catch (...) {
      next.store(count, std::memory_order_relaxed);
      std::lock_guard<std::mutex> lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  }
};

/// Workers are started on demand and live as long as the process: a detached pool needs no order of destruction at exit.
class Pool {
 public:
  void offer(const std::shared_ptr<Job>& job, int helpers) {
    std::lock_guard<std::mutex> lock(mutex_);
    try {
      for (int i = 0; i < helpers; ++i) waiting_.push_back(job);
      while (idle_ + starting_ < int(waiting_.size()) && workers_ < kMaxWorkers) {
        std::thread([this] { serve(); }).detach();
        ++workers_;
        ++starting_;
      }
    } catch (const std::exception&) {
      // no more threads or memory to be had: the caller works with those there are, or alone
    }
    ready_.notify_all();
  }

  /// Withdraws what no worker has taken yet, so that the caller need not wait for a sleeping worker.
  void withdraw(const Job* job) {
    std::lock_guard<std::mutex> lock(mutex_);
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), [job](const auto& j) { return j.get() == job; }), waiting_.end());
  }

 private:
  static constexpr int kMaxWorkers = 256;

  void serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    --starting_;
    for (;;) {
      ++idle_;
      ready_.wait(lock, [this] { return !waiting_.empty(); });
      --idle_;
      const std::shared_ptr<Job> job = waiting_.front();
      waiting_.pop_front();
      {
        std::lock_guard<std::mutex> jobLock(job->mutex);
        ++job->inside;
      }
      lock.unlock();
      job->work();
      {
        std::lock_guard<std::mutex> jobLock(job->mutex);
        if (--job->inside == 0) job->left.notify_all();
      }
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::shared_ptr<Job>> waiting_;
  int workers_ = 0, idle_ = 0, starting_ = 0;
};

Pool& pool() {
  static Pool* instance = new Pool;  // never destroyed: detached workers may outlive static destruction
  return *instance;
}

}  // namespace

void parallelFor(const Exec& exec, size_t count, const std::function<void(size_t)>& body) {
  if (count == 0) return;
  const int helpers = int(std::min<size_t>(count, size_t(std::max(1, exec.threads)))) - 1;
  const auto job = std::make_shared<Job>(exec, count, body);
  if (helpers > 0) pool().offer(job, helpers);
  job->work();
  if (helpers > 0) {
    pool().withdraw(job.get());
    std::unique_lock<std::mutex> lock(job->mutex);
    job->left.wait(lock, [&] { return job->inside == 0; });
  }
  if (job->failure) std::rethrow_exception(job->failure);
}

}  // namespace ir
