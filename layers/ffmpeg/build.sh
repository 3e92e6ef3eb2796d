#!/usr/bin/env bash
# Builds the layer's static ffmpeg and ffprobe on Debian, from signature-checked sources.
#
#   build.sh x86_64|arm64 LAYER WORK
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
keyrings=/usr/share/keyrings
packages=(build-essential meson nasm pkgconf libx264-dev libzimg-dev zlib1g-dev)
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

check_architecture() {
  local machine
  machine=$(dpkg --print-architecture)
  case $machine/$architecture in
    amd64/x86_64 | arm64/arm64) ;;
    *) fail "This machine is $machine and cannot build the FFmpeg layer for $architecture." ;;
  esac
}

installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" || true) == installed ]]; }

# Debian's archives that this machine uses, as lines "URI label"; apt knows them in any format.
debian_archives() {
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    awk -F'|' '$1 == "Debian" && $3 !~ /^cdrom:/ { print $3, $2 }' | sort -u
}

install_packages() {
  local missing=() package
  for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
  done
  # Debian 12 learned of Debian 13's keys in a point release.
  [[ -e $keyrings/debian-archive-$release-stable.gpg ]] || missing+=(debian-archive-keyring)
  if ((${#missing[@]})) && ((EUID)); then
    fail "FFmpeg's build needs root, to install ${missing[*]}."
  fi
  if ((${#missing[@]})) || { ((!EUID)) && [[ -z $(debian_archives) ]]; }; then
    stage "installing ${missing[*]:-the package lists}"
    apt-get update || echo "apt-get update failed; going on with the lists there are"
  fi
  if ((${#missing[@]})); then
    apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" ||
      fail "apt cannot install ${missing[*]}."
  fi
}

# Debian's sources come through an apt of our own: the machine's lists and settings stay as they
# are, and what is not signed by Debian's keys is refused whatever the machine's settings say.
private_apt=(
  -o "Dir::Etc::SourceList=$work/apt/sources.list" -o Dir::Etc::SourceParts=-
  -o Dir::Etc::Preferences=- -o Dir::Etc::PreferencesParts=-
  -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache"
  -o Acquire::AllowInsecureRepositories=false -o Acquire::AllowWeakRepositories=false
  -o Acquire::AllowDowngradeToInsecureRepositories=false
  -o APT::Get::AllowUnauthenticated=false
)

fetch_sources() {
  local uri label suite suites
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/sources"
  debian_archives | while read -r uri label; do
    case $label in
      Debian) suites="$release $release-updates" ;;
      Debian-Security) suites=$release-security ;;
      *) continue ;;
    esac
    for suite in $suites; do
      echo "deb-src [signed-by=$keyrings/debian-archive-keyring.gpg] $uri $suite main"
    done
  done >"$work/apt/sources.list"
  [[ -s $work/apt/sources.list ]] || fail "apt on this machine has no Debian archive to use."
  cat "$work/apt/sources.list"
  cd "$work/sources"
  stage "fetching Debian's sources of FFmpeg and dav1d"
  apt-get "${private_apt[@]}" update --error-on=any ||
    fail "Debian $release's list of sources cannot be fetched, or is not signed by Debian."
  apt-get "${private_apt[@]}" source ffmpeg dav1d ||
    fail "Debian $release's sources of FFmpeg and dav1d cannot be fetched."
}

build_dav1d() {
  stage "building dav1d"
  meson setup "$work/dav1d" "$(echo "$work"/sources/dav1d-*/)" --wrap-mode=nodownload \
    --prefix="$work/prefix" --libdir=lib --buildtype=release --default-library=static \
    -Denable_tools=false -Denable_tests=false "-Dc_args=$hardening"
  ninja -C "$work/dav1d" install
}

build_ffmpeg() {
  local enabled
  mapfile -t enabled < <(awk '!/^#/ { for (i = 2; i <= NF; i++) print "--enable-" $1 "=" $i }' \
    "$here/components")
  cd "$work"/sources/ffmpeg-*/
  stage "configuring FFmpeg"
  # Built where its source lies and with no path among its options, since FFmpeg writes both into
  # its programs, which must be the same wherever they are built.
  # libzimg.pc does not name the libm that a static link needs.
  export PKG_CONFIG_LIBDIR
  PKG_CONFIG_LIBDIR=$work/prefix/lib/pkgconfig:/usr/lib/$(gcc -print-multiarch)/pkgconfig
  ./configure --prefix=/opt --disable-all --disable-autodetect \
    --disable-network --disable-iconv --disable-debug --enable-gpl --enable-ffmpeg \
    --enable-ffprobe --enable-avcodec --enable-avformat --enable-avfilter --enable-swscale \
    --enable-swresample --enable-zlib --enable-libx264 --enable-libdav1d --enable-libzimg \
    --enable-pic "--extra-cflags=-fPIE $hardening" --pkg-config-flags=--static \
    --extra-ldexeflags="-static-pie -Wl,-z,relro,-z,now" --extra-libs=-lm "${enabled[@]}" ||
    { cat ffbuild/config.log; exit 1; }
  stage "compiling FFmpeg"
  make -j"$(nproc)" ffmpeg ffprobe
  install -D -m 755 -t "$layer/bin" ffmpeg ffprobe
}

sha256() { sha256sum "$1" | cut -d' ' -f1; }

source_entry() { # name, version, file
  printf '    "%s": {"file": "%s", "sha256": "%s", "version": "%s"}' \
    "$1" "${3##*/}" "$(sha256 "$3")" "$2"
}

library_entry() { # name, package, archive
  source_entry "$1" "$(dpkg-query -W -f '${Version}' "$2")" "$(gcc -print-file-name="$3")"
}

debian_source_entry() { # name
  local dsc
  dsc=$(echo "$work/sources/$1"_*.dsc)
  source_entry "$1" "$(sed -n 's/^Version: //p' "$dsc")" "$dsc"
}

describe() {
  cat >"$notices/build-info.json" <<EOF
{
  "architecture": "$architecture",
  "binaries": {
    "bin/ffmpeg": "$(sha256 "$layer/bin/ffmpeg")",
    "bin/ffprobe": "$(sha256 "$layer/bin/ffprobe")"
  },
  "compiler": "$(gcc --version | head -1)",
  "sources": {
$(debian_source_entry ffmpeg),
$(debian_source_entry dav1d),
$(library_entry x264 libx264-dev libx264.a),
$(library_entry zimg libzimg-dev libzimg.a),
$(library_entry zlib zlib1g-dev libz.a),
$(library_entry glibc libc6-dev libc.a),
$(library_entry libstdc++ "$stdcxx" libstdc++.a)
  }
}
EOF
}

copy_licences() {
  local package
  mkdir -p "$notices/licences"
  cp "$here/NOTICE" "$notices/"
  cp "$work"/sources/ffmpeg-*/COPYING.GPLv2 "$notices/licences/GPL-2"
  cp "$work"/sources/ffmpeg-*/debian/copyright "$notices/licences/ffmpeg"
  cp "$work"/sources/dav1d-*/debian/copyright "$notices/licences/dav1d"
  for package in libx264-dev libzimg-dev zlib1g-dev libc6-dev "$stdcxx"; do
    cp "/usr/share/doc/$package/copyright" "$notices/licences/$package"
  done
}

check_architecture
install_packages
fetch_sources
build_dav1d
build_ffmpeg
stdcxx=libstdc++-$(gcc -dumpversion | cut -d. -f1)-dev
mkdir -p "$notices"
describe
copy_licences
