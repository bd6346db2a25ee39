#!/bin/bash
# make demo: the main job, from nothing to the output of an ARM program.
cd "$(dirname "$0")/../.."
for part in lib build packages rootfs trees; do . "tests/setup/$part.sh"; done

prepare_directories
enter_sources
binary=$(build_release)
publish "$binary" xroot
lock_data
host_packages file
qemu
mmdebstrap_tools
wrap_tools
armhf_tree
exec 9>&-

if [ "$MODE" = root ]; then directory=$USER_HOME/demo-${RUN##*-}; else directory=$CARGO_TARGET_DIR/demo; fi
as_user rm -rf "$directory"
as_user mkdir "$directory"
as_user ln -s "$DATA/rootfs/armhf" "$directory/armhf-rootfs"
as_user tee "$directory/hello.c" >/dev/null <<'C'
#include <stdio.h>
#include <sys/utsname.h>

int main(void)
{
    struct utsname host;

    if (uname(&host))
        return 1;
    printf("hello from a %s program of %zu-bit pointers\n", host.machine, 8 * sizeof(void *));
    return 0;
}
C

# Shows a command as it would be typed, and runs it there.
run() {
    printf '\n%s$ %s\n' "$directory" "$*"
    (cd "$directory" && as_user env -u TMPDIR PATH="$RUN/bin:$USER_PATH" "$@")
}

run xroot -r armhf-rootfs gcc hello.c -o hello
run file hello
run xroot -r armhf-rootfs ./hello
[ "$FAILURES" = 0 ] || die "the main job ran, but the tree is not completely set up: see above"
