# For the programs of tests/faults: each breaks one thing many times and says
# in a row of a table what came of it.
#
#	. "$(dirname "$0")/lib.sh"
#	n=$(trials 20 500)		# in make check, in make check-faults
#	...
#	row "a bit of the journal flipped" "$n" "$told told, $other other figures"
#	[ "$other" -eq 0 ] || fault "trial 17: ..."	# ends the program with 1 at its end
#	finish
set -u
cd "$(dirname "$0")/../.." || exit 1
kduel=$(realpath "${O:-build}")/kduel
d=$(mktemp -d) || exit 1
trap 'rm -rf "$d"' EXIT
trap 'exit 1' HUP INT TERM
export XDG_CACHE_HOME="$d/cache" HOME="$d"
bad=0
disturb=$(realpath "${O:-build}")/tests/faults/disturb.so

trials() { [ "${FAULTS:-quick}" = full ] && echo "$2" || echo "$1"; }
row() { echo "| $1 | $2 | $3 |"; }
fault() { echo "$*"; bad=1; }
finish() { exit $bad; }
# Sets $number, below $1; the same sequence in every run.
seed=20181029
below() { seed=$(((seed * 1103515245 + 12345) % 2147483648)); number=$((seed / 65536 * 32768 % $1)); }

# campaign FILE BLOCKS: a campaign without a VM
campaign() {
	cat >"$1" <<END
name: faults
seed: 3
blocks: $2
machine: { kind: fake, cpus: 1, memory: 64M, pmem: 64M }
guest: { kernel: "6.1", cpus: 1, memory: 64M }
arms: [ { kernel: 6.1-nodaxhuge, baseline: true }, { kernel: "6.1" } ]
cells: { backing: memfd, source: anon-4k, workload: "null", samples: 5 }
END
}
