import type { VsockUnixSockets } from '@vivarium/board-virt/node';
import { FirmwareToken, type GuestFault, VivariumError } from '@vivarium/contracts';
import { type Cell, type CellOutcome, type CellStats, stateHash } from '@vivarium/host';
import { createCell } from '@vivarium/host/node';
import { assemble, type Machine } from '@vivarium/kernel';
import { Captured } from './captured.ts';
import type { RunRequest } from './command-line.ts';
import { listenForDebugger } from './debugging.ts';
import { DeviceTracer } from './device-trace.ts';
import { errors } from './errors.ts';
import { ExecSession } from './exec-session.ts';
import { ExitCode, failureExitCode, signalExitCode } from './exit-code.ts';
import { grantedTo } from './granted.ts';
import { openHostParts } from './host-parts.ts';
import { abortOnSignal, type Interruption, watchInterruptions } from './interruption.ts';
import { machineSpec } from './machine-spec.ts';
import { Notices } from './notices.ts';
import { loadPlugin } from './plugin-module.ts';
import { Profiler, type ProfileRow } from './profiler.ts';
import { Progress } from './progress.ts';
import { withRoot } from './root.ts';
import type { Session, Streams } from './session.ts';
import { type RunStatistics, runStatistics } from './statistics.ts';
import { readSymbols } from './symbols.ts';
import { TerminalSession } from './terminal-session.ts';
import { Tracer } from './trace.ts';
import { TraceFile } from './trace-file.ts';
import { openVsockSockets } from './vsock-sockets.ts';

/** How `viv run` ended. */
export interface RunResult {
  readonly exitCode: number;
  readonly error?: VivariumError;
  readonly outcome: CellOutcome;
  readonly stats: CellStats;
  readonly exec?: { readonly stdout: string; readonly stderr: string; readonly truncated: boolean };
  /** What the firmware put where. */
  readonly boot?: unknown;
  /** Where the guest spent its time, when it was asked for. */
  readonly profile?: readonly ProfileRow[];
  /** What the CPU core did, when it was asked for. */
  readonly statistics?: RunStatistics;
  /** Of the machine's last state, with the virtual clock. */
  readonly stateHash?: string;
}

/** How long a guest may take to power off after its command has ended, in milliseconds. */
const POWER_OFF_GRACE = 10_000;
/** How much of the console is shown when the command did not run, in bytes. */
const CONSOLE_TAIL = 4096;

/** Assembles the machine, connects it to the process, runs it to its end, and takes it down. Throws coded errors. */
export const run = async (asked: RunRequest, streams: Streams): Promise<RunResult> => {
  const { request, root } = withRoot(asked);
  const symbols = await readSymbols(request.profile?.symbols ?? []);
  const profiler = request.profile === undefined ? undefined : new Profiler();
  const notices = new Notices((text) => streams.stderr.write(text));
  const load = (specifier: string) => loadPlugin(specifier, process.cwd());
  await using host = await openHostParts(request);
  const spec = await abortOnSignal((signal) =>
    machineSpec(request, { host, root, load }, new Progress(streams.stderr), signal),
  );
  using devices = traceDevices(request);
  await using machine = await assemble(devices?.spec(spec) ?? spec, {
    load: devices?.load(load) ?? load,
    policy: grantedTo(request),
  });
  devices?.follow(machine);
  notices.follow(machine, request.verbose);
  const tracer =
    request.trace === undefined
      ? undefined
      : new Tracer(machine, new TraceFile('--trace', request.trace), request.traceLimit);
  try {
    await using cell = createCell(machine, {
      onReboot: request.reboot ? 'reset' : 'stop',
      startPaused: request.gdb?.wait === true,
      ...(tracer === undefined ? {} : { step: tracer.step }),
      ...(profiler === undefined ? {} : { sample: (vcpu, milliseconds) => profiler.sample(vcpu, milliseconds) }),
    });
    const debuggers = await listenForDebugger(request, cell, notices);
    const stop = (): void => void cell.stop().catch(() => {}); // what fails then ends the run, which says so
    const interruption = watchInterruptions(request.timeout, streams, stop);
    let sockets: VsockUnixSockets | undefined;
    try {
      sockets = await openVsockSockets(request, machine, notices);
      const running = { machine, cell, notices, interruption };
      const result = await (request.exec === undefined
        ? runTerminal(request, streams, running)
        : runExec(request, streams, running));
      const profile = profiler?.rows(symbols, request.profile?.top ?? 0);
      return profile === undefined ? result : { ...result, profile };
    } finally {
      interruption.close();
      await sockets?.close();
      await debuggers?.close();
    }
  } finally {
    tracer?.close();
  }
};

const traceDevices = ({ traceDevices: path, traceLimit, traceRate }: RunRequest): DeviceTracer | undefined =>
  path === undefined
    ? undefined
    : new DeviceTracer(new TraceFile('--trace-devices', path), { lines: traceLimit, rate: traceRate });

/** What a run works with. */
interface Running {
  readonly machine: Machine;
  readonly cell: Cell;
  readonly notices: Notices;
  readonly interruption: Interruption;
}

