// ir_device_bench FILTER [ROUNDS]: the kernels on the first CUDA device, against its floors and against the processor (docs/performance.md), for each
// kernel whose name contains FILTER. Two tables in Markdown. ROUNDS 0 runs each kernel once and times nothing: for a profiler.
#include <cstdlib>

#include "device_floors.h"
#include "device_transfers.h"

namespace {

using namespace ir;
using namespace ir::bench;

int rounds(const char* text) {
  char* end = nullptr;
  const long n = std::strtol(text, &end, 10);
  return *text && !*end && n >= 0 && n <= 1024 ? int(n) : -1;
}

void printTables(const Options& options) {
  const DeviceReport report = cudaReport();
  require(!report.devices.empty(), Code::Backend, "expected a CUDA device, got none: " + report.reason);
  const DeviceInfo& device = report.devices[0];
  if (options.rounds)
    std::printf("%s, compute capability %d.%d; processor: variant %s\n\n", device.name.c_str(), device.major, device.minor,
                variantName(bestVariant()));
  Arguments arguments;
  Clock clock;
  DeviceFloors(options, arguments, clock).all();
  if (options.rounds) DeviceTransfers(options, arguments, clock).all();
}

}  // namespace

int main(int argc, char** argv) {
  const Options options{argc > 1 ? argv[1] : "", argc > 2 ? rounds(argv[2]) : 9};
  if (argc < 2 || argc > 3 || options.rounds < 0) {
    std::fprintf(stderr, "expected: ir_device_bench FILTER [ROUNDS], ROUNDS in 0..1024\n");
    return 2;
  }
  try {
    printTables(options);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
