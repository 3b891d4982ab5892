#include "shared_memory.h"

#include <cerrno>
#include <cstring>
#include <string>

#include "errors.h"
#ifdef __linux__
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace ir::binding {
namespace {

constexpr double kMost = double(size_t(1) << 40);

size_t sizeFrom(const Napi::Value& value) {
  const double bytes = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 0;
  require(bytes >= 1 && bytes <= kMost && bytes == double(size_t(bytes)), Code::Argument, "expected a whole number of bytes in 1..2^40");
  return size_t(bytes);
}

#ifdef __linux__

void demand(bool done, const char* what, int cause = errno) {
  if (!done) throw Error(Code::Memory, std::string("expected ") + what + ", got: " + std::strerror(cause));
}

int create(size_t bytes) {
  const int fd = memfd_create("ir", MFD_CLOEXEC);
  demand(fd >= 0, "memory to share");
  const bool sized = ftruncate(fd, off_t(bytes)) == 0;
  const int cause = errno;
  if (!sized) close(fd);
  demand(sized, "memory to share", cause);
  return fd;
}

/// What is mapped beyond a file's end cannot be touched.
void checkFile(int fd, size_t bytes) {
  struct stat file;
  demand(fstat(fd, &file) == 0, "the descriptor of memory to share");
  require(S_ISREG(file.st_mode) && size_t(file.st_size) >= bytes, Code::Argument,
          "expected a file of at least " + std::to_string(bytes) + " bytes to map, got " + std::to_string(file.st_size));
}

Napi::Value map(Napi::Env env, int fd, size_t bytes) {
  checkFile(fd, bytes);
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  demand(data != MAP_FAILED, "memory to be mapped");
  napi_value buffer;
  const auto unmap = [](napi_env, void* at, void* length) { munmap(at, reinterpret_cast<size_t>(length)); };
  const napi_status status = napi_create_external_arraybuffer(env, data, bytes, unmap, reinterpret_cast<void*>(bytes), &buffer);
  if (status != napi_ok) munmap(data, bytes);
  require(status == napi_ok, Code::Unsupported, "expected a runtime that takes memory from outside for an ArrayBuffer");
  return Napi::Value(env, buffer);
}

#else

[[noreturn]] void refuse() { throw Error(Code::Unsupported, "expected a system with files in memory (Linux)"); }
int create(size_t) { refuse(); }
Napi::Value map(Napi::Env, int, size_t) { refuse(); }

#endif

}  // namespace

Napi::Value createMemory(const Napi::CallbackInfo& info) {
  Napi::Value result = info.Env().Undefined();
  guarded(info.Env(), [&] {
    require(info.Length() == 1, Code::Argument, "expected createMemory(bytes)");
    result = Napi::Number::New(info.Env(), create(sizeFrom(info[0])));
  });
  return result;
}

Napi::Value mapMemory(const Napi::CallbackInfo& info) {
  Napi::Value result = info.Env().Undefined();
  guarded(info.Env(), [&] {
    require(info.Length() == 2 && info[0].IsNumber(), Code::Argument, "expected mapMemory(descriptor, bytes)");
    result = map(info.Env(), info[0].As<Napi::Number>().Int32Value(), sizeFrom(info[1]));
  });
  return result;
}

}  // namespace ir::binding
