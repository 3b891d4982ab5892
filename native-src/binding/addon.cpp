// The addon: run(kernel, arguments, options), inspect(), DeviceBuffer, createMemory(), mapMemory(). Generic over kernels.def; no mathematics.
#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "device_buffer.h"
#include "errors.h"
#include "ir/device.h"
#include "ir/exec.h"
#include "kernels.h"
#include "pin.h"
#include "shared_memory.h"
#ifdef IR_HAVE_CUDA
#include "cuda/staging.h"
#endif

namespace ir::binding {
namespace {

/// How a call is to run, as resolved by @ir/native.
struct How {
  Exec exec;
  bool cuda = false;
  bool inlined = false;  // on the calling thread
};

/// A kernel with its arguments bound: memory held, checks done.
struct Bound {
  std::vector<Pin> pins;
  std::vector<std::shared_ptr<DeviceMemory>> held;
  std::function<void(const How&)> run;
};

template <class Args>
Bound bind(const Napi::Object& object, bool cuda) {
  Arguments reader(object);
  Args args;
  args.visit(reader);
  reader.finish();
  check(args);
  std::set<const void*> resident = reader.takeResident();
  require(cuda || resident.empty(), Code::Backend, "expected backend cuda, because an operand is a device buffer");
  Bound bound;
  bound.pins = reader.takePins();
  bound.held = reader.takeHeld();
  bound.run = [args, resident = std::move(resident)](const How& how) {
#ifdef IR_HAVE_CUDA
    if (how.cuda) return runOnDevice(args, resident);
#endif
    run(args, how.exec);
  };
  return bound;
}

using Binder = Bound (*)(const Napi::Object&, bool);
struct Entry {
  const char* name;
  Binder bind;
};

const Entry kKernels[] = {
#define IR_KERNEL(name, Args) {#name, &bind<Args>},
#include "kernels.def"
#undef IR_KERNEL
};

const Entry& kernelNamed(const std::string& name) {
  std::string known;
  for (const Entry& e : kKernels) {
    if (name == e.name) return e;
    known += (known.empty() ? "" : ", ") + std::string(e.name);
  }
  throw Error(Code::Argument, "expected a kernel, one of " + known + ", got " + name);
}

Variant variantNamed(const std::string& name) {
  for (const Variant v : {Variant::Base, Variant::Avx2, Variant::Avx512}) {
    if (name != variantName(v)) continue;
    require(variantSupported(v), Code::Unsupported, "expected a variant that this processor has, got " + name);
    return v;
  }
  throw Error(Code::Argument, "expected variant base, avx2 or avx512, got " + name);
}

How readHow(const Napi::Object& options) {
  How how;
  how.exec.threads = options.Get("threads").As<Napi::Number>().Int32Value();
  require(how.exec.threads >= 1 && how.exec.threads <= 1024, Code::Argument, "expected threads in 1..1024, got " + std::to_string(how.exec.threads));
  how.exec.variant = variantNamed(options.Get("variant").As<Napi::String>().Utf8Value());
  const std::string backend = options.Get("backend").As<Napi::String>().Utf8Value();
  require(backend == "cpu" || backend == "cuda", Code::Argument, "expected backend cpu or cuda, got " + backend);
  how.cuda = backend == "cuda";
  how.inlined = options.Get("inline").ToBoolean() && !how.cuda;
  if (how.cuda) {
    const DeviceReport report = cudaReport();
    require(!report.devices.empty(), Code::Backend, "expected a CUDA device for backend cuda, got none: " + report.reason);
  }
  return how;
}

/// A bound kernel that is run once, on any thread, and whose promise is settled afterwards, on JavaScript's.
class Call {
 public:
  Call(Napi::Env env, Bound bound, How how, std::shared_ptr<std::atomic<bool>> abort)
      : deferred_(Napi::Promise::Deferred::New(env)), bound_(std::move(bound)), how_(how), abort_(std::move(abort)) {
    how_.exec.aborted = abort_.get();
  }

  Napi::Promise promise() const { return deferred_.Promise(); }

  void execute() {
    try {
      how_.exec.checkAborted();
      bound_.run(how_);
    } catch (...) {
      failure_ = describeFailure();
    }
  }

