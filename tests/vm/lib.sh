# Machines that tests make: sourced by those of this folder. The caller has set $work.

skip() { # <why>
	echo "$*"
	exit 77
}

need() { # <program>...
	for p; do
		command -v "$p" >/dev/null || skip "$p is not installed"
	done
}

image_of() { # <kernel>: the path of its image; nothing if it is not built
	"$O"/kduel build -v "$1" 2>/dev/null | grep -oE '/[^ ]*/bzImage' | tail -n 1
}

# <root> <program>...: into its folder bin, with their libraries
add() {
	to=$1
	shift
	mkdir -p "$to/usr/bin"
	ln -sfn usr/bin "$to/bin"
	for p; do
		strip -o "$to/usr/bin/${p##*/}" "$p" 2>/dev/null || cp "$p" "$to/usr/bin/"
		ldd "$p" 2>/dev/null | grep -oE '/[^ ]+' | while read -r lib; do
			at=/usr/lib/${lib##*/}
			case $lib in /lib64/*) at=$lib ;; esac
			mkdir -p "$to${at%/*}"
			[ -e "$to$at" ] || cp -L "$lib" "$to$at"
		done
	done
}

# <root>: QEMU with the parts that it loads, and what makes namespaces and file systems
add_machine() {
	add "$1" "$(command -v qemu-system-x86_64)" "$(command -v mkfs.xfs)" \
		"$(command -v mkfs.ext4)" "$(command -v ndctl)" "$(command -v busybox)"
	mkdir -p "$1/usr/share/qemu" "$1/etc"
	[ ! -e /etc/mke2fs.conf ] || cp -L /etc/mke2fs.conf "$1/etc/"
	for rom in qboot.rom kvmvapic.bin linuxboot_dma.bin; do
		for d in /usr/share/qemu /usr/share/seabios; do
			[ ! -e "$d/$rom" ] || cp -L "$d/$rom" "$1/usr/share/qemu/"
		done
	done
}

# <folder with boot/ and lib/modules/> <release> <root> <module>...: these, and those that
# they depend on
add_modules() {
	tree=$1/lib/modules/$2
	into=$3/lib/modules/$2
	busybox depmod -n -b "$1" "$2" >"$work/dep" 2>/dev/null
	shift 3
	awk -v names="$*" '
		{ at = $1; sub(/:$/, "", at); name = at; sub(/.*\//, "", name); sub(/\.ko.*/, "", name)
		  path[name] = at; $1 = ""; needs[name] = $0 }
		END { n = split(names, want, " ")
		      for (i = 1; i <= n; i++) print path[want[i]] needs[want[i]] }' "$work/dep" |
		tr ' ' '\n' | sort -u | while read -r module; do
		[ -n "$module" ] || continue
		mkdir -p "$into/${module%/*}"
		cp "$tree/$module" "$into/$module"
	done
	cp "$tree"/modules.builtin "$tree"/modules.order "$into/" 2>/dev/null
}

pack() { # <root> <archive>
	(cd "$1" && find . | busybox cpio -o -H newc 2>/dev/null) >"$2"
}
