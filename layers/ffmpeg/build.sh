#!/usr/bin/env bash
# Builds the layer's static ffmpeg and ffprobe on Debian, from signature-checked sources.
#
#   build.sh x86_64|arm64 LAYER WORK
#
# A machine of either architecture builds for both: for the other one with Debian's cross compiler
# and that architecture's libraries, which are unpacked below WORK.
#
# LAYER and WORK are folders, made if absent. On standard output: a line per stage, or a last line
# "error: <sentence>"; on standard error: all that the tools say.
set -euo pipefail
shopt -s inherit_errexit
exec 3>&1 1>&2

architecture=$1
mkdir -p "$2" "$3"
layer=$(realpath "$2")
work=$(realpath "$3")
here=$(dirname "$(realpath "$0")")

release=trixie
tools=(build-essential meson pkgconf)
sources=(ffmpeg dav1d)
libraries=(libzimg-dev zlib1g-dev)
hardening="-fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2"
notices=$layer/share/ffmpeg-layer

# Only Debian's tools and libraries, whatever the caller has installed or exported.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CXXFLAGS CPPFLAGS LDFLAGS LIBRARY_PATH CPATH
unset C_INCLUDE_PATH CPLUS_INCLUDE_PATH PKG_CONFIG_PATH LD_LIBRARY_PATH
umask 022

stage() {
  echo "$*"
  echo "$*" >&3
}

fail() {
  stage "error: $*"
  exit 1
}

# shellcheck source=debian.sh
. "$here/debian.sh"

# What is needed to build for the target, which `target` and `processor` name in Debian's and in
# GNU's words, `assembly` by what FFmpeg calls its fast code; and `root`, the folder whose /usr has
# the target's libraries: empty for the machine's own. x264 for arm64 is compiled here, natively
# too, because Debian's archive of it is not position-independent.
choose_toolchain() {
  local machine
  machine=$(dpkg --print-architecture)
  case $machine/$architecture in
    amd64/x86_64 | arm64/x86_64)
      target=amd64 processor=x86_64 assembly=X86ASM tools+=(nasm) libraries+=(libx264-dev)
      ;;
    amd64/arm64 | arm64/arm64) target=arm64 processor=aarch64 assembly=NEON ;;
    *) fail "This machine is $machine and cannot build the FFmpeg layer for $architecture." ;;
  esac
  triplet=$processor-linux-gnu
  if [[ $machine == "$target" ]]; then
    root='' compiler=gcc tools+=("${libraries[@]}")
  else
    root=$work/root compiler=$triplet-gcc tools+=("g++-${triplet//_/-}")
  fi
}

build_dav1d() {
  local cross=()
  stage "building dav1d"
  if [[ $root ]]; then
    cross=(--cross-file "$work/meson.ini")
    cat >"$work/meson.ini" <<EOF
[binaries]
c = '$compiler'
ar = '$triplet-ar'
strip = '$triplet-strip'
[host_machine]
system = 'linux'
cpu_family = '$processor'
cpu = '$processor'
endian = 'little'
EOF
  fi
  meson setup "$work/dav1d" "$(echo "$work"/sources/dav1d-*/)" --wrap-mode=nodownload \
    --prefix="$work/prefix" --libdir=lib --buildtype=release --default-library=static \
    -Denable_tools=false -Denable_tests=false "-Dc_args=$hardening" "${cross[@]}"
  ninja -C "$work/dav1d" install
}

build_x264() {
  local cross=()
  [[ -z $root ]] || cross=("--host=$triplet" "--cross-prefix=$triplet-")
  cd "$work"/sources/x264-*/
  stage "building x264"
  ./configure --prefix="$work/prefix" --enable-static --enable-pic --disable-cli \
    --disable-opencl "--extra-cflags=$hardening" "${cross[@]}" || { cat config.log; exit 1; }
  make -j"$(nproc)" install-lib-static
}

