#!/bin/sh
# Makes a Debian 12 with systemd, cloud-init and sshd that boots under qemu: vmlinuz, initrd and base.ext4 in the folder given.
# It knows nothing of Berth: what makes it one of ours comes as custom data at its first boot. As root; about a minute.
set -eu
target=$1
work=$target/work
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT

# What the first boot would install, and what cloud-init, sshd and systemd need: the machine has no network.
packages=systemd,systemd-sysv,dbus,libpam-systemd,udev,kmod,iproute2,procps,openssh-server,cloud-init,sudo,tmux,git,ca-certificates,\
curl,xz-utils,jq,ripgrep,python3,linux-image-cloud-amd64,initramfs-tools,zstd,lz4,busybox,acl,libnss-myhostname
mmdebstrap --quiet --mode=root --variant=minbase --aptopt='APT::Install-Recommends "false"' --include="$packages" bookworm "$work/root" >&2
root=$work/root

# Only the drivers of this machine: emulated processors unpack slowly.
cat >"$root/etc/initramfs-tools/conf.d/berth" <<'CONF'
MODULES=list
COMPRESS=lz4
CONF
printf '%s\n' virtio_pci virtio_blk virtio_net virtio_rng ext4 isofs cdrom >"$root/etc/initramfs-tools/modules"
chroot "$root" update-initramfs -u -k all >&2

echo 'LABEL=root / ext4 defaults,noatime 0 1' >"$root/etc/fstab"
: >"$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_*
# Nobody answers: names are found not to be there at once.
rm -f "$root/etc/resolv.conf"
: >"$root/etc/resolv.conf"
# As images of clouds do: without its locales the default would fail the boot.
echo 'locale: C.UTF-8' >"$root/etc/cloud/cloud.cfg.d/90_image.cfg"
chroot "$root" systemctl enable systemd-networkd ssh >&2
chroot "$root" systemctl mask apt-daily.timer apt-daily-upgrade.timer >&2

cp "$root"/boot/vmlinuz-* "$target/vmlinuz"
cp "$root"/boot/initrd.img-* "$target/initrd"
rm -rf "$root"/boot/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/archives/*.deb
truncate -s 3G "$work/base.ext4"
mke2fs -q -t ext4 -L root -E lazy_itable_init=0,lazy_journal_init=0 -d "$root" "$work/base.ext4"
mv "$work/base.ext4" "$target/base.ext4"
