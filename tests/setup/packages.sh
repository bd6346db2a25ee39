# Sourced after lib.sh: Debian packages for the host, installed (root) or downloaded and unpacked (user).

APT_STATE=$DATA/packages/apt

# apt-get that writes only below $APT_STATE and still knows what the host has installed.
private_apt() {
    mkdir -p "$APT_STATE"/{lists/partial,cache/archives/partial,log}
    apt-get -o Dir::State="$APT_STATE" -o Dir::State::lists="$APT_STATE/lists" \
        -o Dir::State::status="${APT_STATUS:-/var/lib/dpkg/status}" -o Dir::Cache="$APT_STATE/cache" \
        -o Dir::Log="$APT_STATE/log" -o Debug::NoLocking=1 -o APT::Sandbox::User=root "$@"
}

apt_for_mode() {
    if [ "$MODE" = root ]; then apt-get "$@"; else private_apt "$@"; fi
}

# Package lists, at most once a run and not at all when there is nothing to look up.
LISTS_ARE_NEW=
refresh_lists() {
    [ -z "$LISTS_ARE_NEW" ] || return 0
    say "apt-get update"
    apt_for_mode -q update >&2 || say "apt-get update reported errors; going on with what there is"
    LISTS_ARE_NEW=1
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# host_packages NAME...: makes these packages' files usable.
host_packages() {
    local missing=() name
    for name in "$@"; do is_installed "$name" || missing+=("$name"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$MODE" = root ]; then
        refresh_lists
        say "installing ${missing[*]}"
        DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${missing[@]}" >&2
    else
        once "packages-$1" "${missing[*]}" unpack_packages "${missing[@]}"
    fi
}

unpack_packages() {
    local deb
    refresh_lists
    say "downloading $*"
    private_apt -q -y --no-install-recommends --download-only install "$@" >&2
    mkdir -p "$UNPACKED"
    for deb in "$APT_STATE"/cache/archives/*.deb; do
        dpkg -x "$deb" "$UNPACKED"
        rm "$deb"
    done
}

# Prints the archive that the host's own apt uses for Debian: never a name of ours.
find_mirror() {
    local uri
    if [ -n "${XROOT_MIRROR:-}" ]; then
        printf '%s\n' "$XROOT_MIRROR"
        return
    fi
    uri=$(list_archives)
    if [ -z "$uri" ]; then
        # Container images come without lists, and only a list says whose archive it is.
        refresh_lists
        uri=$(list_archives)
    fi
    [ -n "$uri" ] || die "this host's apt has no Debian archive; name one with XROOT_MIRROR=http://..."
    case $uri in
    mirror+file:*) uri=$(awk 'NF && !/^#/ { print $1; exit }' "${uri#mirror+file:}") ;;
    esac
    printf '%s\n' "${uri%/}"
}

list_archives() {
    apt_for_mode indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
        awk -F'|' '$1 == "Debian" && $2 == "Debian" { print $3; exit }'
}

# The newest keyring at hand; an older host's may not know a newer release.
find_keyring() {
    local keyring
    for keyring in {"$UNPACKED",}/usr/share/keyrings/debian-archive-keyring.gpg; do
        [ ! -e "$keyring" ] || {
            printf '%s\n' "$keyring"
            return
        }
    done
    die "no Debian archive keyring; install debian-archive-keyring"
}

# The host's apt settings that a guest's apt needs to reach the same archive: proxies, dates, retries.
apt_settings() {
    apt-config dump | grep -E '^Acquire::(Check-Valid-Until|Check-Date|Retries|https?(::.*)?) ' |
        grep -v ' "";$' || true
}

# Makes a command out of the unpacked tree runnable: its libraries and data are not where it expects them.
wrap_tool() {
    local name=$1 lib=$UNPACKED/usr/lib/$(uname -m)-linux-gnu
    shift
    [ -e "$UNPACKED/usr/bin/$name" ] || return 0
    cat >"$DATA/bin/$name.new" <<EOF
#!/bin/sh
PATH='$UNPACKED/usr/bin':\$PATH LD_LIBRARY_PATH='$lib:$UNPACKED/lib/$(uname -m)-linux-gnu'
export PATH LD_LIBRARY_PATH
exec '$UNPACKED/usr/bin/$name' $* "\$@"
EOF
    chmod 755 "$DATA/bin/$name.new"
    mv "$DATA/bin/$name.new" "$DATA/bin/$name"
}

wrap_tools() {
    [ "$MODE" = user ] || return 0
    local specs=$UNPACKED/usr/lib/$(uname -m)-linux-musl/musl-gcc.specs cross
    wrap_tool file -m "'$UNPACKED/usr/lib/file/magic.mgc'"
    for cross in aarch64 riscv64 arm; do
        for tool in $cross-linux-gnu-gcc $cross-linux-gnueabihf-gcc; do wrap_tool "$tool"; done
    done
    if [ -e "$specs" ]; then
        # The specs name their directories absolutely.
        sed "s,/usr/\(include\|lib\)/\([a-z0-9_]*-linux-musl\),$UNPACKED/usr/\1/\2,g" "$specs" >"$DATA/bin/musl-gcc.specs"
        printf '#!/bin/sh\nexec "${REALGCC:-gcc}" "$@" -specs %s\n' "'$DATA/bin/musl-gcc.specs'" >"$DATA/bin/musl-gcc"
        chmod 755 "$DATA/bin/musl-gcc"
    fi
}

# Static qemu-user: a package of its own until Debian 12, and since Debian 13 simply qemu-user.
qemu() {
    once qemu static install_emulators
}

install_emulators() {
    local package=qemu-user-static
    refresh_lists
    apt_cache_knows $package || package=qemu-user
    host_packages $package
    copy_emulators
}

apt_cache_knows() { [ -n "$(apt_for_mode -q --print-uris download "$1" 2>/dev/null)" ]; }

copy_emulators() {
    local arch from name
    for arch in arm aarch64 riscv64 ppc64le s390x i386 "$(uname -m)"; do
        name=qemu-$arch-static
        for from in {"$UNPACKED",}/usr/bin/qemu-$arch{-static,}; do
            # Debian 13's -static names are links to the real ones; copy what they name.
            [ -e "$from" ] && is_static "$from" || continue
            as_user cp -L "$from" "$DATA/qemu/$name.new"
            as_user mv "$DATA/qemu/$name.new" "$DATA/qemu/$name"
            break
        done
    done
    [ -e "$DATA/qemu/qemu-arm-static" ] || die "the host's qemu packages hold no static qemu-arm"
}

# A static program names no interpreter, whatever its package is called.
is_static() { ! head -c 4096 "$1" | grep -aq 'ld-linux\|ld-musl'; }