  /// Nothing may leave it: a worker thread that is being terminated can run no JavaScript any more, so that every call throws, and nobody waits
  /// for the promise.
  void settle(Napi::Env env) {
    try {
      if (failure_.code.empty()) fulfil(env);
      if (!failure_.code.empty()) deferred_.Reject(toJs(env, failure_).Value());
    } catch (const Napi::Error&) {
    }
  }

 private:
  void fulfil(Napi::Env env) {
    try {
      for (Pin& pin : bound_.pins) pin.settle();
      deferred_.Resolve(env.Undefined());
    } catch (const Error&) {
      failure_ = describeFailure();
    }
  }

  Napi::Promise::Deferred deferred_;
  Bound bound_;
  How how_;
  std::shared_ptr<std::atomic<bool>> abort_;
  Failure failure_;
};

/// Runs a call on a thread of libuv's pool.
class Work : public Napi::AsyncWorker {
 public:
  Work(Napi::Env env, Call call) : Napi::AsyncWorker(env, "ir.kernel"), call_(std::move(call)) {}

  void Execute() override { call_.execute(); }
  /// Always called, because Execute() never reports to the base class.
  void OnOK() override { call_.settle(Env()); }

 private:
  Call call_;
};

/// run(name, arguments, {threads, variant, backend, inline}) -> {promise, abort()}
Napi::Value runKernel(const Napi::CallbackInfo& info) {
  Napi::Object result = Napi::Object::New(info.Env());
  guarded(info.Env(), [&] {
    require(info.Length() == 3 && info[0].IsString() && info[1].IsObject() && info[2].IsObject(), Code::Argument,
            "expected run(name, arguments, options)");
    const How how = readHow(info[2].As<Napi::Object>());
    Bound bound = kernelNamed(info[0].As<Napi::String>().Utf8Value()).bind(info[1].As<Napi::Object>(), how.cuda);
    const auto abort = std::make_shared<std::atomic<bool>>(false);
    Call call(info.Env(), std::move(bound), how, abort);
    result.Set("promise", call.promise());
    result.Set("abort", Napi::Function::New(info.Env(), [abort](const Napi::CallbackInfo&) { abort->store(true); }));
    if (how.inlined) {
      call.execute();
      call.settle(info.Env());
    } else {
      (new Work(info.Env(), std::move(call)))->Queue();  // deletes itself after settling
    }
  });
  return result;
}

Napi::Value inspect(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object report = Napi::Object::New(env);
  guarded(env, [&] {
    Napi::Object variants = Napi::Object::New(env);
    for (const Variant v : {Variant::Base, Variant::Avx2, Variant::Avx512}) variants.Set(variantName(v), variantSupported(v));
    report.Set("variants", variants);
    report.Set("best", variantName(bestVariant()));
    report.Set("compiler", IR_COMPILER);
    report.Set("flags", IR_FLAGS);
    report.Set("buffers", bufferStrategy(env) == BufferStrategy::Pinned ? "pinned" : "copied");
    const DeviceReport cuda = cudaReport();
    Napi::Array devices = Napi::Array::New(env);
    for (const DeviceInfo& d : cuda.devices) {
      Napi::Object device = Napi::Object::New(env);
      device.Set("name", d.name);
      device.Set("computeCapability", std::to_string(d.major) + "." + std::to_string(d.minor));
      device.Set("bytes", double(d.bytes));
      devices.Set(devices.Length(), device);
    }
    Napi::Object cudaObject = Napi::Object::New(env);
    cudaObject.Set("compiled", cuda.compiled);
    cudaObject.Set("reason", cuda.reason);
    cudaObject.Set("devices", devices);
    report.Set("cuda", cudaObject);
    Napi::Array kernels = Napi::Array::New(env);
    for (const Entry& e : kKernels) kernels.Set(kernels.Length(), e.name);
    report.Set("kernels", kernels);
  });
  return report;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("run", Napi::Function::New(env, runKernel, "run"));
  exports.Set("inspect", Napi::Function::New(env, inspect, "inspect"));
  exports.Set("createMemory", Napi::Function::New(env, createMemory, "createMemory"));
  exports.Set("mapMemory", Napi::Function::New(env, mapMemory, "mapMemory"));
  DeviceBuffer::init(env, exports);
  return exports;
}

}  // namespace
}  // namespace ir::binding

static Napi::Object irInit(Napi::Env env, Napi::Object exports) { return ir::binding::init(env, exports); }
NODE_API_MODULE(ir_native, irInit)
