import type { DebugResumption } from '@vivarium/contracts';
import { type Answer, type Client, PACKET_SIZE } from '../client.ts';
import { Failure } from '../errors.ts';
import { bytesOfHex, hexOf } from '../hex.ts';
import { asciiBytes, asciiText } from '../packet.ts';
import { parseContinuation } from '../resumption.ts';
import { parseThreadId } from '../thread-id.ts';
import { readMemory, writeBinary, writeMemory } from './memory.ts';
import { monitor } from './monitor.ts';
import { insertPoint, removePoint } from './points.ts';
import { query } from './queries.ts';
import { readGeneral, readOne, writeGeneral, writeOne } from './registers.ts';

/** What a command does besides reading and writing the machine. */
export interface Conversation {
  answer(answer: Answer): void;
  /** No `+` and `-` any more. */
  stopAcknowledging(): void;
  /** Lets the machine go on; its next stop is the answer. */
  resume(resumption: DebugResumption): void;
  /** The present stop, or else the next one, is the answer. */
  expectStop(): void;
  detach(): void;
  kill(): void;
}

/** Commands that need the machine to stand still, by their first letter. */
const TOUCHING: Readonly<Record<string, (client: Client, text: string, data: Uint8Array) => Answer>> = {
  g: readGeneral,
  G: writeGeneral,
  p: readOne,
  P: writeOne,
  m: readMemory,
  M: writeMemory,
  X: writeBinary,
};

const COMMANDS: Readonly<Record<string, (client: Client, text: string) => Answer>> = {
  Z: insertPoint,
  z: removePoint,
  H: (client, text) => select(client, text),
  T: (client, text) => (parseThreadId(text, client.target.vcpus.length)?.kind === 'one' ? 'OK' : Failure.malformed),
};

/** `Hg id` and `Hc id`: which vCPU the commands after it are about. */
const select = (client: Client, text: string): Answer => {
  const thread = parseThreadId(text.slice(1), client.target.vcpus.length);
  if (thread === undefined || (text[0] !== 'g' && text[0] !== 'c')) return Failure.malformed;
  if (text.startsWith('c')) client.resumed = thread.kind === 'one' ? thread.vcpu : undefined;
  else if (thread.kind === 'one') client.vcpu = thread.vcpu;
  return 'OK';
};

/** `c`, `s`, `C sig`, `S sig`, each with an address to go on at. */
const resumptionOf = (client: Client, text: string): DebugResumption | undefined => {
  const signal = /^[CS][0-9a-fA-F]{2}(?:;([0-9a-fA-F]{1,16}))?$/.exec(text);
  const plain = /^[cs]([0-9a-fA-F]{1,16})?$/.exec(text);
  const matched = signal ?? plain;
  if (matched === null) return undefined;
  const everyone = client.target.vcpus.map(({ index }) => index);
  const chosen = client.resumed ?? client.vcpu;
  if (matched[1] !== undefined) client.target.vcpus[chosen]?.writeRegister('pc', BigInt(`0x${matched[1]}`));
  if (/^[sS]/.test(text)) return { step: [chosen], run: everyone.filter((vcpu) => vcpu !== chosen) };
  return { step: [], run: client.resumed === undefined ? everyone : [client.resumed] };
};

const resume = (client: Client, resumption: DebugResumption | undefined, conversation: Conversation): void => {
  if (!client.session.halted) conversation.answer(Failure.refused);
  else if (resumption === undefined) conversation.answer(Failure.malformed);
  else conversation.resume(resumption);
};

/** Text of one `O` packet; each character takes two digits. */
const MONITOR_PIECE = PACKET_SIZE / 4;

const runMonitor = async (client: Client, digits: string, conversation: Conversation): Promise<void> => {
  const bytes = bytesOfHex(digits);
  if (bytes === undefined) {
    conversation.answer(Failure.malformed);
    return;
  }
  const output = await monitor(client, asciiText(bytes));
  const encoded = asciiBytes(output);
  for (let at = 0; at < encoded.length; at += MONITOR_PIECE) {
    conversation.answer(`O${hexOf(encoded.subarray(at, at + MONITOR_PIECE))}`);
  }
  conversation.answer('OK');
};

const multiLetter = async (client: Client, text: string, conversation: Conversation): Promise<void> => {
  if (text === 'vCont?') conversation.answer('vCont;c;C;s;S;t');
  else if (text.startsWith('vCont')) {
    resume(client, parseContinuation(text.slice('vCont'.length), client.target.vcpus.length), conversation);
  } else if (text === 'vKill' || text.startsWith('vKill;')) {
    conversation.answer('OK');
    conversation.kill();
  } else if (text === 'QStartNoAckMode') {
    conversation.answer('OK');
    conversation.stopAcknowledging();
  } else if (text.startsWith('qRcmd,')) {
    if (client.session.halted) await runMonitor(client, text.slice('qRcmd,'.length), conversation);
    else conversation.answer(Failure.refused);
  } else conversation.answer(query(client, text));
};

/** Carries out one packet's command (GDB manual, "Packets"). What is not known is answered by an empty packet. */
export const execute = async (data: Uint8Array, client: Client, conversation: Conversation): Promise<void> => {
  const text = asciiText(data);
  const [letter = ''] = text;
  switch (letter) {
    case '?':
      conversation.expectStop();
      return;
    case 'c':
    case 's':
    case 'C':
    case 'S':
      resume(client, client.session.halted ? resumptionOf(client, text) : undefined, conversation);
      return;
    case 'D':
      conversation.answer('OK');
      conversation.detach();
      return;
    case 'k':
      // Has no answer.
      conversation.kill();
      return;
    case 'v':
    case 'q':
    case 'Q':
      await multiLetter(client, text, conversation);
      return;
  }
  const rest = text.slice(1);
  const touching = TOUCHING[letter];
  if (touching !== undefined) {
    conversation.answer(client.session.halted ? touching(client, rest, data) : Failure.refused);
    return;
  }
  conversation.answer(COMMANDS[letter]?.(client, rest) ?? '');
};
