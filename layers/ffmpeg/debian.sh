# What build.sh takes from Debian: tools, sources and another architecture's libraries.
# shellcheck shell=bash disable=SC2154

keyrings=/usr/share/keyrings

installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" || true) == installed ]]; }

# Debian's archives that this machine uses, as lines "URI label"; apt knows them in any format.
debian_archives() {
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    awk -F'|' '$1 == "Debian" && $3 !~ /^cdrom:/ { print $3, $2 }' | sort -u
}

install_packages() {
  local missing=() package
  for package in "${tools[@]}"; do
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

# An apt of our own, for the target's architecture: the machine's lists, settings and architectures
# stay as they are, and what is not signed by Debian's keys is refused whatever its settings say.
private_apt() {
  apt-get -o "Dir::Etc::SourceList=$work/apt/sources.list" -o Dir::Etc::SourceParts=- \
    -o Dir::Etc::Preferences=- -o Dir::Etc::PreferencesParts=- \
    -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache" \
    -o "Dir::State::status=$work/apt/status" \
    -o "APT::Architecture=$target" -o "APT::Architectures=$target" \
    -o Acquire::AllowInsecureRepositories=false -o Acquire::AllowWeakRepositories=false \
    -o Acquire::AllowDowngradeToInsecureRepositories=false \
    -o APT::Get::AllowUnauthenticated=false "$@"
}

# Leaves the lists of one release to private_apt.
fetch_lists() { # release, deb or deb-src or both
  local uri label suite suites kind
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
  touch "$work/apt/status"
  debian_archives | while read -r uri label; do
    case $label in
      Debian) suites="$1 $1-updates" ;;
      Debian-Security) suites=$1-security ;;
      *) continue ;;
    esac
    for suite in $suites; do
      for kind in "${@:2}"; do
        echo "$kind [lang=none signed-by=$keyrings/debian-archive-keyring.gpg] $uri $suite main"
      done
    done
  done >"$work/apt/sources.list"
  [[ -s $work/apt/sources.list ]] || fail "apt on this machine has no Debian archive to use."
  cat "$work/apt/sources.list"
  private_apt update --error-on=any ||
    fail "The lists of Debian $1 cannot be fetched, or are not signed by Debian."
}

fetch_sources() { # names
  mkdir -p "$work/sources"
  cd "$work/sources"
  stage "fetching Debian's sources of $*"
  private_apt source "$@" || fail "Debian's sources of $* cannot be fetched."
}

# The cross compiler has libraries of C and C++ too, but without the security team's corrections.
# Its headers of them stay, since they are searched first.
fetch_libraries() {
  local deb leave_out
  mkdir -p "$root" "$work/debs"
  cd "$work/debs"
  stage "fetching Debian's libraries for $target"
  # The last one has what libstdc++'s copyright file links to.
  private_apt download "${libraries[@]}" "gcc-$version-base" ||
    fail "Debian's libraries for $target cannot be fetched."
  for deb in *.deb; do
    leave_out=()
    [[ $deb != libc6-dev_* && $deb != libstdc++-* ]] || leave_out=(--exclude=./usr/include)
    dpkg-deb --fsys-tarfile "$deb" | tar -xC "$root" "${leave_out[@]}"
  done
  sed -i "s|^prefix=/usr$|prefix=$root/usr|" "$root/usr/lib/$triplet/pkgconfig"/*.pc
}
