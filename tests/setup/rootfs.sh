# Sourced after packages.sh: Debian trees of any architecture, unpacked by an ordinary user.

# unpack_rootfs NAME ARCH SUITE MMDEBSTRAP-OPTION...: leaves the tree in $DATA/rootfs/NAME.
unpack_rootfs() {
    [ -d "$DATA/rootfs/$1" ] || as_user rm -f "$DATA/stamp/rootfs-$1"
    once "rootfs-$1" "$*" unpack_rootfs_now "$@"
}

unpack_rootfs_now() {
    local name=$1 arch=$2 suite=$3 new=$DATA/tmp/$1 mirror keyring guest_keyring option aptopts=()
    shift 3
    mirror=$(find_mirror) keyring=$(find_keyring)
    while IFS= read -r option; do aptopts+=("--aptopt=${option%;}"); done < <(apt_settings)
    say "unpacking Debian $suite for $arch into $DATA/rootfs/$name (half a minute)"
    as_user rm -rf "$new" "$DATA/stamp/configured-$name" "$DATA/stamp/busybox-$name"
    # Kept packages: their control files become the tree's dpkg database.
    as_user "${PERL_ENV[@]}" perl "$(find_mmdebstrap)" --mode=chrootless --variant=extract \
        --skip=check/qemu,check/chrootless,cleanup/apt/cache --architectures="$arch" "${aptopts[@]}" "$@" \
        "$suite" "$new" "deb [signed-by=$keyring] $mirror $suite main" >&2
    guest_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb [signed-by=$guest_keyring] $mirror $suite main" | as_user tee "$new/etc/apt/sources.list" >/dev/null
    as_user bash "$REACHABLE/tests/setup/record-unpacked.sh" "$new" "$arch" >&2
    as_user rm -rf "$DATA/rootfs/$name"
    as_user mv "$new" "$DATA/rootfs/$name"
}

# configure_rootfs NAME COMMAND...: runs the packages' own scripts, inside the tree, through COMMAND.
configure_rootfs() {
    local name=$1 script unpacked
    shift
    unpacked=$(cat "$DATA/stamp/rootfs-$name")
    [ "$(cat "$DATA/stamp/configured-$name" 2>/dev/null)" != "$unpacked" ] || return 0
    say "configuring $name: every package's own scripts, run inside it (a few minutes when emulated)"
    script=$(cat "$SOURCE/tests/setup/configure-inside.sh")
    if (cd "$RUN/tmp" && as_user "$@" /bin/sh -c "$script" >&2) && is_configured "$DATA/rootfs/$name"; then
        once "configured-$name" "$unpacked" true
    else
        failed "the packages of $name could not be configured"
    fi
}

is_configured() { ! grep '^Status:' "$1/var/lib/dpkg/status" | grep -qv ' installed$'; }

# mmdebstrap is one Perl program; where only perl-base is installed, its modules come from the unpacked tree.
PERL_ENV=(env)
mmdebstrap_tools() {
    local tree=$UNPACKED multiarch
    host_packages mmdebstrap perl debian-archive-keyring
    [ -d "$tree/usr/share/perl" ] || return 0
    multiarch=$(uname -m)-linux-gnu
    PERL_ENV+=(PERL5LIB="$(printf '%s:' "$tree"/usr/lib/"$multiarch"/perl/* "$tree"/usr/share/perl/* "$tree"/usr/share/perl5)")
}

find_mmdebstrap() { command -v mmdebstrap || printf '%s\n' "$UNPACKED/usr/bin/mmdebstrap"; }
