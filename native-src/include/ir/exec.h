// How a kernel is run: instruction-set variant, threads, abort. Results never depend on `threads`.
#pragma once
#include <atomic>
#include <cstddef>
#include <functional>

namespace ir {

enum class Variant : int { Base = 0, Avx2 = 1, Avx512 = 2 };

const char* variantName(Variant v) noexcept;
bool variantSupported(Variant v) noexcept;  // by this processor
Variant bestVariant() noexcept;

struct Exec {
  Variant variant = Variant::Base;
  int threads = 1;
  const std::atomic<bool>* aborted = nullptr;  // polled between bands

  void checkAborted() const;  // throws Error(Code::Aborted)
};

/// Runs body(i) for i in [0, count) on up to exec.threads threads of the process-wide pool. The caller takes part; the first exception
/// thrown by a body is rethrown here after all have stopped. For bit-identical results make `count` a function of the problem, never of
/// the thread count, and let body(i) write only what belongs to i. Give each item 200 us of work or more (waking a worker costs 32-80 us).
void parallelFor(const Exec& exec, size_t count, const std::function<void(size_t)>& body);

}  // namespace ir
