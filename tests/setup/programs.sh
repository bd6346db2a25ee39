# Sourced after native.sh: what the tests of real programs need, natively run ones of the newest Debian.

PYTHON=python3,libpython3.13-testsuite

# What `make test` runs of it is small; the rest is 2 GB and belongs to `make test-full`.
LANGUAGES=golang-go,rustc,default-jdk-headless,nodejs
SERVERS=nginx-light,postgresql,curl
DEBUGGERS=gdb,strace

amd64_dev_tree() {
    unpack_rootfs amd64-dev amd64 trixie --setup-hook="$MERGED_USR_64" \
        --include='?essential' --include="apt,$C_TOOLS,file,usr-is-merged,$PYTHON,git,procps,bsdextrautils,expect" \
        --include="$LANGUAGES,$SERVERS,$DEBUGGERS"
    configure_rootfs amd64-dev "$RUN/bin/xroot" -0 -r "$DATA/rootfs/amd64-dev"
}

# Whose own checks run on what the tree has installed.
checked_sources() {
    host_packages xz-utils
    sources sources-amd64 trixie bash coreutils
}
