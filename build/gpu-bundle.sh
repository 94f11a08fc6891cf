#!/bin/sh
# Builds the native part over the PyTorch or libtorch of this machine, runs tests, benchmarks and the quickstart, and prints
# a table. Needs a C++ compiler, and nothing of .NET.
#   sh run.sh [STEP...]    steps: doctor gpu-tests cpu-tests conformance bench quickstart; all of them without any
# BENCH_ARGS in the environment is passed on to the benchmark: "--only attention --rounds 1".
# LIBTORCH=FOLDER chooses a libtorch; else it is the PyTorch with CUDA of the active Python, else the system's.
# Exit code 0 if nothing failed. Everything that the steps print is in logs/, the table in results.txt.
set -u
cd "$(dirname "$0")" || exit 1
export HOME="${HOME:-$PWD}" XDG_CACHE_HOME="$PWD/cache" DOTNET_BUNDLE_EXTRACT_BASE_DIR="$PWD/cache"
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
steps=${*:-doctor gpu-tests cpu-tests conformance bench quickstart}
mkdir -p logs
rm -f logs/doctor
rows=
failed=0

# row WHAT RESULT SECONDS
row() {
  rows="$rows$(printf '%-34s %-44s %6s' "$1" "$2" "$3")
"
}

# step NAME COMMAND...: runs it with its output in logs/NAME; sets `code`, `last` (the last line) and `seconds`.
step() {
  name=$1
  shift
  echo "== $name"
  began=$(date +%s)
  "$@" >"logs/$name" 2>&1
  code=$?
  seconds=$(($(date +%s) - began))
  last=$(tail -n 1 "logs/$name")
  if [ "$code" -ne 0 ]; then tail -n 30 "logs/$name"; fi
}

fail() {
  failed=1
  row "$1" "FAILED ($2), see logs/$name" "$seconds"
}

tests() {
  what=$1
  shift
  step "$what" bin/RewardKit.Tests.Runner "$@" bin/RewardKit.TorchSharp.Tests.dll bin/RewardKit.Torch.Tests.dll
  if [ "$code" -ne 0 ]; then fail "$what" "$last"; else row "$what" "$last" "$seconds"; fi
}

finish() {
  {
    echo "RewardKit, $(date -u '+%Y-%m-%d %H:%M UTC'), $(uname -m), $(getconf _NPROCESSORS_ONLN) processors"
    [ ! -e logs/doctor ] || grep -E '^(libtorch|BLAS|GPU|driver|processor|\.NET|attention)' logs/doctor
    echo
    printf '%-34s %-44s %6s\n' what result s
    printf '%s' "$rows"
  } | tee results.txt
  exit "$failed"
}

step native-part sh native/build.sh build
if [ "$code" -ne 0 ]; then
  fail native-part "exit code $code"
  finish
fi
row native-part "built: $last" "$seconds"
export REWARDKIT_TORCH_LIBRARY="$PWD/build/$last/libRewardKitTorch.so"

# Whether there is a GPU decides where the benchmark runs.
step doctor bin/rewardkit doctor
case $code in
  0) row doctor "well" "$seconds" ;;
  *) fail doctor "something is broken" ;;
esac
device=cpu
if grep -q '^computed *cuda' logs/doctor; then device=cuda; fi

for wanted in $steps; do
  case $wanted in
    doctor) ;;
    gpu-tests) tests gpu-tests --filter '\(CUDA\)' ;;
    cpu-tests) tests cpu-tests --not '\(CUDA\)' ;;
    conformance)
      for folder in plugins/*; do
        step "conformance-$(basename "$folder")" bin/rewardkit conformance "$folder"
        if [ "$code" -ne 0 ]; then fail "$name" "exit code $code"; else row "$name" "$last" "$seconds"; fi
      done ;;
    bench)
      if [ ! -e bin/RewardKit.Benchmarks.Torch ]; then
        row bench "skipped: not in this bundle" 0
        continue
      fi
      # shellcheck disable=SC2086 # the arguments are words
      step bench bin/RewardKit.Benchmarks.Torch --device $device ${BENCH_ARGS:-}
      case $code in
        0)
          row "bench on $device" "done; ratios to Python, less is better" "$seconds"
          while read -r word name ratio target limit; do
            [ "$word" = ratio ] && row "  $name" "$ratio ($target $limit)" ""
          done <logs/bench ;;
        2) row bench "skipped: $last" "$seconds" ;;
        *) fail bench "exit code $code" ;;
      esac ;;
    quickstart)
      step quickstart bin/rewardkit run scripts/quickstart.fsx
      if [ "$code" -ne 0 ]; then fail quickstart "exit code $code"; else row quickstart "passed" "$seconds"; fi ;;
    *)
      echo "Unknown step $wanted. Steps: doctor gpu-tests cpu-tests conformance bench quickstart" >&2
      exit 2 ;;
  esac
done
finish
