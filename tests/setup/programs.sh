# Sourced after native.sh: what the tests of real programs need besides. `make test` runs some of them in its other trees.

LANGUAGES=golang-go,rustc,default-jdk-headless,nodejs
SERVERS=nginx-light,postgresql,curl
DEBUGGERS=gdb,strace
# What makes trees and sandboxes itself.
BUILDERS=mmdebstrap,bubblewrap

# 1.8 GB, three minutes.
amd64_dev_tree() {
    unpack_rootfs amd64-dev amd64 trixie --setup-hook="$MERGED_USR_64" \
        --include='?essential' --include="apt,$C_TOOLS,file,usr-is-merged,procps,git,python3,libpython3.13-testsuite" \
        --include="$LANGUAGES,$SERVERS,$DEBUGGERS,$BUILDERS"
    configure_rootfs amd64-dev "$RUN/bin/xroot" -0 -r "$DATA/rootfs/amd64-dev"
}

# Whose own checks run on what that tree has installed.
checked_sources() {
    host_packages xz-utils
    sources sources-amd64 trixie bash coreutils
}

program_trees() {
    amd64_dev_tree
    checked_sources
}
