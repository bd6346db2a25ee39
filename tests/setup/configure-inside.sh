# Run by the guest's shell, as (fake) root: what `dpkg --unpack` and `dpkg --configure -a` still have to do.
set -e
unset TMPDIR
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
cd /var/lib/dpkg/info

preinst() {
    name=${1%.preinst}
    DPKG_MAINTSCRIPT_NAME=preinst DPKG_MAINTSCRIPT_PACKAGE=${name%:*} "/var/lib/dpkg/info/$1" install
}

if ! [ -e /var/lib/preinst-done ]; then
    # The others may ask for users and groups.
    if [ -e base-passwd.preinst ]; then preinst base-passwd.preinst; fi
    for script in *.preinst; do
        case $script in base-passwd.preinst | '*.preinst') continue ;; esac
        preinst "$script"
    done
    : >/var/lib/preinst-done
fi
# As debootstrap does: the others' scripts name its users.
dpkg --force-unsafe-io --force-depends --configure base-passwd
dpkg --force-unsafe-io --configure -a
rm /var/lib/preinst-done