const runTerminal = async (request: RunRequest, streams: Streams, running: Running): Promise<RunResult> => {
  const { machine, cell, notices, interruption } = running;
  const session = new TerminalSession(machine, {
    streams,
    sink: request.json ? streams.stderr : streams.stdout,
    escape: request.escape,
    agent: request.guest !== undefined,
    notices,
    act: (action) => {
      if (action === 'quit') interruption.interrupt({ kind: 'quit' });
      else void cell.reset().catch(() => {}); // a failed reset ends the run, which says so
    },
  });
  const outcome = await drive(session, running);
  return { ...conclude(request, running, outcome), ...(await factsOf(request, running)) };
};

const runExec = async (request: RunRequest, streams: Streams, running: Running): Promise<RunResult> => {
  const { machine, cell, interruption } = running;
  const captured = request.json ? { output: new Captured(), errors: new Captured() } : undefined;
  let grace: NodeJS.Timeout | undefined;
  const session = new ExecSession(
    machine,
    {
      output: captured?.output ?? streams.stdout,
      errors: captured?.errors ?? streams.stderr,
      console: request.verbose ? streams.stderr : undefined,
    },
    () => {
      grace = setTimeout(() => void cell.stop().catch(() => {}), POWER_OFF_GRACE);
    },
  );
  let outcome: CellOutcome;
  try {
    outcome = await drive(session, running);
  } finally {
    clearTimeout(grace);
    if (session.exitCode === undefined && !request.verbose && interruption.cause?.kind !== 'signal') {
      showTail(session.consoleTail(CONSOLE_TAIL), streams);
    }
  }
  const exec = captured && {
    stdout: captured.output.text,
    stderr: captured.errors.text,
    truncated: captured.output.truncated || captured.errors.truncated,
  };
  return {
    ...conclude(request, running, outcome, session.exitCode),
    ...(await factsOf(request, running)),
    ...(exec === undefined ? {} : { exec }),
  };
};

/** Runs the machine with a session around it. The session lets go of the terminal however the run ends. */
const drive = async (session: Session, { cell, interruption }: Running): Promise<CellOutcome> => {
  try {
    const outcome = await cell.run();
    await Promise.race([session.finish(), interruption.outputClosed]);
    return outcome;
  } finally {
    session.close();
  }
};

const showTail = (tail: Uint8Array, streams: Streams): void => {
  const text = Buffer.from(tail).toString('utf8').trimEnd();
  if (text === '') return;
  const lines = text.split(/\r*\n/).map((line) => `  | ${line}\n`);
  streams.stderr.write(`viv: the end of the guest's console:\n${lines.join('')}`);
};

const faultError = ({ code, message, vcpu, pc }: GuestFault): VivariumError => {
  // Cores name the place in the message; what comes from elsewhere may leave it to the fields.
  const place =
    pc === undefined || message.includes(pc.toString(16)) ? '' : ` (vCPU ${vcpu ?? '?'}, pc 0x${pc.toString(16)})`;
  return new VivariumError(code, message + place, {
    hint: 'The guest cannot go on from there; --trace FILE shows the instructions that it runs.',
  });
};

/** What programs may want to know of the machine: where the firmware put what, and the hash of its last state. */
const factsOf = async (
  request: RunRequest,
  { machine, cell }: Running,
): Promise<Pick<RunResult, 'boot' | 'stateHash' | 'statistics'>> => {
  const statistics = request.stats ? runStatistics(machine, cell.stats) : undefined;
  const counted = statistics === undefined ? {} : { statistics };
  if (!request.json) return counted;
  const layout = machine.maybe(FirmwareToken)?.layout;
  const boot = layout && {
    entry: layout.entry,
    images: layout.images,
    deviceTree: { base: layout.deviceTree.base, length: layout.deviceTree.blob.length },
  };
  return {
    ...counted,
    ...(boot === undefined ? {} : { boot }),
    ...(request.clock === 'virtual' ? { stateHash: await stateHash(machine) } : {}),
  };
};

/** What an outcome means to whoever started `viv`. */
const conclude = (
  request: RunRequest,
  { cell, interruption }: Running,
  outcome: CellOutcome,
  commandExitCode?: number,
): Pick<RunResult, 'exitCode' | 'error' | 'outcome' | 'stats'> => {
  const result = (exitCode: number, error?: VivariumError) => ({
    exitCode,
    outcome,
    stats: cell.stats,
    ...(error === undefined ? {} : { error }),
  });
  const { cause } = interruption;
  if (cause?.kind === 'output-closed') return result(ExitCode.outputClosed);
  if (cause?.kind === 'signal') return result(signalExitCode(cause.signal));
  if (commandExitCode !== undefined) return result(commandExitCode);
  if (cause?.kind === 'timeout') {
    const error = errors.make('VIV_TIMEOUT', `the guest was stopped after ${request.timeout} s`);
    return result(ExitCode.timeout, error);
  }
  if (outcome.kind === 'fault') return result(ExitCode.guestFault, faultError(outcome.fault));
  if (outcome.kind === 'failure') {
    const error = errors.make('VIV_GUEST_FAILURE', `the guest powered off with failure code ${outcome.code}`);
    return result(failureExitCode(outcome.code), error);
  }
  if (request.exec !== undefined) {
    const error = errors.make('VIV_EXEC_UNFINISHED', 'the guest ended before the command did');
    return result(ExitCode.error, error);
  }
  return result(ExitCode.powerOff);
};
