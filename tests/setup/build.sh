# Sourced after lib.sh: building, with rustup's cargo or a distribution's.

HOST_TRIPLE=$(rustc -vV 2>/dev/null | sed -n 's/^host: //p' || true)
[ -n "$HOST_TRIPLE" ] || die "no rustc; install cargo (Debian 13: apt install cargo; elsewhere: rustup)"
command -v cc >/dev/null || die "no C compiler to link with; install gcc and libc6-dev"

# has_target TRIPLE: true when this toolchain can build for it; asks rustup to get it where there is a rustup.
has_target() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ] ||
        { command -v rustup >/dev/null && rustup target add "$1" >&2; }
}

# Builds the one static binary; prints its path.
build_release() {
    local triple=${HOST_TRIPLE%%-*}-unknown-linux-musl flags=${RUSTFLAGS:-}
    if ! has_target "$triple"; then
        # A distribution's toolchain knows the host only. --target keeps the flag away from build scripts.
        triple=$HOST_TRIPLE flags="$flags -C target-feature=+crt-static"
    fi
    say "building the release binary for $triple"
    RUSTFLAGS=$flags cargo build --release --bin xroot --target "$triple" >&2
    printf '%s\n' "$CARGO_TARGET_DIR/$triple/release/xroot"
}

# publish FILE NAME: puts a program where the ordinary user can run it.
publish() {
    install -m 755 "$1" "$RUN/bin/$2.new"
    mv "$RUN/bin/$2.new" "$RUN/bin/$2"
}
