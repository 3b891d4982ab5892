#!/usr/bin/env bash
# check.sh OUT [KIT]: every check that needs a CUDA device, with what pack.sh made, beside it. Logs and tables go to OUT, the kit is unpacked to KIT.
# Needs bash, tar with xz and the driver; uses compute-sanitizer and ncu where they are. No step stops the others. About two minutes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?expected a folder for the results}
kit=${2:-$(mktemp -d)}
mkdir -p "$kit" "$out"
rm -f "$out/failed"
export PATH=$PATH:/usr/local/cuda/bin LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}/usr/local/nvidia/lib64
now() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
begun=$(now)

# step NAME LIMIT LOG COMMAND...: appends to the log, prints exit status and seconds (124: out of time)
step() {  # a step that failed is noted: its name in OUT/failed, and the script exits 1
  local name=$1 limit=$2 log=$out/$3 start rc
  shift 3
  start=$(now)
  { echo "== $name: $*"; timeout -k 5 "$limit" "$@"; rc=$?; echo "== $name: exit $rc"; } >>"$log" 2>&1
  printf '%-22s exit %-3s %6.1f s\n' "$name" "$rc" "$(($(now) - start))e-3"
  [ "$rc" = 0 ] || echo "$name" >>"$out/failed"
}
tool() { command -v "$1" || ls /usr/local/cuda*/bin/"$1" /usr/local/cuda*/"$1"/"$1" /opt/nvidia/*/*/"$1" 2>/dev/null | head -1; }

tar -C "$kit" -xJf "$here/kit.tar.xz"
nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.sm,clocks.max.sm,clocks.max.mem,power.limit --format=csv,noheader 2>&1 | head -3
echo "unpacked after $(($(now) - begun)) ms; $(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2)"
node=$kit/bin/node tests=$kit/bin/ir_tests bench=$kit/bin/ir_device_bench native=$kit/packages/native
sanitizer=$(tool compute-sanitizer) ncu=$(tool ncu)
export NODE_NO_WARNINGS=1

# right or wrong: side by side, for nothing is timed. Filters hold no commas: doctest parts them there.
quick='*blur across tiles*,*blur in place*,*resampling across tiles*,*normals of every length*,*over its own input*,*squared error*,*other windows*,*NIQE*,*chain of kernels*,*whole pictures and tiles*'
shared='*blur across tiles*,*resampling across tiles*,*other windows*,*NIQE*'
parity=("$tests" --no-version '--source-file=*cuda_parity_test.cpp')
if [ -n "$sanitizer" ]; then
  step memcheck 45 memcheck.log env IR_NATIVE_DEVICE_CACHE=0 "$sanitizer" --tool memcheck --leak-check full --error-exitcode 9 "${parity[@]}" "--test-case=$quick" &
  { step racecheck 30 racecheck.log env IR_NATIVE_DEVICE_CACHE=0 "$sanitizer" --tool racecheck --error-exitcode 9 "${parity[@]}" "--test-case=$shared"
    step initcheck 15 racecheck.log env IR_NATIVE_DEVICE_CACHE=0 "$sanitizer" --tool initcheck --error-exitcode 9 "${parity[@]}" "--test-case=$shared"; } &
else
  echo "no compute-sanitizer on this machine" | tee "$out/memcheck.log"
fi
step 'C++ tests' 60 ctest.log "$tests" --no-version --duration=true
runner=("$node" --test --test-reporter=spec --test-concurrency=4)
step 'JS tests' 40 js.log "${runner[@]}" "$native"/dist/{cuda,run,options,calibration}.test.js
step 'JS kernels on cuda' 40 js.log env IR_NATIVE_BACKEND=cuda "${runner[@]}" "$native/dist/kernels.test.js"
wait

# how fast: alone
step bench 40 device.txt "$bench" ''
step 'bench, no cache' 30 device-no-cache.txt env IR_NATIVE_DEVICE_CACHE=0 "$bench" '' 5
step calibrate 25 js.log "$node" "$kit/calibrate.mjs" "$out/calibration.json"
# each kernel once, without what surrounds it: its duration, memory traffic and use of the device
metrics=gpu__time_duration.sum,dram__bytes_read.sum,dram__bytes_write.sum,sm__throughput.avg.pct_of_peak_sustained_elapsed
metrics+=,gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed,sm__warps_active.avg.pct_of_peak_sustained_active,launch__registers_per_thread
[ -n "$ncu" ] && step ncu 30 ncu.csv "$ncu" --csv --page raw --clock-control none --metrics "$metrics" "$bench" '' 0

echo "---- summary, after $(($(now) - begun)) ms"
grep -hE 'SKIPPED|test cases:|assertions:' "$out/ctest.log"
grep -hE 'ERROR SUMMARY|LEAK SUMMARY|RACECHECK SUMMARY|Error:|test cases:' "$out"/memcheck.log "$out"/racecheck.log 2>/dev/null | sort | uniq -c | head -12
grep -hE '^. (tests|pass|fail|skipped) ' "$out/js.log" | paste -sd' '
grep -hE '✖' "$out/js.log" | sort -u | head -20
grep -hE '^[^|]*ERROR: ' "$out/ctest.log" | sort | uniq -c | sort -rn | head -10
for f in "$out"/calibration*.json; do [ -f "$f" ] && { echo "$f:"; cat "$f"; }; done
cat "$out/device.txt"
[ ! -e "$out/failed" ] || { echo "failed: $(paste -sd, "$out/failed")"; exit 1; }
