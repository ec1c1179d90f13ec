import { isVivariumError } from '@vivarium/contracts';
import { type ConformanceCase, expectThat, type SubjectFactory } from '../conformance.ts';
import type { HostileCase, Verdict } from './case.ts';
import { chainCases } from './chain-cases.ts';
import { indirectCases } from './indirect-cases.ts';
import { Laboratory, type RingFormat, type Setting, type Transport, type VirtioSubject } from './laboratory.ts';
import { mmioCases } from './mmio-cases.ts';
import { pciCases } from './pci-cases.ts';
import { queueCases } from './queue-cases.ts';
import { ringCases, statusCases } from './ring-cases.ts';

const CASES: readonly HostileCase[] = [
  ...chainCases,
  ...indirectCases,
  ...ringCases,
  ...queueCases,
  ...mmioCases,
  ...pciCases,
  ...statusCases,
];

/** A case in one setting. */
export interface HostileRun extends Setting {
  readonly id: string;
  readonly title: string;
  /** Rejects when the device under test broke. */
  readonly run: () => Promise<Verdict>;
}

const TRANSPORTS: readonly Transport[] = ['mmio', 'pci'];
const FORMATS: readonly RingFormat[] = ['split', 'packed'];

/**
 * Every case of a hostile driver, sections A to F, against a device: in each transport and ring format. After each the
 * device is reset and must serve, and its sibling on the same machine must not have noticed.
 */
export const hostileRuns = (make: SubjectFactory<VirtioSubject>): readonly HostileRun[] =>
  TRANSPORTS.flatMap((transport) =>
    FORMATS.flatMap((format) =>
      CASES.filter(
        ({ formats = FORMATS, transports = TRANSPORTS }) => formats.includes(format) && transports.includes(transport),
      ).map((each): HostileRun => {
        const setting: Setting = { transport, format };
        return { ...setting, id: each.id, title: each.title, run: async () => attempt(await make(), each, setting) };
      }),
    ),
  );

/** {@link hostileRuns} as cases for a test runner. */
export const hostileSuite = (make: SubjectFactory<VirtioSubject>): readonly ConformanceCase[] =>
  hostileRuns(make).map(({ id, title, transport, format, run }) => ({
    id: `hostile/${id}/${transport}/${format}`,
    title: `${id}, ${format} ring over ${transport}: ${title}`,
    run: async () => {
      await run();
    },
  }));

const attempt = (subject: VirtioSubject, { run, cold, breaksDevice }: HostileCase, setting: Setting): Verdict => {
  try {
    const lab = new Laboratory(subject, setting);
    lab.start(lab.sibling);
    if (cold !== true) lab.start(lab.bench);
    // R1: what a guest does never throws; what fails here is an expectation, or a bug.
    const verdict = guarded(() => run(lab));
    lab.hooked.hook = undefined;
    expectThat(breaksDevice === true || lab.bench.failures.length === 0, 'the device must not throw', {
      failures: lab.bench.failures,
    });
    // R5, R4.
    lab.serves(lab.sibling, 'after its neighbour was attacked');
    lab.start(lab.bench);
    lab.serves(lab.bench, 'after a reset');
    expectThat(lab.sibling.failures.length === 0, 'the sibling must not throw', { failures: lab.sibling.failures });
    return verdict;
  } finally {
    subject.dispose?.();
  }
};

const guarded = (run: () => Verdict): Verdict => {
  try {
    return run();
  } catch (error) {
    if (!isVivariumError(error)) expectThat(false, `nothing may be thrown at a guest: ${String(error)}`, { error });
    throw error;
  }
};
