# usage: record-unpacked.sh TREE ARCH
#
# Writes the dpkg database that `dpkg --unpack` would have written for the packages kept in TREE, whose files
# are already there. `dpkg --configure -a` inside the tree then runs everything that is left to run.
# Format: dpkg's own lib/dpkg/dump.c, deb-triggers(5).
set -euo pipefail
shopt -s inherit_errexit

tree=$1 arch=$2
db=$tree/var/lib/dpkg
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

record() {
    local deb=$1 control=$work/control package name file path
    rm -rf "$control"
    dpkg-deb -e "$deb" "$control"
    package=$(dpkg-deb -f "$deb" Package) name=$package
    [ "$(dpkg-deb -f "$deb" Multi-Arch)" != same ] || name=$package:$arch
    {
        sed '/^Package:/a Status: install ok unpacked' "$control/control"
        if [ -s "$control/conffiles" ]; then
            echo Conffiles:
            # A flag before the path ("remove-on-upgrade") means that the package has no such file.
            while read -r path; do
                [[ $path == /* ]] || continue
                printf ' %s %s\n' "$path" "$(md5sum <"$tree$path" | cut -d' ' -f1)"
            done <"$control/conffiles"
        fi
        echo
    } >>"$db/status"
    [ ! -e "$control/triggers" ] || record_triggers "$name" <"$control/triggers"
    dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's,^\.,,; s,/$,,; s,^$,/.,' >"$db/info/$name.list"
    # An ordinary user's tar drops these bits. Those of set-id programs stay dropped: on the host they would
    # give away his own account.
    dpkg-deb -c "$deb" | awk '$1 == "drwxrwxrwt" { print $6 }' | while read -r path; do chmod 1777 "$tree/$path"; done
    rm "$control/control"
    for file in "$control"/*; do
        [ ! -e "$file" ] || mv "$file" "$db/info/$name.${file##*/}"
    done
}

record_triggers() {
    local name=$1 directive trigger await
    while read -r directive trigger; do
        case $directive in
        interest | interest-await) await= ;;
        interest-noawait) await=/noawait ;;
        *) continue ;;
        esac
        case $trigger in
        /*) printf '%s %s\n' "$trigger" "$name$await" >>"$db/triggers/File" ;;
        *) printf '%s\n' "$name$await" >>"$db/triggers/$trigger" ;;
        esac
    done
}

mkdir -p "$db/info" "$db/triggers" "$db/updates"
: >"$db/status"
echo 1 >"$db/info/format"
for deb in "$tree"/var/cache/apt/archives/*.deb; do
    record "$deb"
    rm "$deb"
done
