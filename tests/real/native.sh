# usage: native.sh ROOTFS HOME UID GID COMMAND...: runs COMMAND in a user namespace, in a chroot with what xroot shows by
# default bound for real, from HOME/work, under the caller's own ids.
set -e
rootfs=$1 home=$2 uid=$3 gid=$4
shift 4
# unshare(1) has made all mounts private, so none of these reaches the host.
mount --rbind "$rootfs" "$rootfs"
cd "$rootfs"
for dir in dev proc tmp; do mount --rbind "/$dir" "$dir"; done
mount --rbind /sys sys
mount -o remount,bind,ro sys
for file in hosts resolv.conf; do
    [ -e "/etc/$file" ] || continue
    [ -e "etc/$file" ] || : >"etc/$file"
    mount --bind "/etc/$file" "etc/$file"
done
{ cat etc/passwd; echo "user:x:$uid:$gid::$home:/bin/bash"; } >"$home/passwd"
{ cat etc/group; echo "user:x:$gid:"; } >"$home/group"
mount --bind "$home/passwd" etc/passwd
mount --bind "$home/group" etc/group
# The way to HOME is made in memory, above the last directory of it that the tree has.
above=.$home
while [ ! -d "$above" ]; do
    new=$above
    above=${above%/*}
done
if [ "$above" = . ]; then
    above=$new
    mkdir "$above"
fi
[ "$above" = ".$home" ] || mount -t tmpfs none "$above"
mkdir -p ".$home"
mount --rbind "$home" ".$home"
exec unshare -U --map-user="$uid" --map-group="$gid" --root=. --wd="$home/work" "$@"
