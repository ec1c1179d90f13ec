import { bareProgram } from './bare-program.ts';
import { runGdb, type Step, type StepOutput } from './gdb.ts';
import { startQemu } from './qemu.ts';
import { type Check, check, checkSteps } from './report.ts';
import { startViv } from './viv.ts';

const NAME = 'bare code';
const SECONDS = 60;
/** The failure code that the debugger puts into the program's memory. */
const CODE = 42;

/** What both machines must show, to the letter. */
const common: readonly Step[] = [
  {
    title: 'break and continue',
    commands: ['break *work', 'continue', 'info registers pc a0 s0 fa0'],
    expect: [/Breakpoint 1, 0x[0-9a-f]+ in work/, /a0 +0x0/, /double = 3\b|\b3\b/],
  },
  { title: 'x/4i', commands: ['x/4i $pc'], expect: [/<work(\+0)?>:\s+add(i)?\s+sp,sp,-16/, /auipc/] },
  { title: 'stepi', commands: ['stepi', 'stepi', 'info registers pc'], expect: [/<work\+4>/] },
  { title: 'finish', commands: ['finish', 'info registers a0'], expect: [/in _start \(\)/, /a0 +0x1\b/] },
  {
    title: 'watch shows the values before and after a write',
    commands: ['delete', 'watch *(int *)&counter', 'continue', 'x/i $pc', 'continue'],
    expect: [/Old value = 3\s+New value = 6/, /Old value = 6\s+New value = 9/],
  },
  {
    title: 'rwatch and awatch',
    commands: [
      'delete',
      'rwatch *(int *)&counter',
      'continue',
      'x/i $pc',
      'delete',
      'awatch *(int *)&counter',
      'continue',
      'continue',
    ],
    expect: [/Value = 9/, /Old value = 9\s+New value = 12/],
  },
  {
    title: 'set register',
    commands: [
      'delete',
      'break *work',
      'continue',
      'set $a0 = 99990',
      'set $fa0.double = 2.5',
      'info registers a0',
      'p $fa0.double',
      'delete',
    ],
    expect: [/a0 +0x18696/, /= 2\.5/],
  },
  {
    title: 'set memory, and the program goes on with it',
    commands: ['set var *(int *)&counter = 1000', 'hbreak wait', 'continue', 'p *(int *)&counter', 'info registers s0'],
    // From 99990 on there are ten calls left, of which one is under way.
    expect: [/Breakpoint \d+, .*wait/, /= 1030\b/, /s0 +0x186a0/],
  },
  {
    title: 'x/s and control registers',
    commands: ['x/s &text', 'p/x $mstatus & 0x2000'],
    expect: [/the vivarium is warm/, /= 0x2000/],
  },
];

/** GDB says something when it leaves, which belongs to no step. */
const END: Step = { title: 'end', commands: [], expect: [] };

/** What only our machines have. */
const own: readonly Step[] = [
  {
    title: 'registers of the machine',
    commands: ['info registers priv fcsr satp mepc', 'p $misa', 'p $pmpcfg0'],
    expect: [/priv +0x3\s+prv:3 \[Machine\]/, /fcsr +0x0/, /= -?\d+\s+.*= \d+/],
  },
  { title: 'threads', commands: ['info threads'], expect: [/Thread 1 .*vCPU 0.* in wait/] },
  {
    title: 'monitor',
    commands: ['monitor info points', 'monitor info registers', 'monitor translate 0x80000000'],
    expect: [/none/, /mstatus +0x/, /^0x80000000$/m],
  },
  { title: 'detach', commands: ['delete', 'detach'], expect: [/detached/] },
];

/** A second session, with a guest that runs in translated code. */
const again = (port: number): readonly Step[] => [
  {
    title: 'attach again to the running guest',
    commands: [`target remote 127.0.0.1:${port}`, 'info registers pc'],
    expect: [/<wait(\+\d+)?>|<done>/],
  },
  {
    title: 'another debugger is refused meanwhile',
    commands: [`shell gdb-multiarch -nx -batch -ex 'target remote 127.0.0.1:${port}' 2>&1; true`, 'p $pc'],
    expect: [/[Cc]onnection (?:closed|reset)|[Rr]emote communication error/, /wait/],
  },
  {
    title: 'a breakpoint in the loop that is translated',
    commands: ['hbreak wait', 'continue', 'continue', 'info breakpoints'],
    expect: [/Breakpoint \d+, .*wait[\s\S]*Breakpoint \d+, .*wait/, /already hit 2 times/],
  },
  {
    title: 'the program ends as the debugger wants',
    commands: ['delete', `set var *(int *)&code = ${CODE}`, 'set var *(int *)&go = 1', 'continue'],
    // GDB writes exit codes in octal.
    expect: [new RegExp(`exited with code 0?${CODE.toString(8)}\\b`)],
  },
];

const attach = (port: number): Step => ({
  title: 'attach before the first instruction',
  commands: [`target remote 127.0.0.1:${port}`, 'info registers pc'],
  expect: [/pc +0x/],
});

/** Differences that mean nothing: how the stub names a thread. */
const comparable = (text: string): string => text.replace(/Thread 1(\.1)?[^"\n]*/g, 'Thread').trim();

const compare = (ours: readonly StepOutput[], theirs: readonly StepOutput[]): Check => {
  const differences = ours.flatMap(({ step, text }, index) => {
    const other = theirs[index]?.text ?? '';
    return comparable(text) === comparable(other) ? [] : [`${step.title}: here\n${text}\nQEMU\n${other}`];
  });
  return check(`${NAME}: GDB shows the same of QEMU`, differences.length === 0, differences.join('\n'));
};

/** GDB on a program without an operating system; the same on QEMU, compared. */
export const bareSession = async (): Promise<readonly Check[]> => {
  using program = bareProgram();
  using qemu = await startQemu(program.path);
  const theirs = await runGdb([attach(qemu.port), ...common, END], program.path, SECONDS);
  using viv = startViv('--bios', program.path, '--gdb', '0', '--gdb-wait', '--timeout', '120');
  const port = await viv.port;
  const first = await runGdb([attach(port), ...common, ...own], program.path, SECONDS);
  const second = await runGdb(again(port), program.path, SECONDS);
  const { code, stderr } = await viv.ended;
  return [
    ...checkSteps(NAME, [...first, ...second]),
    compare(first.slice(1, common.length + 1), theirs.slice(1, common.length + 1)),
    check(`${NAME}: viv exits with the code that the debugger chose`, code === CODE, `exit code ${code}\n${stderr}`),
  ];
};
