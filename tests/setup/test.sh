#!/bin/bash
# make test, make test-full: gets what the tests need, then runs them all as an ordinary user.
cd "$(dirname "$0")/../.."
for part in lib build packages rootfs trees native; do . "tests/setup/$part.sh"; done

FULL=
[ "${1:-}" != full ] || FULL=1
# In CI a test that is skipped has failed, and so has a check.
[ -z "${CI:-}" ] || export XROOT_TEST_MUST_RUN=1

# A distribution's cargo may come without some of its tools.
check() {
    local probe=$1
    shift
    if $probe >/dev/null 2>&1; then
        say "cargo $*"
        cargo "$@" || failed "cargo $*"
    elif [ "${XROOT_TEST_MUST_RUN:-}" = 1 ]; then
        failed "cargo $* cannot run: $probe fails"
    else
        say "skipped, not installed: cargo $*"
    fi
}

prepare_directories
enter_sources
check 'cargo fmt --version' fmt --all --check
check 'cargo clippy --version' clippy --workspace --all-targets -- -D warnings
check 'has_target aarch64-unknown-linux-musl' check --target aarch64-unknown-linux-musl
binary=$(build_release)
publish "$binary" xroot

lock_data
host_packages gcc libc6-dev file musl-tools gdb strace \
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-riscv64-linux-gnu libc6-dev-riscv64-cross
qemu
mmdebstrap_tools
wrap_tools
armhf_tree
amd64_tree
static_trees
native_trees
[ -z "$FULL" ] || debootstrap_tree
exec 9>&-

runner=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<<"$HOST_TRIPLE")_RUNNER
export "$runner=$SOURCE/tests/setup/cargo-runner"
if [ -n "$FULL" ]; then
    # The same tests again, on the build with debug assertions and overflow checks, and the slow ones.
    cargo build
    publish "$CARGO_TARGET_DIR/debug/xroot" xroot-debug
    export XROOT_TEST_FULL=1 XROOT_BIN="$RUN/bin/xroot-debug"
fi
say "cargo test, every program of it as an ordinary user without capabilities"
status=0
cargo test --no-fail-fast || status=$?
[ "$FAILURES" = 0 ] || die "$FAILURES steps before the tests failed; look for FAILED above"
exit "$status"
