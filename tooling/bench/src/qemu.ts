import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { RunDevices } from './devices.ts';
import type { BenchGuest } from './guest.ts';
import { type JobTime, jobTimes, MarkReader } from './marks.ts';

const MEMORY = 256;
/** Where distributions put the daemon that serves virtio-fs for QEMU. */
const VIRTIOFSD = ['/usr/lib/qemu/virtiofsd', '/usr/libexec/virtiofsd'];

/** A directory shared through the daemon, which works on the guest's memory. */
interface Share {
  readonly daemon: ChildProcess;
  readonly arguments: readonly string[];
}

const shareDirectory = async (directory: string): Promise<Share> => {
  const program = VIRTIOFSD.find((path) => existsSync(path));
  if (program === undefined) throw new Error('the yardstick for files is virtiofsd (Debian: qemu-system-common)');
  const socket = `${directory}.sock`;
  const daemon = spawn(program, [`--socket-path=${socket}`, '-o', `source=${directory}`, '-o', 'cache=auto'], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  for (let attempt = 0; attempt < 100 && !existsSync(socket); attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    daemon,
    arguments: [
      ...['-object', `memory-backend-memfd,id=memory,size=${MEMORY}M,share=on`, '-machine', 'memory-backend=memory'],
      ...['-chardev', `socket,id=files,path=${socket}`, '-device', 'vhost-user-fs-device,chardev=files,tag=share'],
    ],
  };
};

/** Boots the guest in `qemu-system-riscv64` and times its jobs. */
export const runQemu = async (
  guest: BenchGuest,
  jobs: readonly string[],
  { disk, port, share }: RunDevices = {},
): Promise<readonly JobTime[]> => {
  const shared = share === undefined ? undefined : await shareDirectory(share);
  const start = performance.now();
  const devices = [
    ...['-global', 'virtio-mmio.force-legacy=false'],
    ...(disk === undefined
      ? []
      : ['-device', 'virtio-blk-device,drive=disk', '-drive', `file=${disk},format=raw,if=none,id=disk`]),
    ...(port === undefined ? [] : ['-netdev', 'user,id=net', '-device', 'virtio-net-device,netdev=net']),
    ...(shared?.arguments ?? []),
  ];
  const files = ['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', guest.commandLine(jobs, port)];
  try {
    return await timed(['-M', 'virt', '-m', `${MEMORY}`, '-nographic', ...devices, ...files], start);
  } finally {
    shared?.daemon.kill();
  }
};

const timed = (args: readonly string[], start: number): Promise<readonly JobTime[]> =>
  new Promise((resolve, reject) => {
    const reader = new MarkReader();
    const child = spawn('qemu-system-riscv64', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child.on('error', (cause) =>
      reject(new Error('the yardstick is qemu-system-riscv64 (Debian: qemu-system-misc)', { cause })),
    );
    child.stdout.on('data', (bytes: Buffer) => reader.push(bytes));
    child.on('close', (code) => {
      if (code === 0) resolve(jobTimes(reader.marks, start));
      else reject(new Error(`qemu-system-riscv64 ended with code ${code}`));
    });
  });
