# usage: sh -c THIS sh DIRECTORY ARCHITECTURE PACKAGE...
#
# Downloads the packages of ARCHITECTURE that the guest's own archive has, with what they depend on, and unpacks them in
# DIRECTORY/tree. Run by the guest's shell as (fake) root; changes nothing but DIRECTORY.
set -eu
directory=$1 architecture=$2
shift 2
mkdir -p "$directory/state/lists/partial" "$directory/cache/archives/partial" "$directory/log" "$directory/tree"
: >"$directory/status"

apt() {
    tool=$1
    shift
    "$tool" -q -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
        -o Dir::State="$directory/state" -o Dir::State::status="$directory/status" -o Dir::Cache="$directory/cache" \
        -o Dir::Log="$directory/log" -o APT::Sandbox::User=root -o Debug::NoLocking=1 -o Acquire::Languages=none "$@"
}

apt apt-get update
known=
for package; do
    # A release may call it otherwise, or not have it.
    if apt apt-cache show "$package" >/dev/null 2>&1; then
        known="$known $package"
    else
        echo "not in the archive: $package" >&2
    fi
done
# The names hold no blank.
apt apt-get -y --no-install-recommends --download-only install $known
for archive in "$directory"/cache/archives/*.deb; do
    echo "unpacking ${archive##*/}"
    dpkg-deb -x "$archive" "$directory/tree"
    rm "$archive"
done