build_ffmpeg() {
  local enabled folder cross=()
  mapfile -t enabled < <(awk '!/^#/ { for (i = 2; i <= NF; i++) print "--enable-" $1 "=" $i }' \
    "$here/components")
  cd "$work"/sources/ffmpeg-*/
  stage "configuring FFmpeg"
  # Built where its source lies and with no path of the machine's among its options, since FFmpeg
  # writes both into its programs, which must be the same wherever they are built.
  if [[ $root ]]; then
    # The compiler's own libraries would come before the root's without -B.
    folder=../../root
    cross=(--enable-cross-compile --target-os=linux "--arch=$processor" "--cross-prefix=$triplet-"
      --pkg-config=pkg-config "--extra-ldflags=--sysroot=$folder"
      "--extra-ldflags=-B$folder/usr/lib/$triplet -B$folder/usr/lib/gcc/$triplet/$version")
  fi
  # libzimg.pc does not name the libm that a static link needs.
  export PKG_CONFIG_LIBDIR
  PKG_CONFIG_LIBDIR=$work/prefix/lib/pkgconfig:$root/usr/lib/$triplet/pkgconfig
  ./configure --prefix=/opt --disable-all --disable-autodetect \
    --disable-network --disable-iconv --disable-debug --enable-gpl --enable-ffmpeg \
    --enable-ffprobe --enable-avcodec --enable-avformat --enable-avfilter --enable-swscale \
    --enable-swresample --enable-zlib --enable-libx264 --enable-libdav1d --enable-libzimg \
    --enable-pic "--extra-cflags=-fPIE $hardening" --pkg-config-flags=--static \
    --extra-ldexeflags="-static-pie -Wl,-z,relro,-z,now" --extra-libs=-lm "${cross[@]}" \
    "${enabled[@]}" ||
    { cat ffbuild/config.log; exit 1; }
  grep -x "HAVE_$assembly=yes" ffbuild/config.mak ||
    fail "FFmpeg's configure does not find $assembly, without which it is several times slower."
  stage "compiling FFmpeg"
  make -j"$(nproc)" ffmpeg ffprobe
  install -D -m 755 -t "$layer/bin" ffmpeg ffprobe
}

sha256() { sha256sum "$1" | cut -d' ' -f1; }

source_entry() { # name, version, file
  printf '    "%s": {"file": "%s", "sha256": "%s", "version": "%s"}\n' \
    "$1" "${3##*/}" "$(sha256 "$3")" "$2"
}

library_entry() { # name, package, archive
  local of_package
  if [[ $root ]]; then
    of_package=$(dpkg-deb --field "$work/debs/$2"_*.deb Version)
  else
    of_package=$(dpkg-query -W -f '${Version}' "$2")
  fi
  source_entry "$1" "$of_package" "$root/usr/lib/$3"
}

debian_source_entry() { # name
  local dsc
  dsc=$(echo "$work/sources/$1"_*.dsc)
  source_entry "$1" "$(sed -n 's/^Version: //p' "$dsc")" "$dsc"
}

source_entries() {
  local name
  for name in "${sources[@]}"; do
    debian_source_entry "$name"
  done
  [[ $architecture == arm64 ]] || library_entry x264 libx264-dev "$triplet/libx264.a"
  library_entry zimg libzimg-dev "$triplet/libzimg.a"
  library_entry zlib zlib1g-dev "$triplet/libz.a"
  library_entry glibc libc6-dev "$triplet/libc.a"
  library_entry libstdc++ "libstdc++-$version-dev" "gcc/$triplet/$version/libstdc++.a"
}

describe() {
  local entries
  entries=$(source_entries | sed '$!s/$/,/')
  cat >"$notices/build-info.json" <<EOF
{
  "architecture": "$architecture",
  "binaries": {
    "bin/ffmpeg": "$(sha256 "$layer/bin/ffmpeg")",
    "bin/ffprobe": "$(sha256 "$layer/bin/ffprobe")"
  },
  "compiler": "$("$compiler" --version | head -1)",
  "sources": {
$entries
  }
}
EOF
}

copy_licences() {
  local name package
  mkdir -p "$notices/licences"
  cp "$here/NOTICE" "$notices/"
  cp "$work"/sources/ffmpeg-*/COPYING.GPLv2 "$notices/licences/GPL-2"
  for name in "${sources[@]}"; do
    cp "$work/sources/$name"-*/debian/copyright "$notices/licences/$name"
  done
  for package in "${libraries[@]}"; do
    cp "$root/usr/share/doc/$package/copyright" "$notices/licences/$package"
  done
}

choose_toolchain
install_packages
version=$("$compiler" -dumpversion | cut -d. -f1)
libraries+=(libc6-dev "libstdc++-$version-dev")
fetch_lists "$release" deb-src
fetch_sources "${sources[@]}"
if [[ $architecture == arm64 || $root ]]; then
  fetch_lists "$(. /etc/os-release && echo "$VERSION_CODENAME")" deb deb-src
fi
if [[ $architecture == arm64 ]]; then
  sources+=(x264)
  fetch_sources x264
fi
[[ -z $root ]] || fetch_libraries
build_dav1d
[[ $architecture == x86_64 ]] || build_x264
build_ffmpeg
mkdir -p "$notices"
describe
copy_licences
