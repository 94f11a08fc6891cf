#!/bin/sh
# Builds libRewardKitTorch.so over a libtorch of this machine; needs a C++ compiler and a POSIX shell.
#   build.sh FOLDER   builds FOLDER/<name>/libRewardKitTorch.so and prints the name, such as 2.11.0-cu130
#   build.sh --user   builds it for all programs of this user that are of this RewardKit's version, and says where
#   build.sh --find   prints the name and the libtorch's folder, and builds nothing
# Which libtorch: LIBTORCH (a folder with include/ and lib/: an unpacked libtorch, or site-packages/torch); else a PyTorch
# with CUDA in the active Python; else the system's; else a PyTorch without CUDA.
# Exit codes: 0 done, 1 the build failed, 2 a libtorch that cannot be used, 3 no libtorch found.
set -eu
source=$(cd "$(dirname "$0")" && pwd)
CXX=${CXX:-g++}

fail() {
  code=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$code"
}

# ---- which libtorch

# The folder of the active Python's PyTorch, if it comes with headers, and the CUDA version it was built for. PyTorch is
# not imported: that takes seconds.
python_torch() {
  for python in python3 python; do
    "$python" - 2>/dev/null <<'PY' && return
import importlib.util, os, sys
spec = importlib.util.find_spec("torch")
if spec is None or spec.origin is None: sys.exit(1)
folder = os.path.dirname(spec.origin)
if not os.path.exists(os.path.join(folder, "include", "ATen", "ATen.h")): sys.exit(1)
facts = {}
exec(open(os.path.join(folder, "version.py")).read(), facts)
print(folder)
print(facts.get("cuda") or "")
PY
  done
  return 0
}

if [ -n "${LIBTORCH:-}" ]; then
  torch=$LIBTORCH
  [ -e "$torch/include/ATen/ATen.h" ] || fail 2 \
    "LIBTORCH is $torch, but there is no include/ATen/ATen.h below it. Point LIBTORCH at an unpacked libtorch, or at" \
    "site-packages/torch of a PyTorch, or unset it."
else
  found=$(python_torch)
  python_folder=$(printf '%s\n' "$found" | sed -n 1p)
  python_cuda=$(printf '%s\n' "$found" | sed -n 2p)
  if [ -n "$python_cuda" ]; then torch=$python_folder
  elif [ -e /usr/include/ATen/ATen.h ]; then torch=/usr
  elif [ -n "$python_folder" ]; then torch=$python_folder
  else
    fail 3 "No libtorch found. Install PyTorch in the active Python, or unpack libtorch and set LIBTORCH to its folder."
  fi
fi
torch=$(cd "$torch" && pwd)
include=$torch/include
lib=
for folder in "$torch/lib" "$torch/lib/$($CXX -print-multiarch 2>/dev/null || true)" "$torch/lib/$(uname -m)-linux-gnu"; do
  if [ -e "$folder/libtorch_cpu.so" ]; then lib=$folder && break; fi
done
[ -n "$lib" ] || fail 2 "There are libtorch's headers in $include, but no libtorch_cpu.so in $torch/lib. Install the whole of it."

# Newer releases keep the numbers in a header that the other one includes.
header=$include/torch/headeronly/version.h
[ -e "$header" ] || header=$include/torch/csrc/api/include/torch/version.h
number() { sed -n "s/^#define TORCH_VERSION_$1 \([0-9]*\).*/\1/p" "$header"; }
major=$(number MAJOR)
minor=$(number MINOR)
version=$major.$minor.$(number PATCH)
torch_number=$((major * 100 + minor))
[ "$torch_number" -ge 113 ] || fail 2 \
  "The libtorch in $torch is $version. RewardKit needs 1.13 or newer: set LIBTORCH to the folder of one, or upgrade this one."

# A build for CUDA says for which one: in the local part of its version, or in PyTorch's version.py.
flavour=cpu
if [ -e "$lib/libtorch_cuda.so" ]; then
  flavour=$(cat "$torch/version.py" "$torch/build-version" 2>/dev/null | sed -n 's/.*+\(cu[0-9]*\).*/\1/p' | head -n 1)
  [ -n "$flavour" ] || flavour=cu$(sed -n "s/^cuda.*'\([0-9]*\)\.\([0-9]*\).*/\1\2/p" "$torch/version.py" 2>/dev/null || true)
  [ "$flavour" != cu ] || flavour=cuda
