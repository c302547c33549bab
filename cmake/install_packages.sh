#!/bin/bash
# Installs the Debian packages of the given groups (cmake/packages.txt) that are missing.
#   cmake/install_packages.sh build [check]
# As root, or through a sudo that needs no password. Asks for nothing, and says nothing when nothing
# is missing.
set -euo pipefail

list=$(dirname "$0")/packages.txt
(($# > 0)) || { echo "usage: $0 GROUP... (groups of $list)" >&2; exit 2; }

wanted=()
for group in "$@"; do
  mapfile -t -O "${#wanted[@]}" wanted < <(awk -v group="$group" '$1 == group {print $2}' "$list")
done
((${#wanted[@]} > 0)) || { echo "$list has no group '$*'" >&2; exit 2; }

if ! command -v dpkg-query >/dev/null; then
  echo "This is not a Debian system. Install what corresponds to: ${wanted[*]}" >&2
  echo "Then use CMake directly: cmake --preset release && cmake --build --preset release" >&2
  exit 1
fi

missing=()
installed=$(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' |
            awk '$2 == "installed" {print $1}')
for package in "${wanted[@]}"; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
((${#missing[@]} > 0)) || exit 0

as_root=()
if ((EUID != 0)); then
  if ! sudo -n true 2>/dev/null; then
    echo "Debian packages are missing, and this is neither root nor able to sudo unasked." >&2
    echo "Run this as root, then try again:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi

echo "Installing ${#missing[@]} missing Debian packages (reasons: $list):"
printf '  %s\n' "${missing[@]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
    -o Acquire::Retries=3 "$@" </dev/null >"$log" 2>&1
}
# An update may fail for a source that has nothing to do with us; the installation then decides.
apt update || { echo "apt-get update reported:"; tail -n 5 "$log"; } >&2
if ! apt install --yes --no-install-recommends "${missing[@]}"; then
  tail -n 20 "$log" >&2
  echo "apt-get could not install: ${missing[*]}" >&2
  exit 1
fi
echo "Installed."
