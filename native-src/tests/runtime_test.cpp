// Errors, variants, devices, and the pool: every item once, on any number of threads, with failures and aborts that leave it usable.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "ir/device.h"
#include "pictures.h"
#include "refusals.h"

using namespace ir;
using namespace ir::test;

TEST_CASE("runtime: codes have the names that JavaScript relies on") {
  const std::pair<Code, const char*> names[] = {{Code::Argument, "IR_E_ARGUMENT"}, {Code::Shape, "IR_E_SHAPE"},
                                                {Code::Alias, "IR_E_ALIAS"},       {Code::Memory, "IR_E_MEMORY"},
                                                {Code::Backend, "IR_E_BACKEND"},   {Code::Unsupported, "IR_E_UNSUPPORTED"},
                                                {Code::Aborted, "IR_E_ABORTED"},   {Code::Internal, "IR_E_INTERNAL"}};
  for (const auto& [code, name] : names) CHECK(std::string(codeName(code)) == name);
  CHECK(refusal([] { require(true, Code::Shape, "no"); }) == kAccepted);
  CHECK(refusal([] { require(false, Code::Shape, "expected this, got that"); }) == Refusal{"IR_E_SHAPE", "expected this, got that"});
}

TEST_CASE("runtime: variants are named, nested, and the best one is there") {
  CHECK(std::string(variantName(Variant::Base)) == "base");
  CHECK(std::string(variantName(Variant::Avx2)) == "avx2");
  CHECK(std::string(variantName(Variant::Avx512)) == "avx512");
  CHECK(variantSupported(Variant::Base));
  CHECK((!variantSupported(Variant::Avx512) || variantSupported(Variant::Avx2)));
  CHECK(bestVariant() == variants().back());
}

TEST_CASE("runtime: every item runs exactly once, whatever the number of threads") {
  for (const int threads : {-1, 0, 1, 2, 3, 8, 40})
    for (const size_t count : {0, 1, 2, 3, 7, 64, 1000}) {
      std::vector<std::atomic<int>> runs(count);
      parallelFor({Variant::Base, threads, nullptr}, count, [&](size_t i) { ++runs[i]; });
      CHECK(std::all_of(runs.begin(), runs.end(), [](const auto& n) { return n == 1; }));
    }
}

TEST_CASE("runtime: one thread is the caller, in order") {
  std::vector<size_t> order;
  const std::thread::id caller = std::this_thread::get_id();
  parallelFor({}, 50, [&](size_t i) {
    CHECK((std::this_thread::get_id() == caller));
    order.push_back(i);
  });
  CHECK(order.size() == 50);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("runtime: never more threads than asked for") {
  for (const int threads : {1, 2, 4}) {
    std::atomic<int> inside{0}, most{0};
    parallelFor({Variant::Base, threads, nullptr}, 40, [&](size_t) {
      const int now = ++inside;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      --inside;
    });
    CHECK(most >= 1);
    CHECK(most <= threads);
  }
}

TEST_CASE("runtime: the first failure reaches the caller after all have stopped, and the pool lives on") {
  for (const int threads : {1, 2, 5})
    for (int round = 0; round < 20; ++round) {
      std::atomic<int> inside{0}, done{0};
      const Refusal seen = refusal([&] {
        parallelFor({Variant::Base, threads, nullptr}, 200, [&](size_t i) {
          ++inside;
          const bool fails = i == 3;
          if (!fails) std::this_thread::yield();
          --inside;
          if (fails) throw Error(Code::Memory, "expected more");
          ++done;
        });
      });
      CHECK(seen == Refusal{"IR_E_MEMORY", "expected more"});
      CHECK(inside == 0);
      CHECK(done < 200);
    }
  std::atomic<int> after{0};
  parallelFor({Variant::Base, 4, nullptr}, 100, [&](size_t) { ++after; });
  CHECK(after == 100);
}

TEST_CASE("runtime: an abort stops before the first item, or between two") {
  const Refusal aborted{"IR_E_ABORTED", "the call was aborted"};
  for (const int threads : {1, 3}) {
    std::atomic<bool> flag{true};
    std::atomic<int> done{0};
    const Exec exec{Variant::Base, threads, &flag};
    const auto run = [&] { parallelFor(exec, 1000, [&](size_t) { flag = ++done >= 5; }); };
    CHECK(refusal(run) == aborted);
    CHECK(done == 0);
    flag = false;
    CHECK(refusal(run) == aborted);
    CHECK(done >= 5);
    CHECK(done < 5 + threads);
  }
}

TEST_CASE("runtime: calls inside calls, and from many threads at once") {
  std::atomic<int> total{0};
  const Exec exec{Variant::Base, 3, nullptr};
  const auto nested = [&] { parallelFor(exec, 8, [&](size_t) { parallelFor(exec, 25, [&](size_t) { ++total; }); }); };
  std::vector<std::thread> callers;
  for (int i = 0; i < 6; ++i)
    callers.emplace_back([&] {
      for (int round = 0; round < 10; ++round) nested();
    });
  for (std::thread& t : callers) t.join();
  CHECK(total == 6 * 10 * 8 * 25);
}

TEST_CASE("runtime: devices are reported with a reason, and refused where there are none") {
  const DeviceReport report = cudaReport();
  CHECK(report.devices.empty() == !report.reason.empty());
#ifdef IR_HAVE_CUDA
  CHECK(report.compiled);
#else
  CHECK_FALSE(report.compiled);
  const Refusal absent{"IR_E_BACKEND", "expected a build with CUDA for backend cuda; this one was compiled without"};
  CHECK(refusal([] { DeviceMemory memory(16); }) == absent);
  CHECK(refusal([] { Stream stream; }) == absent);
#endif
}
