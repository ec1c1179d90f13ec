import * as z from 'zod';
import { hardwareChange, hardwareView } from '../hardware/change.ts';
import { memoryAct, memoryAnswer } from '../memory/acts.ts';

/** Version of the protocol. A host and a cell that speak different ones do not talk. */
export const PROTOCOL = 2;

/** Most bytes of console text in one message. */
export const LARGEST_PIECE = 64 * 1024;

/** Longest text of an error, a name, an event; what is longer is cut by who sends it. */
export const LONGEST_TEXT = 8192;
const MOST_CONSOLES = 64;

const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const whole = z.int().min(0);
const text = z.string().max(LONGEST_TEXT);
const name = z.string().min(1).max(128);
const id = z.int().min(1);
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= LARGEST_PIECE);
const state = z.enum(['created', 'running', 'paused', 'ended']);

export const recipeSchema = z.object({
  module: z.string().min(1).max(LONGEST_TEXT),
  export: name.optional(),
  options: z.unknown().optional(),
});

const coded = z.object({ code: name, message: text, hint: text.optional() });

const stats = z.object({
  instructions: count,
  slices: count,
  idleMilliseconds: count,
  wallMilliseconds: count,
});

const fault = z.object({
  code: z.custom<`GUEST_${string}`>((value) => typeof value === 'string' && /^GUEST_\w{1,64}$/.test(value)),
  message: text,
  vcpu: whole.optional(),
  /** Hexadecimal on its way: JSON has no numbers of 64 bits. */
  pc: z
    .string()
    .regex(/^0x[0-9a-f]{1,16}$/)
    .transform((digits) => BigInt(digits))
    .optional(),
});

export const endSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('power-off') }),
  z.object({ kind: z.literal('failure'), code: whole }),
  z.object({ kind: z.literal('fault'), fault }),
  z.object({ kind: z.literal('stopped') }),
  z.object({ kind: z.literal('crashed'), error: coded }),
]);

/** What a cell tells about its machine. */
const facts = z.object({
  architecture: name,
  vcpus: z.int().min(1).max(4096),
  /** Bytes of guest memory. */
  memory: whole,
  /** Part ids of what serves as a console, in the order of the machine's spec. */
  consoles: z.array(name).max(MOST_CONSOLES),
  /** Whether its recipe knows how to ask the guest to power off. */
  canPowerOff: z.boolean(),
  /** Whether pages can be taken from it. */
  overcommit: z.boolean().optional(),
  /** As of the last change of it. */
  hardware: hardwareView,
});

/** Asks for something; an `answer` with the same id comes. */
const ask = <Name extends string>(kind: Name) => z.object({ kind: z.literal(kind), id });

/** What the host sends. */
const request = z.discriminatedUnion('kind', [
  ask('create').extend({
    protocol: z.literal(PROTOCOL),
    name,
    recipe: recipeSchema,
    /** Milliseconds between two signs of life. */
    beat: z.int().min(10).max(60_000),
    cell: z.object({
      onReboot: z.enum(['reset', 'stop']).optional(),
      turnMilliseconds: z.number().min(0.1).max(1000).optional(),
      startPaused: z.boolean().optional(),
      leased: z.boolean().optional(),
      /** Its pages may be taken; `swap` bytes may be written to a file. */
      overcommit: z.object({ swap: whole }).optional(),
    }),
  }),
  ask('run'),
  ask('pause'),
  ask('resume'),
  ask('reset'),
  ask('power-off'),
  ask('stop'),
  ask('stats'),
  ask('memory').extend({ act: memoryAct, bytes: bytes.optional() }),
  /** The answer comes when the guest has done its part, or its time is over; with `facts`. */
  ask('change').extend({ change: hardwareChange }),
  /** A pCPU for a vCPU, as in `Lease`; the answer comes when it is given back, with `stint`. */
  ask('grant').extend({ vcpu: whole, nanoseconds: z.int().min(1), stolen: whole.optional() }),
  z.object({ kind: z.literal('revoke'), vcpu: whole }),
  /** The bytes are the host's to send: it keeps count of what the cell has taken. */
  z.object({ kind: z.literal('input'), console: name, bytes }),
  z.object({ kind: z.literal('resize'), console: name, columns: whole.max(65_535), rows: whole.max(65_535) }),
  /** So many bytes of a console's output are taken care of. */
  z.object({ kind: z.literal('taken'), console: name, count: whole }),
]);

/** What a cell sends. */
const report = z.discriminatedUnion('kind', [
  /** First, also to a host that comes later. */
  z.object({
    kind: z.literal('hello'),
    protocol: z.literal(PROTOCOL),
    state: z.union([state, z.literal('empty')]),
    facts: facts.optional(),
  }),
  z.object({
    kind: z.literal('answer'),
    id,
    error: coded.optional(),
    facts: facts.optional(),
    stats: stats.optional(),
    memory: memoryAnswer.optional(),
    /** Of `memory`. */
    bytes: bytes.optional(),
    stint: z.object({ ranFor: whole, next: z.enum(['ready', 'asleep', 'ended']) }).optional(),
  }),
  /** A vCPU of a leased cell has something to do. */
  z.object({ kind: z.literal('wake'), vcpu: whole }),
  /** `lost` bytes before these could not be kept. */
  z.object({ kind: z.literal('output'), console: name, bytes, lost: whole }),
  z.object({ kind: z.literal('taken'), console: name, count: whole }),
  z.object({ kind: z.literal('event'), name, event: z.unknown().optional() }),
  z.object({ kind: z.literal('beat'), state, stats }),
  z.object({ kind: z.literal('ended'), end: endSchema, stats }),
]);

export type CellRequest = z.infer<typeof request>;
export type CellReport = z.infer<typeof report>;
/** As it is sent. */
export type SentReport = z.input<typeof report>;
/** How a cell ended, as JSON: a program counter is hexadecimal text. */
export type PlainEnd = z.input<typeof endSchema>;
export type MachineFacts = z.infer<typeof facts>;

/** The message, or undefined when it is none: what comes from the other side of a boundary is hostile. */
export const parseRequest = (message: unknown): CellRequest | undefined => request.safeParse(message).data;
export const parseReport = (message: unknown): CellReport | undefined => report.safeParse(message).data;
