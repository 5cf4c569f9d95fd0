#!/bin/bash
# What `make install` puts where, and how the installed programs were hardened. Prints TAP.
#   tests/install.sh BUILD
set -u
build=$1
temp=$(mktemp -d "${TMPDIR:-/tmp}/fundwatch-install.XXXXXX")
trap 'rm -rf "$temp"' EXIT
number=0 failed=0

result()   # result STATUS NAME [REASON]
{
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		failed=1
		echo "not ok $number - $2 # ${3:-}"
	fi
}

install_tree()
{
	DESTDIR=$temp cmake --install "$build" > "$temp/log" 2>&1
}

has_files()
{
	local path
	for path in usr/bin/fundwatch usr/bin/fundwatchd etc/fundwatch/fundwatchd.yaml usr/lib/systemd/system/fundwatchd.service usr/share/fundwatch/rules/policy/OP-CAP-001.yaml \
		usr/share/fundwatch/rules/tables/pools.csv usr/share/fundwatch/schema/alert.schema.json usr/share/doc/fundwatch/LICENSE usr/share/doc/fundwatch/images/diff-report.png \
		usr/share/fundwatch/grafana/dashboards/operations.json usr/share/fundwatch/grafana/provisioning/dashboards/fundwatch.yaml; do
		[ -f "$temp/$path" ] || { missing=$path; return 1; }
	done
}

keeps_configuration()
{
	echo "# the site's own" > "$temp/etc/fundwatch/fundwatchd.yaml"
	install_tree && [ "$(cat "$temp/etc/fundwatch/fundwatchd.yaml")" = "# the site's own" ]
}

is_hardened()   # is_hardened PROGRAM: position independent, read-only relocations bound at start, no executable stack, canaries, fortified calls
{
	local dynamic headers symbols
	dynamic=$(readelf -Wd "$1") headers=$(readelf -Wlh "$1") symbols=$(readelf -Ws --dyn-syms "$1")
	grep -q 'Type: *DYN' <<< "$headers" || { missing="PIE"; return 1; }
	grep -q GNU_RELRO <<< "$headers" || { missing="RELRO"; return 1; }
	grep -q 'BIND_NOW\|FLAGS.*NOW' <<< "$dynamic" || { missing="BIND_NOW"; return 1; }
	grep GNU_STACK <<< "$headers" | grep -q ' RW ' || { missing="non-executable stack"; return 1; }
	grep -q __stack_chk_fail <<< "$symbols" || { missing="stack protector"; return 1; }
	grep -q '__[a-z]*_chk@' <<< "$symbols" || { missing="_FORTIFY_SOURCE"; return 1; }
}

install_tree
result $? "make install into a folder" "$(tail -n 1 "$temp/log")"
has_files
result $? "programs, rules, schemas, dashboards, configuration and licence are there" "${missing:-}"
"$temp/usr/bin/fundwatch" check --quiet "$temp/usr/share/fundwatch/rules" > /dev/null 2> "$temp/err"
result $? "the installed rules are valid" "$(head -n 1 "$temp/err")"
echo "rules: $temp/usr/share/fundwatch/rules" >> "$temp/etc/fundwatch/fundwatchd.yaml"
"$temp/usr/bin/fundwatchd" --config "$temp/etc/fundwatch/fundwatchd.yaml" --check-config > "$temp/err" 2>&1
result $? "the installed configuration is valid" "$(head -n 1 "$temp/err")"
keeps_configuration
result $? "a configuration that is there is kept"
for program in fundwatch fundwatchd; do
	is_hardened "$temp/usr/bin/$program"
	result $? "$program is hardened" "lacks ${missing:-}"
done
echo "1..$number"
exit $failed
