#!/bin/sh
# First process of the benchmark guest: runs the jobs named on the kernel command line between marks on the console.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t devtmpfs dev /dev 2>/dev/null
mount -t tmpfs tmp /tmp
cd /tmp || poweroff -f
has() {
  case "$(cat /proc/cmdline)" in *jobs=*,$1*) return 0 ;; *) return 1 ;; esac
}
if has blk || has net || has fs; then
  mount -t sysfs sys /sys
  modprobe -a virtio_mmio
fi
if has blk; then
  modprobe virtio_blk
  while [ ! -b /dev/vda ]; do sleep 0.1; done
fi
if has net; then
  modprobe virtio_net
  while [ ! -e /sys/class/net/eth0 ]; do sleep 0.1; done
  ip link set eth0 up
  ip address add 10.0.2.15/24 dev eth0
  ip route add default via 10.0.2.2
fi
if has fs; then
  mkdir /share
  mount -t virtiofs share /share || poweroff -f
fi
echo "@userspace"
head -c 8000000 /viv/jobs /bin/busybox /viv/jobs /bin/busybox >data 2>/dev/null
run() {
  case " $(cat /proc/cmdline) " in *" jobs=all "* | *"jobs="*",$1,"*) ;; *) return ;; esac
  echo "@begin $1"
  case $1 in
    sha256) sha256sum data ;;
    md5) i=0; while [ $i -lt 4 ]; do md5sum data; i=$((i + 1)); done ;;
    gzip) gzip -c data | wc -c ;;
    awk) awk 'BEGIN { for (i = 0; i < 400000; i++) { s += i % 7; a[i % 100] = s } print s }' ;;
    shell) i=0; while [ $i -lt 120000 ]; do i=$((i + 1)); done; echo $i ;;
    *) /viv/jobs "$1" ;;
  esac >result 2>&1
  echo "@end $1 $(md5sum <result | cut -c1-8)"
}
for job in alu sieve quicksort calls chase memcpy crc sha256 md5 gzip awk shell forkexec syscall pipe nbody mandelbrot matrix coremark faults \
  blkwrite blkread blkrandread blkrandwrite blkcached blksync netdown netup netrr \
  fsmake fsread fslist fsremove; do
  run $job
done
echo "@done"
poweroff -f
