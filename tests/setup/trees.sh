# Sourced after rootfs.sh: the trees that the demonstration and the tests need, and nothing else.

GUEST_SUITE=${XROOT_GUEST_SUITE:-bookworm}
C_TOOLS=gcc,libc6-dev,make,perl,python3-minimal

# As Debian's installer does since bookworm; usr-is-merged then says so, and usrmerge has nothing to convert.
MERGED_USR='cd "$1" && mkdir -p usr/bin usr/sbin usr/lib && ln -s usr/bin usr/sbin usr/lib .'

armhf_tree() {
    unpack_rootfs armhf armhf "$GUEST_SUITE" --setup-hook="$MERGED_USR" \
        --include='?essential' --include="apt,$C_TOOLS,file,usr-is-merged"
    configure_rootfs armhf "$RUN/bin/xroot" -0 -r "$DATA/rootfs/armhf"
}

# Native, but of another release than the host: its libc must be its own.
amd64_tree() {
    local suite=trixie python=3.13
    ! grep -q "^VERSION_CODENAME=$suite" /etc/os-release || suite=bookworm python=3.11
    unpack_rootfs amd64 amd64 "$suite" --setup-hook="$MERGED_USR && mkdir usr/lib64 && ln -s usr/lib64 ." \
        --include='?essential' --include="apt,$C_TOOLS,file,musl-tools,usr-is-merged" \
        --include="python3,libpython$python-testsuite,git"
    configure_rootfs amd64 "$RUN/bin/xroot" -0 -r "$DATA/rootfs/amd64"
}

# A shell and its tools as one static program each. riscv64 is in the archive since trixie.
static_trees() {
    local pair arch suite machine
    for pair in arm64:bookworm:aarch64 riscv64:trixie:riscv64; do
        IFS=: read -r arch suite machine <<<"$pair"
        unpack_rootfs "$arch" "$arch" "$suite" --include=busybox-static
        once "busybox-$arch" "$(cat "$DATA/stamp/rootfs-$arch")" link_applets "$DATA/rootfs/$arch" "$machine"
    done
}

link_applets() {
    local tree=$1 applet
    as_user mkdir -p "$tree"/{root,tmp,proc,dev,sys,etc}
    [ -e "$tree/bin" ] || as_user ln -s usr/bin "$tree/bin"
    echo root:x:0:0:root:/root:/bin/sh | as_user tee "$tree/etc/passwd" >/dev/null
    echo root:x:0: | as_user tee "$tree/etc/group" >/dev/null
    as_user "qemu-$2-static" "$tree/bin/busybox" --list | while read -r applet; do
        [ -e "$tree/bin/$applet" ] || as_user ln -s busybox "$tree/bin/$applet"
    done
}

# The first stage of debootstrap, for the test that runs the second inside xroot.
debootstrap_tree() {
    host_packages debootstrap fakeroot
    local lib
    lib=$UNPACKED/usr/lib/$(uname -m)-linux-gnu
    FAKEROOT=(env PATH="$USER_PATH:$UNPACKED/usr/bin" LD_LIBRARY_PATH="$lib" fakeroot) DEBOOTSTRAP=(debootstrap)
    if [ -e "$UNPACKED/usr/bin/fakeroot-sysv" ]; then
        FAKEROOT[-1]=$UNPACKED/usr/bin/fakeroot-sysv
        FAKEROOT+=(--faked "$UNPACKED/usr/bin/faked-sysv" --lib "$lib/libfakeroot/libfakeroot-sysv.so")
    fi
    if [ -e "$UNPACKED/usr/sbin/debootstrap" ]; then
        DEBOOTSTRAP=(env DEBOOTSTRAP_DIR="$UNPACKED/usr/share/debootstrap" "$UNPACKED/usr/sbin/debootstrap")
    fi
    once debootstrap-armhf "$GUEST_SUITE" debootstrap_first_stage
}

debootstrap_first_stage() {
    local new=$DATA/tmp/debootstrap-armhf keyring mirror
    mirror=$(find_mirror) keyring=$(find_keyring)
    say "debootstrap --foreign of $GUEST_SUITE for armhf"
    as_user rm -rf "$new" "$DATA/rootfs/debootstrap-armhf"
    as_user "${FAKEROOT[@]}" "${DEBOOTSTRAP[@]}" --foreign --arch=armhf --variant=minbase --keyring="$keyring" \
        "$GUEST_SUITE" "$new" "$mirror" >&2
    as_user mv "$new" "$DATA/rootfs/debootstrap-armhf"
}