fi
name=$version-$flavour

user=
case ${1:-} in
  --find) printf '%s\n%s\n' "$name" "$torch"; exit 0 ;;
  # By the interface, so that different versions of RewardKit get along.
  --user) user=${XDG_DATA_HOME:-$HOME/.local/share}/rewardkit/native/$(sh "$source/interface.sh") && set -- "$user" ;;
  '' | -*) fail 2 "Usage: build.sh FOLDER | --user | --find" ;;
esac

# ---- the build: a few units, each made again only when something that it depends on has changed

command -v "$CXX" >/dev/null || fail 2 "$CXX is needed to build the native part. Type: sudo apt-get install -y g++"
mkdir -p "$1/$name/build"
out=$(cd "$1/$name" && pwd)
build=$out/build
library=$out/libRewardKitTorch.so

standard=c++17
[ "$torch_number" -lt 209 ] || standard=c++20
# PyTorch wheels before 2.6 used the old std::string.
abi=0
if grep -q __cxx11 "$lib/libc10.so"; then abi=1; fi
# No path of these folders in the library: its content is part of the key under which finished runs are found again.
flags="-std=$standard -O3 -DNDEBUG -fPIC -fvisibility=hidden -fopenmp -Wall -Wno-unused-function"
flags="$flags -D_GLIBCXX_USE_CXX11_ABI=$abi -DRK_TORCH_VERSION=$torch_number -DRK_TORCH_VERSION_TEXT=\"$version\""
# The kernels are compiled once per instruction set and chosen when the library runs (kernels_base.cpp). They include
# nothing of libtorch, so that no inline function of it is compiled with flags that this processor may lack.
kernel="-Wno-psabi -ffp-contract=fast -fno-math-errno"
avx2=
avx512=
case $(uname -m) in
  x86_64)
    avx2="-mavx2 -mfma"
    avx512="-mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma -mprefer-vector-width=512" ;;
esac
# The compiler looks in /usr/include by itself, and must find its own headers before those.
includes=
[ "$include" = /usr/include ] || includes=-isystem$include
# CUDA graphs need CUDA's headers; all else does without. PyTorch's wheels have them beside torch, in folders of nvidia's.
# Which of them libtorch's header wants differs, so it is tried.
if [ -e "$lib/libc10_cuda.so" ]; then
  for folder in ${CUDA_HOME:+"$CUDA_HOME/include"} "$torch"/../nvidia/cu[0-9]*/include "$torch/../nvidia/cuda_runtime/include" \
    /usr/local/cuda/include /usr/include; do
    [ -e "$folder/cuda_runtime_api.h" ] || continue
    cuda=
    [ "$folder" = /usr/include ] || cuda=-isystem$folder
    # shellcheck disable=SC2086 # the flags are words
    if echo '#include <ATen/cuda/CUDAGraph.h>' | $CXX -std=$standard -D_GLIBCXX_USE_CXX11_ABI=$abi ${includes:+"$includes"} $cuda \
      -fsyntax-only -x c++ - 2>/dev/null; then
      flags="$flags -DRK_CUDA=1 $cuda"
      break
    fi
  done
fi
# Data-parallel training needs a libtorch with c10d, and the headers of Gloo (CPU) or NCCL (CUDA) that c10d's include. What
# is missing is refused when it is used.
compiles() {
  # shellcheck disable=SC2086 # the flags are words
  printf '%s\n' "$@" | $CXX $flags ${includes:+"$includes"} "-isystem$include/torch/csrc/api/include" -fsyntax-only -x c++ - 2>/dev/null
}
if grep -q c10d8TCPStore "$lib/libtorch_cpu.so" && compiles '#include <torch/csrc/distributed/c10d/TCPStore.hpp>'; then
  flags="$flags -DRK_C10D=1"
  if grep -q c10d16ProcessGroupGloo "$lib/libtorch_cpu.so" &&
    compiles '#define USE_C10D_GLOO' '#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>'; then
    flags="$flags -DRK_GLOO=1"
  fi
  if [ -e "$lib/libtorch_cuda.so" ] && grep -q c10d16ProcessGroupNCCL "$lib/libtorch_cuda.so"; then
    for folder in ${CUDA_HOME:+"$CUDA_HOME/include"} "$torch/../nvidia/nccl/include" /usr/local/cuda/include /usr/include; do
      [ -e "$folder/nccl.h" ] || continue
      without=$flags
      [ "$folder" = /usr/include ] || flags="$flags -isystem$folder"
      if compiles '#define USE_C10D_NCCL' '#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>'; then
        flags="$flags -DRK_NCCL=1"
        break
      fi
      flags=$without
    done
  fi
