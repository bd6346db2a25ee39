# Sourced by the scripts here: where things are, who runs them, and how a step is done once.
#
# Two ways to run, told apart by what the kernel lets us do, not by the number of the user:
#   as root        Debian packages are installed with apt; everything that xroot does is done by an ordinary
#                  user (no account, no capability, empty bounding set) below /var/tmp/xroot, because the
#                  checkout may lie below a directory that he cannot enter.
#   as a user      (or as uid 0 without capabilities) the same packages are downloaded by apt with its
#                  state below target/setup and unpacked with dpkg -x. Nothing outside the checkout changes.

set -Eeuo pipefail
shopt -s inherit_errexit
trap 'echo "error: ${BASH_SOURCE[0]}:$LINENO: $BASH_COMMAND" >&2' ERR

SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
umask 022
export LC_ALL=C.UTF-8

# An id that no account has: what a failing test kills or fills then belongs to nobody else.
TEST_UID=${XROOT_TEST_UID:-54321}
SHARED=/var/tmp/xroot

say() { printf '==> %(%T)T %s\n' -1 "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# A check or a tree that failed is counted and the script goes on: the tests say more. It still ends with failure.
FAILURES=0
failed() {
    say "FAILED: $*"
    FAILURES=$((FAILURES + 1))
}

# Prints nothing; true where `as_user` can become another user.
is_root() { [ "$(id -u)" = 0 ] && setpriv "${IDENTITY[@]}" true 2>/dev/null; }

IDENTITY=(--reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --bounding-set=-all --inh-caps=-all)
if is_root; then
    MODE=root
    # One place per checkout for a copy of its files and what is built from them, so that every path that a
    # build leaves in a program can be reached; one for all checkouts for trees and tools.
    DATA=$SHARED/data
    RUN=$SHARED/run-$(printf %s "$SOURCE" | cksum | cut -d' ' -f1)
    REACHABLE=$RUN/src
    CARGO_TARGET_DIR=$RUN/target
    USER_HOME=$SHARED/home
else
    MODE=user
    CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-$SOURCE/target}")
    DATA=$CARGO_TARGET_DIR/setup
    RUN=$CARGO_TARGET_DIR/setup
    REACHABLE=$SOURCE
    USER_HOME=${HOME:-$RUN/home}
fi
export CARGO_TARGET_DIR
UNPACKED=$DATA/packages/root
USER_PATH=$DATA/bin:$DATA/qemu:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin

# Runs a command as the ordinary user, with an environment that holds nothing of root's.
as_user() {
    local identity=()
    [ "$MODE" = user ] || identity=(setpriv "${IDENTITY[@]}")
    "${identity[@]}" env -i HOME="$USER_HOME" PATH="$USER_PATH" LANG=C.UTF-8 TERM="${TERM:-dumb}" \
        TMPDIR="$RUN/tmp" "$@"
}

# Makes the directories. What the ordinary user writes to is his; the directories above it are not.
prepare_directories() {
    if [ "$MODE" = root ]; then
        mkdir -m 755 "$SHARED" 2>/dev/null || true
        # /var/tmp is sticky: a directory that is root's now can be neither renamed nor replaced.
        [ ! -L "$SHARED" ] && [ "$(stat -c '%u %a' "$SHARED")" = '0 755' ] ||
            die "$SHARED exists and is not a directory of root's with mode 755; remove it"
        mkdir -p "$RUN/bin" "$CARGO_TARGET_DIR"
        install -d -o "$TEST_UID" -g "$TEST_UID" "$DATA" "$USER_HOME" "$RUN/tmp" "$CARGO_TARGET_DIR/tmp"
    else
        mkdir -p "$DATA" "$RUN/bin" "$RUN/tmp" "$USER_HOME"
    fi
    as_user mkdir -p "$DATA"/{bin,qemu,rootfs,packages,stamp,tmp}
}

# Goes to the sources; as root, to a copy of them that the ordinary user can read. (tar keeps times, for cargo.)
enter_sources() {
    cd "$SOURCE"
    [ "$MODE" = root ] || return 0
    rm -rf "$REACHABLE.new"
    mkdir "$REACHABLE.new"
    tar -C "$SOURCE" --exclude=./target --exclude=./.git -cf - . | tar -C "$REACHABLE.new" --no-same-owner -xf -
    chmod -R a+rX "$REACHABLE.new"
    rm -rf "$REACHABLE"
    mv "$REACHABLE.new" "$REACHABLE"
    cd "$REACHABLE"
}

# once NAME DESCRIPTION COMMAND...: runs COMMAND unless it has already succeeded for this DESCRIPTION.
once() {
    local stamp=$DATA/stamp/$1 description=$2
    shift 2
    [ "$(cat "$stamp" 2>/dev/null)" != "$description" ] || return 0
    "$@"
    printf '%s\n' "$description" | as_user tee "$stamp" >/dev/null
}

# Holds a lock for the rest of the script, so that two checkouts do not fill the same directory at once.
lock_data() {
    local lock=$DATA/../xroot-setup.lock
    exec 9>"$lock"
    flock -n 9 || {
        say "waiting for another set-up to end ($lock)"
        flock 9
    }
}
