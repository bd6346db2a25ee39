# Sourced after trees.sh: what the tests of natively run tools need. `make demo` needs none of it.

CORE_TOOLS=bash,dash,make,coreutils,sed,grep,mawk,findutils,diffutils,tar,gzip,bzip2,xz-utils
MERGED_USR_64="$MERGED_USR && mkdir usr/lib64 && ln -s usr/lib64 ."

# Tools for --tools: the guest's own release, and one newer. Plain directories, never configured, because what the
# tests take from them is run by its path. So nothing depends on the host's distribution.
tools_trees() {
    local pair suite major cross=
    for pair in bookworm:12 trixie:14; do
        IFS=: read -r suite major <<<"$pair"
        cross=gcc-$major-arm-linux-gnueabihf,g++-$major-arm-linux-gnueabihf,binutils-arm-linux-gnueabihf
        [ "$suite" != "$GUEST_SUITE" ] ||
            cross+=,gcc-$major-aarch64-linux-gnu,g++-$major-aarch64-linux-gnu,binutils-aarch64-linux-gnu
        unpack_rootfs "tools-$suite" amd64 "$suite" --setup-hook="$MERGED_USR_64" --include="$CORE_TOOLS,$cross"
    done
}

# A second armhf tree: the demonstration's has a C compiler and nothing else, and stays quick to set up.
armhf_dev_tree() {
    unpack_rootfs armhf-dev armhf "$GUEST_SUITE" --setup-hook="$MERGED_USR" \
        --include='?essential' --include="apt,$C_TOOLS,file,usr-is-merged" \
        --include=g++,pkg-config,libglib2.0-dev,zlib1g-dev,fakeroot,git,python3,libpython3.11-testsuite
    configure_rootfs armhf-dev "$RUN/bin/xroot" -0 -r "$DATA/rootfs/armhf-dev"
}

# The static arm64 tree is one of no C library; this one has a compiler.
arm64_dev_tree() {
    unpack_rootfs arm64-dev arm64 "$GUEST_SUITE" --setup-hook="$MERGED_USR" \
        --include='?essential' --include=gcc,g++,libc6-dev,make,perl,usr-is-merged
    configure_rootfs arm64-dev "$RUN/bin/xroot" -0 -r "$DATA/rootfs/arm64-dev"
}

# Upstream's tarballs, as the guest's release has them: one that is built with autoconf, one with a script of its own,
# one with nothing but make.
SOURCES=(hello zlib lua5.4)

build_sources() {
    # zlib's is packed with it.
    host_packages bzip2
    sources sources "$GUEST_SUITE" "${SOURCES[@]}"
}

# sources NAME SUITE PACKAGE...: leaves upstream's files in $DATA/NAME/PACKAGE.
sources() {
    [ -d "$DATA/$1" ] || as_user rm -f "$DATA/stamp/$1"
    once "$1" "${*:2}" fetch_sources "$@"
}

# Asks an apt that knows nothing but this one list, because the host's need not name sources.
fetch_sources() {
    local name=$1 suite=$2 work=$DATA/tmp/$1 mirror keyring package apt
    shift 2
    mirror=$(find_mirror) keyring=$(find_keyring)
    say "fetching the sources of $*"
    as_user rm -rf "$work" "${DATA:?}/$name"
    as_user mkdir -p "$work"/{lists/partial,cache/archives/partial,tar,unpacked}
    echo "deb-src [signed-by=$keyring] $mirror $suite main" | as_user tee "$work/list" >/dev/null
    apt=(apt-get -q -o Dir::State="$work" -o Dir::State::status=/dev/null -o Dir::Cache="$work/cache"
        -o Dir::Etc::sourcelist="$work/list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root)
    as_user "${apt[@]}" update >&2
    (cd "$work/tar" && as_user "${apt[@]}" source --download-only --tar-only "$@" >&2)
    for package in "$@"; do
        as_user mkdir "$work/unpacked/${package%5.4}"
        as_user env PATH="$USER_PATH:$UNPACKED/usr/bin:$UNPACKED/bin" tar -C "$work/unpacked/${package%5.4}" \
            --strip-components=1 -xf "$(echo "$work/tar/${package}"_*.orig.tar.*z*)"
    done
    as_user mv "$work/unpacked" "$DATA/$name"
    as_user rm -rf "$work"
}

native_trees() {
    tools_trees
    armhf_dev_tree
    arm64_dev_tree
    build_sources
}
