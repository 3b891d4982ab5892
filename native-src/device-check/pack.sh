#!/usr/bin/env bash
# pack.sh OUT BUILD: OUT/kit.tar.xz and OUT/check.sh, all that a machine with a CUDA device but without Node, packages or network needs to run the checks
# there. BUILD is a cmake build of native-src with IR_TESTS and IR_BENCH; the addon and the packages are built, too (npm run build).
set -euo pipefail
out=$(realpath "${1:?expected a folder for the kit}")
build=$(realpath "${2:?expected a build of native-src}")
cd "$(dirname "$0")/../.."
mkdir -p "$out"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage"/{bin,packages/native/build/Release,node_modules/@jest/globals}
for f in ir_tests ir_device_bench; do strip -o "$stage/bin/$f" "$build/$f"; done
strip -o "$stage/packages/native/build/Release/ir_native.node" packages/native/build/Release/ir_native.node
cp -r packages/native/{package.json,dist,test-support} "$stage/packages/native/"
rm -f "$stage"/packages/native/dist/*.{map,d.ts} "$stage"/packages/native/dist/.tsbuildinfo
cp native-src/device-check/calibrate.mjs "$stage/"
cp native-src/device-check/jest-globals.mjs "$stage/node_modules/@jest/globals/index.mjs"
echo '{"name":"@jest/globals","version":"0.0.0","exports":"./index.mjs"}' > "$stage/node_modules/@jest/globals/package.json"
node native-src/device-check/stage-tests.mjs "$stage"
strip -o "$stage/bin/node" "$(readlink -f "$(command -v node)")"
tar -C "$stage" -c . | xz -9e -T2 > "$out/kit.tar.xz"
cp native-src/device-check/check.sh "$out/"
ls -l "$out"