fi
# The same path may come to hold another libtorch.
libtorch=$(stat -L -c '%s %Y' "$lib/libtorch_cpu.so")

# unit NAME "FLAGS" FILE...: compiles the files as one, in the background, to NAME.o.
units=
unit() {
  unit=$1
  extra=$2
  shift 2
  units="$units $unit"
  {
    echo "// $flags $extra $torch $libtorch"
    printf '#include "%s"\n' "$@"
  } >"$build/$unit.new"
  if [ -e "$build/$unit.o" ] && cmp -s "$build/$unit.new" "$build/$unit.unit.cpp" &&
    [ -z "$(find "$@" ./*.h -newer "$build/$unit.o")" ]; then return; fi
  mv "$build/$unit.new" "$build/$unit.unit.cpp"
  rm -f "$build/$unit.o"
  # shellcheck disable=SC2086 # the flags are words
  $CXX $flags $extra "-ffile-prefix-map=$source=native" "-ffile-prefix-map=$build=build" -iquote "$source" \
    ${includes:+"$includes"} "-isystem$include/torch/csrc/api/include" -c "$build/$unit.unit.cpp" -o "$build/$unit.o" \
    >"$build/$unit.log" 2>&1 &
}

cd "$source"
# libtorch's headers take most of the compiler's time: two units that include them once each, one for the operators of
# our own, one for the rest, build in half the time of a unit per file.
# shellcheck disable=SC2046 # the sources' names are words
{
  unit shim "" $(grep -L TORCH_LIBRARY *.cpp | grep -v '^kernels_\|^interface')
  unit operators "" $(grep -l TORCH_LIBRARY *.cpp)
}
unit kernels_base "$kernel" kernels_base.cpp
unit kernels_avx2 "$kernel $avx2" kernels_avx2.cpp
unit kernels_avx512 "$kernel $avx512" kernels_avx512.cpp
unit interface "-DRK_INTERFACE=\"$(sh interface.sh)\"" interface.cpp
wait

for unit in $units; do
  [ ! -s "$build/$unit.log" ] || cat "$build/$unit.log" >&2
  [ -e "$build/$unit.o" ] || fail 1 "The native part's unit $unit did not compile against libtorch $version in $torch; see above."
done

# libtorch_cuda registers its kernels when it is loaded; nothing in the shim names a symbol of it. All symbols are bound at
# load (-z now): one that the libtorch found then lacks makes loading fail, instead of ending the process later.
set -- "$lib/libtorch_cpu.so" "$lib/libc10.so"
for extra in torch_cuda c10_cuda; do
  if [ -e "$lib/lib$extra.so" ]; then set -- "$@" "$lib/lib$extra.so"; fi
done
# PyTorch's wheels bring an OpenMP of their own; a second one in the process would have other threads and settings.
openmp=-lgomp
for extra in "$lib"/libgomp*.so*; do
  if [ -e "$extra" ]; then openmp=$extra; fi
done
(
  cd "$build"
  # shellcheck disable=SC2086 # the objects' names are words
  $CXX -shared -o "$library.new" $(printf '%s.o ' $units) "-Wl,-rpath,$lib" \
    -Wl,--disable-new-dtags -Wl,--no-as-needed -Wl,-z,now "$@" "$openmp"
) || fail 1 "The native part could not be linked against libtorch $version in $lib; see above."
mv "$library.new" "$library"
echo "$torch" >"$out/libtorch.txt"
if [ -n "$user" ]; then
  rm -f "$user/current"
  ln -s "$name" "$user/current"
  echo "Built over the libtorch in $torch: $user/current"
else
  echo "$name"
fi
