import { runGdb, type Step } from './gdb.ts';
import { type Check, check, checkSteps } from './report.ts';
import { startViv } from './viv.ts';

const NAME = 'Debian kernel';
/** Of host time: booting with breakpoints set must take no longer. */
const BOOT_SECONDS = 180;
const SYMBOLS = ['uptime_proc_show', 'do_sys_openat2', 'panic', 'linux_banner', 'jiffies_64'] as const;

interface KernelFacts {
  /** By symbol, with `0x`. */
  readonly addresses: ReadonlyMap<string, string>;
  /** What the kernel says of itself. */
  readonly version: string;
}

/** Boots once without a debugger and asks the kernel where things are; it is at the same place each time. */
const kernelFacts = async (): Promise<KernelFacts> => {
  const command = `grep -E ' (${SYMBOLS.join('|')})$' /proc/kallsyms; cat /proc/version`;
  using viv = startViv('debian', '--timeout', '300', '--exec', command);
  const { stdout, stderr } = await viv.ended;
  const addresses = new Map<string, string>();
  for (const [, address = '', name = ''] of stdout.matchAll(/^([0-9a-f]{16}) \w (\w+)$/gm)) {
    addresses.set(name, `0x${address}`);
  }
  const version = /^Linux version .*$/m.exec(stdout)?.[0];
  if (version === undefined || SYMBOLS.some((name) => !addresses.has(name))) {
    throw new Error(`the guest did not say where its kernel is:\n${stdout}\n${stderr}`);
  }
  return { addresses, version };
};

/** A line with a guest-physical address in RAM. */
const PHYSICAL = /^0x8[0-9a-f]{7}$/m;

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** From before the first instruction into the running system. */
const bootSteps = (port: number, { addresses, version }: KernelFacts): readonly Step[] => {
  const at = (name: string): string => addresses.get(name) ?? '0';
  const show = literally(at('uptime_proc_show'));
  return [
    {
      title: 'attach before the first instruction',
      commands: [
        'set architecture riscv:rv64',
        `target remote 127.0.0.1:${port}`,
        'info threads',
        'info registers priv',
      ],
      expect: [/Thread 1 .*vCPU 0/, /Thread 2 .*vCPU 1, stopped by the guest/, /priv +0x[13]/],
    },
    {
      title: 'boot with hardware breakpoints at addresses that are not mapped yet, and hit one',
      commands: [`hbreak *${at('panic')}`, `hbreak *${at('uptime_proc_show')}`, 'continue', 'info registers pc priv'],
      expect: [new RegExp(`Breakpoint 2, ${show}`), new RegExp(`pc +${show}`), /priv +0x1/],
    },
    {
      title: 'read kernel memory: it is what the guest reads itself',
      commands: ['set print elements 0', `x/s ${at('linux_banner')}`, `monitor translate ${at('linux_banner')}`],
      expect: [new RegExp(literally(version)), PHYSICAL],
    },
    {
      title: 'registers of both vCPUs',
      commands: ['thread 1', 'info registers sp satp sstatus', 'thread 2', 'info registers sp satp sstatus'],
      expect: [/sp +0xff[\s\S]*sp +0xff/, /satp +0xa[\s\S]*satp +0xa/],
    },
    {
      title: 'stepi of one vCPU alone',
      commands: ['delete', 'set scheduler-locking on', 'stepi', 'stepi', 'stepi', 'set scheduler-locking off'],
      expect: [/(0x[0-9a-f]+ in \?\? \(\)\s+){3}/],
    },
    {
      title: 'watch the kernel count time',
      commands: [`watch *(long *)${at('jiffies_64')}`, 'continue', 'continue'],
      expect: [/Old value = (\d+)\s+New value = \d+[\s\S]*Old value = (\d+)\s+New value = \d+/],
    },
    { title: 'detach', commands: ['delete', 'detach'], expect: [/detached/] },
  ];
};

/** Into a system that has been running for a while; its banner is at `physical`. */
const attachedSteps = (port: number, { addresses }: KernelFacts, physical: string): readonly Step[] => {
  const at = (name: string): string => addresses.get(name) ?? '0';
  return [
    {
      title: 'attach again, continue, and interrupt',
      commands: [
        'set architecture riscv:rv64',
        `target remote 127.0.0.1:${port}`,
        // Ctrl-C, as far as GDB can tell.
        'shell (sleep 1; kill -INT $PPID) >/dev/null 2>&1 &',
        'continue',
        'info registers pc',
      ],
      expect: [/received signal SIGINT/, /pc +0x/],
    },
    {
      title: 'hit a breakpoint, read what a process wrote',
      commands: [`hbreak *${at('do_sys_openat2')}`, 'continue', 'x/s $a1', 'info registers a0'],
      expect: [/Breakpoint 1, /, /"\/proc\/uptime"/, /a0 +0xffffffffffffff9c/],
    },
    {
      title: 'the same memory by virtual and by physical address',
      commands: [`x/2gx ${at('linux_banner')}`, 'monitor physical on', `x/2gx ${physical}`, 'monitor physical off'],
      expect: [/:\s+(0x[0-9a-f]+)\s+(0x[0-9a-f]+)[\s\S]*guest-physical[\s\S]*:\s+\1\s+\2\s[\s\S]*guest-virtual/],
    },
    {
      title: 'write registers: the call fails with ENOENT without being made',
      commands: ['set $a0 = -2', 'set $pc = $ra', 'delete', 'detach'],
      expect: [/detached/],
    },
  ];
};

/** GDB on a booting and on a running Debian with two vCPUs. */
export const kernelSession = async (): Promise<readonly Check[]> => {
  const facts = await kernelFacts();
  const command = 'while read x < /proc/uptime; do :; done; echo went on; nproc';
  using viv = startViv('debian', '--cpus', '2', '--gdb', '0', '--gdb-wait', '--timeout', '600', '--exec', command);
  const port = await viv.port;
  const began = performance.now();
  const boot = await runGdb(bootSteps(port, facts), undefined, BOOT_SECONDS);
  const physical = boot.map(({ text }) => PHYSICAL.exec(text)?.[0]).find((address) => address !== undefined) ?? '0';
  const seconds = (performance.now() - began) / 1000;
  const attached = await runGdb(attachedSteps(port, facts, physical), undefined, BOOT_SECONDS);
  const { code, stdout, stderr } = await viv.ended;
  return [
    ...checkSteps(NAME, [...boot, ...attached]),
    check(`${NAME}: that took ${seconds.toFixed(1)} s with the boot`, seconds < BOOT_SECONDS, 'too long'),
    check(
      `${NAME}: the guest goes on behind the call that failed, and ends well`,
      code === 0 && stdout === 'went on\n2\n',
      `exit code ${code}\n${stdout}\n${stderr}`,
    ),
  ];
};
