import { spawn } from 'node:child_process';

/** One access to a register of QEMU's first UART. */
export type Access =
  | { readonly kind: 'read'; readonly offset: number }
  | { readonly kind: 'write'; readonly offset: number; readonly value: number };

/** UART0 of QEMU's `virt` machine. */
const BASE = 0x1000_0000;

/** Plays accesses to QEMU's 16550 by its qtest protocol (no CPU runs) and gives what each read answers. */
export const playOnQemu = (accesses: readonly Access[]): Promise<readonly number[]> =>
  new Promise((resolve, reject) => {
    const qemu = spawn(
      'qemu-system-riscv64',
      ['-machine', 'virt', '-S', '-qtest', 'stdio', '-display', 'none', '-serial', 'null', '-bios', 'none'],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    let output = '';
    qemu.on('error', (cause) => {
      reject(new Error('this test needs qemu-system-riscv64 (Debian package qemu-system-misc)', { cause }));
    });
    qemu.on('exit', (code) => reject(new Error(`QEMU ended with code ${code} before it had answered`)));
    qemu.stdout.on('data', (text: Buffer) => {
      output += text.toString();
      const answers = output.split('\n').slice(0, -1);
      if (answers.length < accesses.length) return;
      qemu.kill();
      const reads = answers.filter((_, index) => accesses[index]?.kind === 'read');
      resolve(reads.map((line) => Number(line.split(' ')[1])));
    });
    // A QEMU that ends early is reported by its exit.
    qemu.stdin.on('error', () => {});
    const commands = accesses.map((access) => {
      const address = `0x${(BASE + access.offset).toString(16)}`;
      return access.kind === 'read' ? `readb ${address}\n` : `writeb ${address} ${access.value}\n`;
    });
    qemu.stdin.write(commands.join(''));
  });
