#!/bin/bash
# Installs the Debian packages that a target needs; silent and quick when they are all there.
#   tools/deps.sh build | demo | check | kafka | bench      (each holds the ones before it; kafka and bench stand alone)
#   tools/deps.sh --list GROUP                      only names them
set -eu

build=(gcc make libc6-dev cmake ninja-build pkg-config check python3
	libcjson-dev libfyaml-dev libmicrohttpd-dev libpcre2-dev librdkafka-dev libssl-dev libsystemd-dev
	libutf8proc-dev libxxhash-dev libzstd-dev zlib1g-dev)
demo=(kcat)
check=(clang libclang-rt-14-dev git jq openssl python3-jsonschema prometheus zstd)
kafka=(openjdk-17-jre-headless maven python3-venv)
bench=(python3-venv)

packages_of()
{
	case $1 in
	build) echo "${build[@]}" ;;
	demo)  echo "${build[@]}" "${demo[@]}" ;;
	check) echo "${build[@]}" "${demo[@]}" "${check[@]}" ;;
	kafka) echo "${kafka[@]}" ;;
	bench) echo "${bench[@]}" ;;
	*)     echo "tools/deps.sh: no group '$1'; groups: build, demo, check, kafka, bench" >&2; exit 64 ;;
	esac
}

is_installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_with()
{
	"$@" apt-get update -q
	"$@" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

if [ "${1:-}" = --list ]; then
	packages_of "${2:-check}"
	exit 0
fi
group=${1:-check}
packages=$(packages_of "$group")
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "no apt here; make sure that what these Debian packages hold is installed:" >&2
	echo "  $packages" >&2
	exit 0
fi
missing=()
for package in $packages; do
	is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "installing: ${missing[*]}"
if [ "$(id -u)" = 0 ]; then
	install_with
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
	install_with sudo
else
	echo "not root and no sudo; as root run:" >&2
	echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 77
fi
