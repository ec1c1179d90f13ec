import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeElf } from './elf.ts';
import type { Outcome, World } from './outcome.ts';
import { CODE_BASE, DATA_BASE, type Program } from './program.ts';

const PF_X = 1;
const PF_W = 2;
const PF_R = 4;

/** Exactly the extensions of the instruction table, as QEMU 10.0 names them: what is illegal for us is so for QEMU. */
export const QEMU_MODEL = [
  ...'rv64i m a f d c zicsr zifencei zihintpause zihintntl zicond zawrs zfa zfhmin zba zbb zbc zbs'.split(' '),
  ...'zca zcd zcb zicboz zicbop'.split(' '),
]
  .map((name, index) => (index === 0 ? name : `${name}=true`))
  .join(',');

/** QEMU's user mode: runs the program as a Linux process. Dispose of it to remove its folder. */
export class QemuWorld implements World, Disposable {
  readonly name: string;
  readonly #binary: string;
  readonly #cpu: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'differential-'));
  #count = 0;

  constructor(name: string, binary: string, cpu: string) {
    this.name = name;
    this.#binary = binary;
    this.#cpu = cpu;
  }

  async run(program: Program): Promise<Outcome> {
    const path = join(this.#folder, `${this.#count++}.elf`);
    const elf = writeElf(program.linuxEntry, [
      { address: CODE_BASE, bytes: program.code, flags: PF_R | PF_X },
      { address: DATA_BASE, bytes: program.data, flags: PF_R | PF_W },
    ]);
    writeFileSync(path, elf, { mode: 0o755 });
    try {
      return await this.#execute(path, program.data.length);
    } finally {
      rmSync(path);
    }
  }

  #execute(path: string, length: number): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#binary, ['-cpu', this.#cpu, path], { stdio: ['ignore', 'pipe', 'pipe'] });
      const output: Uint8Array[] = [];
      const errors: Uint8Array[] = [];
      child.stdout.on('data', (chunk: Uint8Array) => output.push(chunk));
      child.stderr.on('data', (chunk: Uint8Array) => errors.push(chunk));
      child.on('error', (cause) => reject(new Error(`${this.#binary} does not start`, { cause })));
      child.on('close', (code, signal) => {
        const data = new Uint8Array(Buffer.concat(output));
        if (code === 0 && data.length === length) resolve({ kind: 'finished', data });
        else {
          const message = Buffer.concat(errors).toString().trim();
          resolve({ kind: 'died', reason: `${signal ?? `exit code ${code}`}${message === '' ? '' : `: ${message}`}` });
        }
      });
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
