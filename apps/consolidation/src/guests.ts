import { createHash } from 'node:crypto';

/** What a guest does once it is up, and computes without end after that. */
export type Part =
  /** A checksum of a checksum, and so on. */
  | 'work'
  /** Writes to its console as fast as it can. */
  | 'flood'
  /** Panics after a few seconds. */
  | 'panic'
  /** Computes, until its host kills it. */
  | 'victim';

export interface GuestPlan {
  readonly name: string;
  readonly weight: number;
  readonly part: Part;
}

/** Heavier ones come first; nobody gets more than one pCPU once two are gone. */
export const GUESTS: readonly GuestPlan[] = [
  { name: 'alpha', weight: 512, part: 'work' },
  { name: 'beta', weight: 256, part: 'work' },
  { name: 'gamma', weight: 256, part: 'work' },
  { name: 'delta', weight: 128, part: 'work' },
  { name: 'epsilon', weight: 64, part: 'work' },
  { name: 'flood', weight: 128, part: 'flood' },
  { name: 'panic', weight: 128, part: 'panic' },
  { name: 'victim', weight: 256, part: 'victim' },
];

/** The first line that every guest prints. */
export const BEGUN = 'begun';
const LINES = 5000;
const FOR_EVER = 'while :; do :; done';

const work = (name: string, rounds: number): string => `
seq 1 ${LINES} >data
sum=${name} round=0
while [ $round -lt ${rounds} ]; do
  sum=$({ echo $sum; cat data; } | sha256sum)
  sum=\${sum%% *} round=$((round+1))
done
echo "checksum $sum"
${FOR_EVER}`;

/** What a guest runs. */
export const scriptOf = ({ name, part }: GuestPlan, rounds: number): string => {
  const does: Record<Part, string> = {
    work: work(name, rounds),
    flood: 'while :; do echo "all work and no play makes a console full"; done',
    panic: 'sleep 1; echo c >/proc/sysrq-trigger',
    victim: FOR_EVER,
  };
  return `echo ${BEGUN}\n${does[part]}\n`;
};

/** The line that a guest that works prints when it is done. */
export const resultOf = (name: string, rounds: number): string => {
  const data = Array.from({ length: LINES }, (_, index) => `${index + 1}\n`).join('');
  let sum = name;
  for (let round = 0; round < rounds; round++) sum = createHash('sha256').update(`${sum}\n${data}`).digest('hex');
  return `checksum ${sum}`;
};
