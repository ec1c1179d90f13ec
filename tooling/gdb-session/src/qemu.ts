import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** A port that is free now. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

export interface QemuProcess extends Disposable {
  readonly port: number;
}

/** QEMU's `virt` machine with a program in place of its firmware, halted before its first instruction. */
export const startQemu = async (program: string): Promise<QemuProcess> => {
  const port = await freePort();
  const args = ['-M', 'virt', '-m', '256', '-bios', program, '-display', 'none', '-S', '-gdb', `tcp:127.0.0.1:${port}`];
  const child: ChildProcess = spawn('qemu-system-riscv64', args, { stdio: 'ignore' });
  await new Promise<void>((resolve, reject) => {
    child.on('spawn', () => resolve());
    child.on('error', (cause) =>
      reject(new Error('qemu-system-riscv64 is needed (Debian: qemu-system-misc)', { cause })),
    );
  });
  return { port, [Symbol.dispose]: () => void child.kill('SIGKILL') };
};
